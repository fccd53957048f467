import { quote } from "../shared/quote.js";
import { InputError, UnsupportedError } from "../shared/errors.js";
import { BROTLI_DESCRIPTOR } from "./brotli/index.js";
import { FRAME_DESCRIPTOR } from "./frame/index.js";
import { NONE_DESCRIPTOR } from "./none/index.js";
import { T1_DESCRIPTOR } from "./t1/index.js";
import { TK_DESCRIPTOR } from "./tk/index.js";
import type { AlgorithmDescriptor, Codec, CodecOptions } from "./types.js";

/** A name kept for a codec that this version does not have. */
const DICTIONARY_DESCRIPTOR: AlgorithmDescriptor = {
  name: "dictionary",
  prefix: "",
  carries: "bytes",
  lossless: "bytes",
  binary: false,
  costClass: 5,
};

/** Every algorithm name, in order of cost. */
export const ALGORITHMS: readonly AlgorithmDescriptor[] = Object.freeze([
  NONE_DESCRIPTOR,
  T1_DESCRIPTOR,
  TK_DESCRIPTOR,
  BROTLI_DESCRIPTOR,
  FRAME_DESCRIPTOR,
  DICTIONARY_DESCRIPTOR,
]);

/** The algorithms that can be used, in order of cost. */
export function availableAlgorithms(): AlgorithmDescriptor[] {
  return ALGORITHMS.filter(({ create }) => create !== undefined);
}

/** @throws {InputError} `M2M_USAGE` if there is no such algorithm. */
export function findDescriptor(name: string): AlgorithmDescriptor {
  const found = ALGORITHMS.find((descriptor) => descriptor.name === name);
  if (found) return found;
  throw new InputError("M2M_USAGE", `There is no algorithm ${quote(name)}.`, {
    hint: `Use one of ${availableAlgorithms()
      .map((descriptor) => descriptor.name)
      .join(", ")}.`,
  });
}

/** @throws {UnsupportedError} `M2M_ALGORITHM_UNSUPPORTED` if the name is only reserved. */
export function createCodec(descriptor: AlgorithmDescriptor, options: CodecOptions): Codec {
  if (descriptor.create) return descriptor.create(options);
  throw new UnsupportedError(
    "M2M_ALGORITHM_UNSUPPORTED",
    `The algorithm ${descriptor.name} is reserved; this version has no codec for it.`,
    {
      hint: `Use one of ${availableAlgorithms()
        .map(({ name }) => name)
        .join(", ")}.`,
    },
  );
}
