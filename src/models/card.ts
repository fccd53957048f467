import type { EncodingName } from "../shared/encodings.js";

/** `reasoning`: thinks before it answers unless told not to; `chat`: answers, and may think if asked. */
export const MODEL_KINDS = ["chat", "reasoning", "embedding"] as const;
export type ModelKind = (typeof MODEL_KINDS)[number];

/** The maker's list price, lowest tier, in US dollars per million tokens. */
export interface ModelPrice {
  readonly inputUsdPerMillion: number;
  /** Input that the provider read from its prompt cache. Absent: unknown or not offered. */
  readonly cachedInputUsdPerMillion?: number;
  /** Absent: unknown, or the model has no output (embeddings). */
  readonly outputUsdPerMillion?: number;
}

/** What is known of one model at the date `asOf`. */
export interface ModelCard {
  /** The maker's name for it in API requests, in lower case. */
  readonly id: string;
  /** Other names of the same model: dated snapshots, `-latest`, names at resellers. */
  readonly aliases: readonly string[];
  /** Who made it, not who hosts it. */
  readonly provider: string;
  readonly kind: ModelKind;
  /** How its tokens are counted. `heuristic`: its tokenizer is closed, or not among the encodings. */
  readonly encoding: EncodingName;
  /** A models file states no encoding, so `heuristic` is all that can be said. Absent: it is known. */
  readonly isEncodingUnknown?: true;
  /** Most tokens of input and output together, or of input where the maker counts them apart. */
  readonly contextWindow: number;
  /** Absent: unknown, or no limit beyond the context window. */
  readonly maxOutputTokens?: number;
  /** Absent: unknown, or set by whoever hosts an open model. */
  readonly price?: ModelPrice;
  readonly tools: boolean;
  readonly vision: boolean;
  /** Whether it can think before it answers. */
  readonly reasoning: boolean;
  /** `id` is a snapshot that may be older than any of this model, whose facts the others are; its price is not known. */
  readonly olderThan?: string;
  /** Short name of `id` on the T1 wire; absent where none is shorter. */
  readonly t1Name?: string;
  /** Date of the facts, YYYY-MM-DD; `unknown` for a card of a models file that states none. */
  readonly asOf: string;
}

/** `card` as it is, and as it stays. */
export function freezeCard(card: ModelCard): ModelCard {
  Object.freeze(card.aliases);
  Object.freeze(card.price);
  return Object.freeze(card);
}
