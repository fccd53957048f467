export { categoryScores, DETECTORS, FEATURES, features, type Detector } from "./fusion.js";
export { fusionFor } from "./calibration.js";
