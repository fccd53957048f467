import type { HydraModel, LogisticLayer } from "../hydra/index.js";
import type { Detector } from "../../shared/security-options.js";
import { RULES_FUSION } from "./rules-fusion.gen.js";

/** Weights without a fusion of their own: their odds are taken as they are, and so is the evidence of the rules. */
const UNCALIBRATED: LogisticLayer = { bias: -0.5, coefficients: [1, 0, 1, 0.5, 0, 0, 0, -2] };

/**
 * The logistic layer for what judges: that of the weights, as it was fitted with them, or that of the rules alone.
 * @param model absent: only the rules judge
 */
export function fusionFor(detector: Detector, model: HydraModel | undefined): LogisticLayer {
  if (model === undefined || detector === "rules") return RULES_FUSION;
  return model.config.fusion?.[detector] ?? UNCALIBRATED;
}
