import type { BpeEncodingName } from "../shared/encodings.js";
import { UnsupportedError } from "../shared/errors.js";
import { NONE_DESCRIPTOR } from "./none/index.js";
import { availableAlgorithms } from "./registry.js";
import { findReservedPrefix } from "./reserved.js";
import { tokenNativeEncoding } from "./tk/index.js";
import type { AlgorithmDescriptor } from "./types.js";

/** What a wire is, told from its first bytes only. */
export interface Detection {
  descriptor: AlgorithmDescriptor;
  form: "text" | "binary";
  /** Vocabulary of a token-native wire. */
  encoding?: BpeEncodingName;
}

/**
 * Tells the format of a wire from its opening. What has no opening of ours is `none`.
 * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED` if it opens like a format or version that this build lacks.
 */
export function detect(wire: string | Uint8Array): Detection {
  const algorithms = availableAlgorithms();
  if (typeof wire !== "string") {
    const descriptor = algorithms.find((candidate) => candidate.matchesBinary?.(wire));
    if (descriptor) return { descriptor, form: "binary", encoding: tokenNativeEncoding(wire) };
  }
  const head = typeof wire === "string" ? wire.slice(0, 24) : String.fromCharCode(...wire.subarray(0, 24));
  const descriptor = algorithms.find(({ prefix }) => prefix !== "" && head.startsWith(prefix));
  if (descriptor) return { descriptor, form: "text", encoding: tokenNativeEncoding(head) };
  const reserved = findReservedPrefix(wire);
  if (reserved !== undefined) {
    const opening = reserved.startsWith("0x") ? reserved : head.slice(0, 16).replace(/[^\x21-\x7e].*$/su, "");
    throw new UnsupportedError(
      "M2M_VERSION_UNSUPPORTED",
      `This version cannot read a wire that opens with ${opening}`,
      {
        offset: 0,
        hint: `Known openings: ${algorithms
          .map(({ prefix }) => prefix)
          .filter(Boolean)
          .join(" ")}`,
      },
    );
  }
  return { descriptor: NONE_DESCRIPTOR, form: typeof wire === "string" ? "text" : "binary" };
}
