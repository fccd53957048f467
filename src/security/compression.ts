import type { AlgorithmName } from "../shared/algorithms.js";

/** What the labels of Hydra's compression head stand for here. `ZLIB`, which is no wire of ours, is the frame. */
export const HYDRA_ALGORITHMS: Readonly<Record<string, AlgorithmName>> = Object.freeze({
  NONE: "none",
  BPE: "token-native",
  BROTLI: "brotli",
  ZLIB: "m2m",
});
