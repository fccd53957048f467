import type { AlgorithmName } from "../shared/algorithms.js";
import type { BpeEncodingName } from "../shared/encodings.js";
import { assertContent } from "../shared/content.js";
import { UnsupportedError } from "../shared/errors.js";
import { NONE_DESCRIPTOR } from "./none/index.js";
import { ALGORITHMS } from "./registry.js";
import { findReservedOpening, headOf } from "./reserved.js";
import type { AlgorithmDescriptor } from "./types.js";

/** What a wire is, told from its first bytes only. */
export interface Detection {
  algorithm: AlgorithmName;
  form: "text" | "binary";
  /** Vocabulary of a token-native wire. */
  encoding?: BpeEncodingName;
}

/** Enough for the longest prefix and what stands directly behind it. */
const HEAD_LENGTH = 24;

/**
 * Tells the format of a wire from its opening. What has no opening of ours is `none`.
 * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED` if it opens like a format or version that this build lacks.
 * @throws {InputError} `M2M_USAGE` if it is neither text nor bytes
 */
export function detect(wire: string | Uint8Array): Detection {
  assertContent("A wire", wire);
  const { descriptor, form } = detectDescriptor(wire);
  return { algorithm: descriptor.name, form, ...descriptor.describeWire?.(wire) };
}

/** As `detect`, for those who go on to decode. */
export function detectDescriptor(wire: string | Uint8Array): {
  descriptor: AlgorithmDescriptor;
  form: "text" | "binary";
} {
  const algorithms = ALGORITHMS;
  if (typeof wire !== "string") {
    const descriptor = algorithms.find((candidate) => candidate.matchesBinary?.(wire));
    if (descriptor) return { descriptor, form: "binary" };
  }
  const head = headOf(wire, HEAD_LENGTH);
  const descriptor = algorithms.find(({ prefix }) => prefix !== "" && head.startsWith(prefix));
  if (descriptor) return { descriptor, form: "text" };
  const reserved = findReservedOpening(wire);
  if (reserved === undefined)
    return { descriptor: NONE_DESCRIPTOR, form: typeof wire === "string" ? "text" : "binary" };
  const opening = reserved.startsWith("0x") ? reserved : head.slice(0, 16).replace(/[^\x21-\x7e].*$/su, "");
  const known = algorithms.map(({ prefix }) => prefix).filter((prefix) => prefix !== "");
  throw new UnsupportedError(
    "M2M_VERSION_UNSUPPORTED",
    `This version cannot read a wire that opens with ${opening}`,
    { offset: 0, hint: `Known openings: ${known.join(" ")}` },
  );
}
