export {
  OPTIMIZE_LEVELS,
  RequestOptimizer,
  type Optimization,
  type OptimizeChange,
  type OptimizeLevel,
  type OptimizeRequest,
  type RequestOptimizerOptions,
} from "./optimizer.js";
