import { isBpeEncoding, type EncodingName } from "../shared/encodings.js";
import { tryDecodeUtf8 } from "../shared/utf8.js";
import { defaultTokenizers, estimateTokens } from "../tokenizer/index.js";

/** Tokens of `content` in `encoding`, estimated for a closed tokenizer; `undefined` if it is no UTF-8 text. */
export function tryCountTokens(
  content: string | Uint8Array,
  encoding: EncodingName,
  provider?: string,
): number | undefined {
  const text = typeof content === "string" ? content : tryDecodeUtf8(content);
  if (text === undefined) return undefined;
  return isBpeEncoding(encoding)
    ? defaultTokenizers.get(encoding).count(content)
    : estimateTokens(text, { provider });
}
