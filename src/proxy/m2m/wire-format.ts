import { ALGORITHMS, findReservedOpening, type AlgorithmName, type CodecEngine } from "../../codec/index.js";
import { utf8Length } from "../../shared/utf8.js";

/** Media type of a body that is a wire (docs/spec/proxy.md). */
export const WIRE_TYPE = "application/vnd.m2m";

export interface SmallWire {
  readonly data: string | Uint8Array;
  readonly algorithm: AlgorithmName;
}

/**
 * The smallest wire of `content` among `algorithms`; `undefined` if none of them makes it smaller and it may be sent as it is.
 * @param binary whether a wire may be bytes
 */
export function smallestWire(
  engine: CodecEngine,
  content: Uint8Array,
  algorithms: readonly AlgorithmName[],
  binary: boolean,
): SmallWire | undefined {
  let best: SmallWire | undefined;
  // What looks like a wire must be wrapped by one.
  let bestBytes = findReservedOpening(content) === undefined ? content.length : Infinity;
  for (const algorithm of algorithms) {
    const data = wireOf(engine, content, algorithm, binary);
    if (data === undefined) continue;
    const sizeBytes = typeof data === "string" ? utf8Length(data) : data.length;
    if (sizeBytes >= bestBytes) continue;
    best = { data, algorithm };
    bestBytes = sizeBytes;
  }
  return best;
}

/** The wire of one algorithm, in the form that is smaller; `undefined` if it cannot carry the content byte for byte. */
function wireOf(
  engine: CodecEngine,
  content: Uint8Array,
  algorithm: AlgorithmName,
  binary: boolean,
): string | Uint8Array | undefined {
  const descriptor = ALGORITHMS.find(({ name }) => name === algorithm);
  if (!descriptor || descriptor.prefix === "") return undefined;
  const isRaw = binary && descriptor.matchesBinary !== undefined;
  try {
    const { data } = engine.compress(content, { algorithm, binary: isRaw });
    if (descriptor.lossless === "bytes") return data;
    // It would drop whitespace: only of what has none.
    const back = engine.decompress(data).bytes;
    return Buffer.compare(back, content) === 0 ? data : undefined;
  } catch {
    return undefined;
  }
}
