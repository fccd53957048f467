// Made by `python models/training/train.py`; do not edit.
import type { LogisticLayer } from "../hydra/index.js";

/** Fusion of a scan without Hydra. */
export const RULES_FUSION: LogisticLayer = { bias: -4, coefficients: [0, 0, 2, 0.5, 1, 0, 0.5, -2] };
