export {
  RequestOptimizer,
  type Optimization,
  type OptimizeChange,
  type OptimizeRequest,
  type RequestOptimizerOptions,
} from "./optimizer.js";
