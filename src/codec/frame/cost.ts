/**
 * The price table that the published implementation estimates with: model name prefix, then USD cents per 1000 input
 * and output tokens. First match wins. These are protocol constants, kept so that both sides write the same estimate;
 * current prices are in the model catalog.
 */
const PRICES: readonly (readonly [prefix: string, inputCents: number, outputCents: number])[] = [
  ["gpt-4o-mini", 0.015, 0.06],
  ["gpt-4o", 0.25, 1],
  ["gpt-4-turbo", 1, 3],
  ["gpt-4", 3, 6],
  ["gpt-3.5-turbo", 0.05, 0.15],
  ["o1-preview", 1.5, 6],
  ["o1-mini", 0.3, 1.2],
  ["o3-mini", 0.11, 0.44],
  ["o3", 2, 8],
  ["claude-3-opus", 1.5, 7.5],
  ["claude-3.5-sonnet", 0.3, 1.5],
  ["claude-3-5-sonnet", 0.3, 1.5],
  ["claude-3-sonnet", 0.3, 1.5],
  ["claude-3.5-haiku", 0.08, 0.4],
  ["claude-3-5-haiku", 0.08, 0.4],
  ["claude-3-haiku", 0.025, 0.125],
  ["gemini-1.5-pro", 0.125, 0.5],
  ["gemini-1.5-flash", 0.0075, 0.03],
  ["gemini-2.0-flash", 0.01, 0.04],
  ["", 0.1, 0.3],
];

/** Completion tokens assumed for a request that states no maximum. */
export const ASSUMED_COMPLETION_TOKENS = 500;

const f32 = Math.fround;

/**
 * Estimated cost in USD, a binary32 number: every step is rounded to binary32, as the published implementation
 * computes it.
 */
export function estimateCostUsd(model: string, promptTokens: number, completionTokens: number): number {
  const name = model.toLowerCase();
  const [, inputCents, outputCents] = PRICES.find(([prefix]) => name.startsWith(prefix))!;
  const input = f32(f32(f32(promptTokens) / 1000) * f32(inputCents));
  const output = f32(f32(f32(completionTokens) / 1000) * f32(outputCents));
  return f32(f32(input + output) / 100);
}

/** Tokens guessed from bytes of text: four to a token. */
export function assumedTokens(contentBytes: number): number {
  return Math.floor(contentBytes / 4);
}

/** The shortest decimal that rounds to the binary32 number `value`, so that 0.005 is shown as 0.005. */
export function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (f32(candidate) === value) return candidate;
  }
  return value;
}
