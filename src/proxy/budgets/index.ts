export { estimateSpend, type SpendEstimate } from "./estimate.js";
export {
  KeyBudgets,
  type Admitted,
  type KeyBudgetsOptions,
  type KeyLimits,
  type Refused,
  type RequestCost,
} from "./key-budgets.js";
export { MemorySpendStore } from "./memory-spend-store.js";
