import { defaultPriors } from "../../codec/index.js";

/** The word of `x-m2m-accept` by which event streams may come as one wire. */
export const EVENTS_WORD = "events";

const PRIOR_WORD = /^prior:[0-9a-f]{8}$/;

/** The words of `x-m2m-accept` that name the priors of `dictionary` here. */
export function priorWords(): readonly string[] {
  return defaultPriors.names.map((name) => `prior:${name}`);
}

/** Whether the words of `x-m2m-accept` name a prior that is here. None is loaded for words that name none. */
export function sharesPrior(words: readonly string[]): boolean {
  const named = words.filter((word) => PRIOR_WORD.test(word));
  return named.length > 0 && priorWords().some((word) => named.includes(word));
}

export function wordsOf(text: string | undefined): string[] {
  return text?.split(",").map((word) => word.trim().toLowerCase()) ?? [];
}
