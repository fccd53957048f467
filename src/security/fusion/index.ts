export { categoryScores, FEATURES, features } from "./fusion.js";
export { fusionFor } from "./calibration.js";
