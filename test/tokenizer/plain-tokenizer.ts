import type { Tokenizer } from "../../src/tokenizer/index.js";

/**
 * The slow twin: the published regular expressions, run by the regular expression engine, and merging that looks at
 * every pair in every round. Right by inspection; its vocabulary comes from the tokenizer under test, token by token.
 * Node's Unicode version may be newer than the reference's, so texts should hold characters of Unicode 15 or older.
 */
export class PlainTokenizer {
  readonly #pattern: RegExp;
  readonly #specials: RegExp;
  readonly #ranks = new Map<string, number>();

  constructor(vocabulary: Tokenizer) {
    this.#pattern = vocabulary.encoding === "o200k_base" ? O200K : CL100K;
    const firstSpecial = { cl100k_base: 100_257, o200k_base: 199_999, llama: 128_000 }[vocabulary.encoding];
    const specials: string[] = [];
    for (let id = 0; id < vocabulary.vocabularySize; id++) {
      if (!vocabulary.hasToken(id)) continue;
      const bytes = Buffer.from(vocabulary.decode([id]));
      this.#ranks.set(bytes.toString("latin1"), id);
      if (id >= firstSpecial) specials.push(bytes.toString().replaceAll("|", "\\|"));
    }
    this.#specials = new RegExp(`(${specials.join("|")})`, "u");
  }

  encode(text: string): number[] {
    const ids: number[] = [];
    text.split(this.#specials).forEach((part, i) => {
      if (i % 2 === 1) ids.push(this.#ranks.get(part)!);
      else for (const [piece] of part.matchAll(this.#pattern)) this.#encodePiece(piece, ids);
    });
    return ids;
  }

  #encodePiece(piece: string, ids: number[]): void {
    const bytes = Buffer.from(piece).toString("latin1");
    const parts = this.#ranks.has(bytes) ? [bytes] : [...bytes];
    for (;;) {
      let best = Infinity;
      let bestAt = -1;
      for (let i = 0; i + 1 < parts.length; i++) {
        const rank = this.#ranks.get(parts[i] + parts[i + 1]) ?? Infinity;
        if (rank < best) [best, bestAt] = [rank, i];
      }
      if (bestAt < 0) break;
      parts.splice(bestAt, 2, parts[bestAt] + parts[bestAt + 1]);
    }
    for (const part of parts) ids.push(this.#ranks.get(part)!);
  }
}

// `\s` of the published patterns is White_Space, which in JavaScript it is not; `(?i:…)` is spelt out.
const S = "\\p{White_Space}";
const CONTRACTION = "(?:'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
const CL100K = new RegExp(
  `${CONTRACTION}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^${S}\\p{L}\\p{N}]+[\\r\\n]*|${S}*[\\r\\n]+|${S}+(?![^${S}])|${S}+`,
  "gu",
);
const UPPERS = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const LOWERS = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
const O200K = new RegExp(
  `[^\\r\\n\\p{L}\\p{N}]?${UPPERS}*${LOWERS}+${CONTRACTION}?|[^\\r\\n\\p{L}\\p{N}]?${UPPERS}+${LOWERS}*${CONTRACTION}?|` +
    `\\p{N}{1,3}| ?[^${S}\\p{L}\\p{N}]+[\\r\\n/]*|${S}*[\\r\\n]+|${S}+(?![^${S}])|${S}+`,
  "gu",
);
