import type { CapabilityOptions } from "../../session/index.js";
import { ALGORITHM_NAMES, type AlgorithmName } from "../../shared/algorithms.js";

/**
 * What a peer may have by offering it: every algorithm that is known here, unless this side was told which. `dictionary` is offered
 * by extensions. ACCEPT holds what was agreed alone, so no peer meets a name that it did not send.
 */
export function answeringAlgorithms({ compression }: CapabilityOptions): readonly AlgorithmName[] {
  return compression?.algorithms ?? ALGORITHM_NAMES.filter((name) => name !== "dictionary");
}
