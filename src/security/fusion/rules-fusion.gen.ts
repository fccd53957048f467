// Made by `python models/training/train.py`; do not edit.
import type { LogisticLayer } from "../hydra/index.js";

/** Fusion of a scan without Hydra. */
export const RULES_FUSION: LogisticLayer = {
  bias: -1.0579,
  coefficients: [0.0, 0.0, 0.2765, 2.45, 6.8777, 0.0, 2.3425, -3.0],
};
