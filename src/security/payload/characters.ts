import { PAYLOAD_CHECKS } from "./checks.js";
import type { PayloadCheck } from "./types.js";

/** Takes what is found in one string, by UTF-16 offset in it. */
export type Report = (check: PayloadCheck, offset: number, length: number) => void;

/** What has to be looked at: controls, bidi controls, variation selectors, tags, lone surrogates. */
const SUSPICIOUS =
  /[\0-\x08\x0b\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\u{e0000}-\u{e007f}]|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/u;

const ESCAPE = 0x1b;
const BACKSPACE = 0x08;
const DELETE = 0x7f;
/** Fewer tags behind a black flag are the region of an emoji. */
const MAX_FLAG_TAGS = 7;
const MIN_SELECTOR_RUN = 4;

/** Reports characters that have no place in a text, each kind once: the first of it. */
export function checkCharacters(text: string, report: Report): void {
  const first = text.search(SUSPICIOUS);
  if (first === -1) return;
  const seen = new Set<PayloadCheck>();
  const once = (check: PayloadCheck, offset: number, length: number): void => {
    if (seen.has(check)) return;
    seen.add(check);
    report(check, offset, length);
  };
  for (let i = first; i < text.length;) i = checkUnit(text, i, once);
}

/** Reports what the unit at `at` begins; gives the offset behind it. */
function checkUnit(text: string, at: number, report: Report): number {
  const unit = text.charCodeAt(at);
  if (unit >= 0x20 && unit < DELETE) return at + 1;
  if (unit < 0xa0) return checkControl(text, at, unit, report);
  if ((unit >= 0x202a && unit <= 0x202e) || (unit >= 0x2066 && unit <= 0x2069)) {
    // Isolates and embeddings are how careful software quotes text of the other direction; an override is not.
    if (unit === 0x202d || unit === 0x202e || unit >= 0x2066) report(PAYLOAD_CHECKS.bidiOverride, at, 1);
    return at + 1;
  }
  if (unit >= 0xfe00 && unit <= 0xfe0f) return checkSelectors(text, at, report);
  if (unit < 0xd800 || unit > 0xdfff) return at + 1;
  const code = text.codePointAt(at)!;
  if (code <= 0xffff) {
    report(PAYLOAD_CHECKS.loneSurrogate, at, 1);
    return at + 1;
  }
  if (code >= 0xe0000 && code <= 0xe007f) return checkTags(text, at, report);
  if (code >= 0xe0100 && code <= 0xe01ef) return checkSelectors(text, at, report);
  return at + 2;
}

function checkControl(text: string, at: number, unit: number, report: Report): number {
  if (unit === 0x09 || unit === 0x0a || unit === 0x0d || unit === 0x0c) return at + 1;
  if (unit === 0) report(PAYLOAD_CHECKS.nullByte, at, 1);
  else if (unit >= 0x80) report(PAYLOAD_CHECKS.c1Control, at, 1);
  else if (unit === ESCAPE) {
    // OSC, DCS, APC, PM and SOS take a text as argument (ECMA-48 section 5.6); OSC 8 is a link.
    const command = "]P_^X".includes(text.charAt(at + 1) || " ") && !text.startsWith("]8;", at + 1);
    report(command ? PAYLOAD_CHECKS.terminalCommand : PAYLOAD_CHECKS.terminalEscape, at, 2);
    // The bell that ends such a sequence belongs to it.
    if ("]P_^X".includes(text.charAt(at + 1) || " ")) {
      const end = commandEnd(text, at);
      if (end > 0) return end;
    }
  } else if (unit === BACKSPACE || unit === DELETE) report(PAYLOAD_CHECKS.terminalEscape, at, 1);
  else report(PAYLOAD_CHECKS.controlCharacter, at, 1);
  return at + 1;
}

/** Behind the bell that ends the sequence at `at`, if it is near; else 0. */
function commandEnd(text: string, at: number): number {
  for (let i = at + 2; i < at + 300 && i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x07) return i + 1;
    if (unit < 0x20) return 0;
  }
  return 0;
}

function checkTags(text: string, at: number, report: Report): number {
  let end = at;
  for (
    let code = text.codePointAt(end)!;
    code >= 0xe0000 && code <= 0xe007f;
    code = text.codePointAt(end) ?? 0
  ) {
    end += 2;
  }
  const isFlag = text.codePointAt(at - 2) === 0x1f3f4 && end - at <= MAX_FLAG_TAGS * 2;
  if (!isFlag) report(PAYLOAD_CHECKS.tagCharacters, at, end - at);
  return end;
}

function checkSelectors(text: string, at: number, report: Report): number {
  let end = at;
  let count = 0;
  for (; end < text.length; count++) {
    const code = text.codePointAt(end)!;
    if (code >= 0xfe00 && code <= 0xfe0f) end++;
    else if (code >= 0xe0100 && code <= 0xe01ef) end += 2;
    else break;
  }
  if (count >= MIN_SELECTOR_RUN) report(PAYLOAD_CHECKS.hiddenSelectors, at, end - at);
  return end;
}

/** Shorter texts flood nothing. */
const MIN_FLOOD_UNITS = 2000;
/** Units of which every one equals the one a period before it. */
const FLOOD_UNITS = 4000;
const PERIODS = [1, 2, 3, 4, 5, 6, 7, 8] as const;

/** Reports one character, or a group of up to eight, that is repeated over thousands of units; rulers and padding are not. */
export function checkRepetition(text: string, report: Report): void {
  if (text.length < MIN_FLOOD_UNITS) return;
  const start = findRepetition(text);
  if (start !== -1) report(PAYLOAD_CHECKS.repetition, start, FLOOD_UNITS);
}

/** Only places half a flood apart are looked at first: what is no flood costs next to nothing. */
function findRepetition(text: string): number {
  const step = FLOOD_UNITS >> 1;
  for (let probe = step; probe < text.length; probe += step) {
    let covered = 0;
    for (const period of PERIODS) {
      let end = probe;
      const limit = Math.min(text.length, probe + FLOOD_UNITS);
      while (end < limit && text.charCodeAt(end) === text.charCodeAt(end - period)) end++;
      if (end === probe) continue;
      let start = probe - period;
      const least = Math.max(0, probe - FLOOD_UNITS);
      while (start >= least && text.charCodeAt(start) === text.charCodeAt(start + period)) start--;
      if (end - start <= FLOOD_UNITS) continue;
      if (/[\p{L}\p{So}]/u.test(text.slice(probe - period, probe))) return start + 1;
      // What is repeated holds no letter, so a longer period of the same stretch holds none either.
      covered = end - step;
      break;
    }
    probe = Math.max(probe, covered);
  }
  return -1;
}
