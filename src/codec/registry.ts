import { quote } from "../shared/quote.js";
import { InputError } from "../shared/errors.js";
import { BROTLI_DESCRIPTOR } from "./brotli/index.js";
import { CONTEXT_DESCRIPTOR } from "./context/index.js";
import { FRAME_DESCRIPTOR } from "./frame/index.js";
import { NONE_DESCRIPTOR } from "./none/index.js";
import { T1_DESCRIPTOR } from "./t1/index.js";
import { TK_DESCRIPTOR } from "./tk/index.js";
import type { AlgorithmDescriptor } from "./types.js";

/** Every algorithm, in order of cost. */
export const ALGORITHMS: readonly AlgorithmDescriptor[] = Object.freeze([
  NONE_DESCRIPTOR,
  T1_DESCRIPTOR,
  TK_DESCRIPTOR,
  BROTLI_DESCRIPTOR,
  FRAME_DESCRIPTOR,
  CONTEXT_DESCRIPTOR,
]);

/** @throws {InputError} `M2M_USAGE` if there is no such algorithm. */
export function findDescriptor(name: string): AlgorithmDescriptor {
  const found = ALGORITHMS.find((descriptor) => descriptor.name === name);
  if (found) return found;
  throw new InputError("M2M_USAGE", `There is no algorithm ${quote(String(name))}.`, {
    hint: `Use one of ${ALGORITHMS.map((descriptor) => descriptor.name).join(", ")}.`,
  });
}
