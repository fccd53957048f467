import type { ModelCard, ModelRegistry } from "../models/index.js";
import { DEFAULT_ENCODING } from "../shared/defaults.js";
import { isBpeEncoding, type EncodingName } from "../shared/encodings.js";
import { decodeUtf8, tryDecodeUtf8 } from "../shared/utf8.js";
import { defaultTokenizers, estimateTokens } from "../tokenizer/index.js";
import type { EncodingChoice } from "./flags.js";
import { printable } from "./terminal.js";

/** How the tokens of a message are counted, and whose price they have. */
export interface Counting {
  readonly encoding: EncodingName;
  /** `false`: the tokenizer is not here, or the model that the message names is not known. */
  readonly exact: boolean;
  readonly card?: ModelCard;
  /** What the message names, if no model is known by it and it decides about the encoding. */
  readonly unknownModel?: string;
}

/**
 * How to count a message: as the flags say, else as the model that it names, else in `fallback`.
 * @param namedModel what the message itself says that it is for
 */
export function chooseCounting(
  choice: EncodingChoice | undefined,
  namedModel: string | undefined,
  registry: Pick<ModelRegistry, "find"> | undefined,
  fallback: EncodingName = DEFAULT_ENCODING,
): Counting {
  const card = choice?.card ?? (namedModel === undefined ? undefined : registry?.find(namedModel));
  const encoding = choice?.encoding ?? card?.encoding ?? fallback;
  const unknownModel = choice || card ? undefined : namedModel;
  return { encoding, exact: isBpeEncoding(encoding) && unknownModel === undefined, card, unknownModel };
}

/** Tokens of a text, estimated where the tokenizer is not here. @throws {FormatError} `M2M_UTF8_INVALID` */
export function countText(content: string | Uint8Array, { card, encoding }: Counting): number {
  if (isBpeEncoding(encoding)) return defaultTokenizers.get(encoding).count(content);
  const text = typeof content === "string" ? content : decodeUtf8(content);
  return estimateTokens(text, { provider: card?.provider });
}

/** As `countText`; `undefined` for what is no UTF-8 text. */
export function tryCountText(content: string | Uint8Array, counting: Counting): number | undefined {
  if (typeof content !== "string" && tryDecodeUtf8(content) === undefined) return undefined;
  return countText(content, counting);
}

/** `44 (o200k_base)`, or `about 51 (estimate)`. */
export function describeTokens(
  tokens: string | number,
  counting: Pick<Counting, "encoding" | "exact">,
): string {
  const { encoding, exact } = counting;
  if (exact) return `${tokens} (${encoding})`;
  return `about ${tokens} (${isBpeEncoding(encoding) ? `${encoding}, an estimate` : "estimate"})`;
}

/** What a person should know about a count that is not exact; `undefined` if it is. */
export function describeInexact({ card, encoding, exact, unknownModel }: Counting): string | undefined {
  if (exact) return undefined;
  if (unknownModel !== undefined) return `${printable(unknownModel)} is unknown; counted as ${encoding}.`;
  if (!card) return "the count is an estimate.";
  const id = printable(card.id);
  const why = card.isEncodingUnknown
    ? `${id} has no encoding in its models file`
    : `there is no tokenizer of ${id} here`;
  return `${why}; the count is an estimate.`;
}
