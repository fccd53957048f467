import type { EncodingName } from "../shared/encodings.js";

/** `reasoning`: thinks before it answers unless told not to; `chat`: answers, and may think if asked. */
export const MODEL_KINDS = ["chat", "reasoning", "embedding"] as const;
export type ModelKind = (typeof MODEL_KINDS)[number];

/** The maker's list price, lowest tier, in US dollars per million tokens. */
export interface ModelPrice {
  inputUsdPerMillion: number;
  /** Input that the provider read from its prompt cache. Absent: unknown or not offered. */
  cachedInputUsdPerMillion?: number;
  /** Absent: unknown, or the model has no output (embeddings). */
  outputUsdPerMillion?: number;
}

/** What is known of one model at the date `asOf`. */
export interface ModelCard {
  /** The maker's name for it in API requests, in lower case. */
  id: string;
  /** Other names of the same model: dated snapshots, `-latest`, names at resellers. */
  aliases: readonly string[];
  /** Who made it, not who hosts it. */
  provider: string;
  kind: ModelKind;
  /** How its tokens are counted. `heuristic`: its tokenizer is closed, or not among the encodings. */
  encoding: EncodingName;
  /** A models file states no encoding, so `heuristic` is all that can be said. Absent: it is known. */
  isEncodingUnknown?: true;
  /** Most tokens of input and output together, or of input where the maker counts them apart. */
  contextWindow: number;
  /** Absent: unknown, or no limit beyond the context window. */
  maxOutputTokens?: number;
  /** Absent: unknown, or set by whoever hosts an open model. */
  price?: ModelPrice;
  tools: boolean;
  vision: boolean;
  /** Whether it can think before it answers. */
  reasoning: boolean;
  /** Short name of `id` on the T1 wire; absent where none is shorter. */
  t1Name?: string;
  /** Date of the facts, YYYY-MM-DD; `unknown` for a card of a models file that states none. */
  asOf: string;
}
