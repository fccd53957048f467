// Made by `python models/training/train.py`; do not edit.
import type { LogisticLayer } from "../hydra/index.js";

/** Fusion of a scan without Hydra. */
export const RULES_FUSION: LogisticLayer = {
  bias: -1.2485,
  coefficients: [0.0, 0.0, 0.1849, 2.64, 7.219, 0.0, 1.0, -6.0],
};
