import type { Content } from "./content.js";
import { availableAlgorithms, findDescriptor } from "./registry.js";
import type { AlgorithmDescriptor, AlgorithmName } from "./types.js";

/**
 * How `auto` chooses: `published` follows the protocol's table (small: none, up to the Brotli threshold:
 * token-native, larger: brotli); `smallest` tries all and keeps the smallest within a time budget.
 */
export type PolicyName = "published" | "smallest";
export const POLICIES: readonly PolicyName[] = ["published", "smallest"];

/** Content below this many bytes is passed through: a wire's overhead is more than it saves. */
export const SMALL_CONTENT_BYTES = 100;
/** Content above this many bytes takes brotli under the `published` policy. */
export const DEFAULT_BROTLI_THRESHOLD_BYTES = 1024;

export interface Selection {
  algorithm: AlgorithmName;
  /** One sentence, for people. */
  reason: string;
}

/** Whether `descriptor` can carry `content` byte for byte. */
export function carriesExactly(descriptor: AlgorithmDescriptor, content: Content): boolean {
  if (descriptor.lossless === "minified-json") return content.isMinifiedJson;
  if (descriptor.carries === "json") return content.isJson;
  return descriptor.carries === "bytes" || content.text !== undefined;
}

/** The algorithms that can carry `content` exactly (and in binary form, if asked), in order of cost. */
export function candidatesFor(content: Content, binary: boolean): AlgorithmDescriptor[] {
  return availableAlgorithms().filter(
    (descriptor) => (!binary || descriptor.binary) && carriesExactly(descriptor, content),
  );
}

/** The protocol's published table. */
export function selectPublished(content: Content, brotliThresholdBytes: number, binary: boolean): Selection {
  const size = content.bytes.length;
  const prefer = (algorithm: AlgorithmName, reason: string): Selection | undefined => {
    const descriptor = findDescriptor(algorithm);
    if ((binary && !descriptor.binary) || !carriesExactly(descriptor, content)) return undefined;
    return { algorithm, reason };
  };
  const large = `${size} bytes are over the threshold of ${brotliThresholdBytes}: a general compressor wins.`;
  return (
    (size < SMALL_CONTENT_BYTES
      ? prefer("none", `${size} bytes are under ${SMALL_CONTENT_BYTES}: the overhead exceeds the saving.`)
      : size <= brotliThresholdBytes
        ? prefer("token-native", `${size} bytes are up to the threshold of ${brotliThresholdBytes}.`)
        : prefer("brotli", large)) ??
    prefer("brotli", "The content is not UTF-8 text, which brotli carries.") ?? {
      algorithm: "m2m",
      reason: binary ? "Frames are the binary form of Brotli." : "Frames carry any bytes.",
    }
  );
}
