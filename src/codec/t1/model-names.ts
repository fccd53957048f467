import type { NamePairs } from "./tables.js";

export const T1_MODEL_NAMES: NamePairs = [
  ["gpt-4o", "4o"],
  ["gpt-4o-mini", "4om"],
  ["gpt-4-turbo", "4t"],
  ["gpt-4", "4"],
  ["gpt-3.5-turbo", "35t"],
  ["o1", "o1"],
  ["o1-mini", "o1m"],
  ["o3-mini", "o3m"],
];
