export const DIALECT_NAMES: string[];
export function assignShortNames(
  rows: [model: string, short: string][],
  models: string[],
  taken: string[],
): [model: string, short: string][];
