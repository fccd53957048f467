export { estimateSpend, type SpendEstimate } from "./estimate.js";
export {
  KeyBudgets,
  type Admitted,
  type KeyBudgetsOptions,
  type KeyLimits,
  type Refused,
  type Spent,
} from "./key-budgets.js";
export { MemoryRateStore, type MemoryRateStoreOptions } from "./memory-rate-store.js";
export { MemorySpendStore } from "./memory-spend-store.js";
