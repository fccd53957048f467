// Made by `python models/training/train.py`; do not edit.
import type { LogisticLayer } from "../hydra/index.js";

/** Fusion of a scan without Hydra. */
export const RULES_FUSION: LogisticLayer = {
  bias: -0.9291,
  coefficients: [0.0, 0.0, 0.2254, 2.4984, 7.1866, 0.0, 1.0, -6.0],
};
