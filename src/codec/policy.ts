import type { AlgorithmName } from "../shared/algorithms.js";
import { countWith } from "../shared/count-of.js";
import type { Content } from "./content.js";
import { ALGORITHMS, findDescriptor } from "./registry.js";
import type { AlgorithmDescriptor } from "./types.js";

/** Content below this many bytes is passed through: a wire's overhead is more than it saves. */
const SMALL_CONTENT_BYTES = 100;

export interface Selection {
  algorithm: AlgorithmName;
  /** One sentence, for people. */
  reason: string;
}

/** The algorithms that can carry `content` byte for byte (and in binary form, if asked), in order of cost. */
export function candidatesFor(content: Content, binary: boolean): AlgorithmDescriptor[] {
  return ALGORITHMS.filter((descriptor) => whyNot(descriptor, content, binary) === undefined);
}

/** The protocol's published table, by size; what its choice cannot carry goes to the cheapest that carries any bytes. */
export function selectPublished(content: Content, brotliThresholdBytes: number, binary: boolean): Selection {
  const { algorithm, reason } = publishedRow(content.bytes.length, brotliThresholdBytes);
  const obstacle = whyNot(findDescriptor(algorithm), content, binary);
  if (obstacle === undefined) return { algorithm, reason };
  const fallback = candidatesFor(content, binary).find(
    ({ carries, isExtension }) => carries === "bytes" && !isExtension,
  );
  return { algorithm: fallback?.name ?? algorithm, reason: `The table's choice, ${algorithm}, ${obstacle}.` };
}

function publishedRow(sizeBytes: number, brotliThresholdBytes: number): Selection {
  if (sizeBytes < SMALL_CONTENT_BYTES) {
    return {
      algorithm: "none",
      reason: `${countWith(sizeBytes, "byte", ["is", "are"])} under ${SMALL_CONTENT_BYTES}: a wire would not pay.`,
    };
  }
  if (sizeBytes <= brotliThresholdBytes) {
    const reason = `${sizeBytes} bytes are up to the threshold of ${brotliThresholdBytes}.`;
    return { algorithm: "token-native", reason };
  }
  return {
    algorithm: "brotli",
    reason: `${sizeBytes} bytes are over the threshold of ${brotliThresholdBytes}.`,
  };
}

/** Why `descriptor` cannot carry `content` byte for byte, or `undefined` if it can. */
function whyNot(descriptor: AlgorithmDescriptor, content: Content, binary: boolean): string | undefined {
  if (binary && !descriptor.binary) return "has no binary form";
  if (descriptor.lossless === "minified-json" && !content.isMinifiedJson) return "would drop whitespace";
  if (descriptor.carries === "json" && !content.isJson) return "carries JSON only";
  if (descriptor.carries === "text" && content.text === undefined) return "carries UTF-8 text only";
  return undefined;
}
