import { findInvalidUtf8 } from "../../shared/utf8.js";
import { PAYLOAD_CHECKS } from "./checks.js";
import type { PayloadCheck, PayloadFinding } from "./types.js";

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of bytes that are not all UTF-8, with replacement characters, and what is wrong with them. */
export function readBrokenUtf8(bytes: Uint8Array): { text: string; findings: PayloadFinding[] } {
  const seen = new Map<PayloadCheck, number>();
  let at = 0;
  // Three kinds are told apart; more places of one kind say no more.
  while (at < bytes.length && seen.size < 3) {
    const next = findInvalidUtf8(bytes.subarray(at));
    if (next === -1) break;
    at += next;
    const check = classify(bytes, at);
    if (!seen.has(check)) seen.set(check, at);
    at++;
    // A hostile text has an ill-formed sequence at every byte: only the first stretch is told apart.
    if (at > MAX_CLASSIFIED_BYTES) break;
  }
  const findings = [...seen].map(([check, offset]) => ({
    check,
    pointer: "",
    offset,
    length: 1,
    position: offset,
  }));
  return { text: lenient.decode(bytes), findings };
}

const MAX_CLASSIFIED_BYTES = 1024 * 1024;

/** What the ill-formed sequence at `at` tries (Unicode 16, table 3-7). */
function classify(bytes: Uint8Array, at: number): PayloadCheck {
  const lead = bytes[at];
  const second = at + 1 < bytes.length ? bytes[at + 1] : 0;
  const continued = (second & 0xc0) === 0x80;
  if (!continued) return PAYLOAD_CHECKS.invalidUtf8;
  if (lead === 0xc0 || lead === 0xc1) return PAYLOAD_CHECKS.overlongUtf8;
  if ((lead === 0xe0 && second < 0xa0) || (lead === 0xf0 && second < 0x90))
    return PAYLOAD_CHECKS.overlongUtf8;
  if (lead === 0xed && second >= 0xa0) return PAYLOAD_CHECKS.surrogateUtf8;
  return PAYLOAD_CHECKS.invalidUtf8;
}
