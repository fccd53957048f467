// Made by `python models/training/train.py`; do not edit.
import type { LogisticLayer } from "../hydra/index.js";

/** Fusion of a scan without Hydra. */
export const RULES_FUSION: LogisticLayer = {
  bias: -0.8088,
  coefficients: [0.0, 0.0, 0.2148, 2.3579, 7.1876, 0.0, 1.0, -6.0],
};
