/** What a character is to the word pieces of uncased BERT. */
export const CHARACTER = { DROPPED: 1, SPACE: 2, PUNCTUATION: 3, IDEOGRAPH: 4, LETTER: 5 } as const;

/**
 * Classes of characters as the normalizer and pre-tokenizer of uncased BERT see them (huggingface/tokenizers,
 * `normalizers/bert.rs` and `pre_tokenizers/bert.rs`), remembered for the code points that were met. Departure: marks and
 * punctuation are those of this platform's Unicode version, where the reference has a table of Unicode 8.
 */
export class CharacterClasses {
  readonly #basic = new Uint8Array(0x10000);

  /** One of `CHARACTER`. */
  classOf(codePoint: number): number {
    if (codePoint > 0xffff) return classify(codePoint);
    return (this.#basic[codePoint] ||= classify(codePoint));
  }
}

function classify(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  if (/[\t\n\r]/.test(character)) return CHARACTER.SPACE;
  if (codePoint === 0 || codePoint === 0xfffd || /[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u.test(character)) {
    return CHARACTER.DROPPED;
  }
  if (/\p{White_Space}/u.test(character)) return CHARACTER.SPACE;
  if (/[\p{P}!-/:-@[-`{-~]/u.test(character)) return CHARACTER.PUNCTUATION;
  return isIdeograph(codePoint) ? CHARACTER.IDEOGRAPH : CHARACTER.LETTER;
}

/** The blocks that BERT takes for Chinese: each character is a word. */
function isIdeograph(codePoint: number): boolean {
  return (
    (codePoint >= 0x4e00 && codePoint <= 0x9fff) ||
    (codePoint >= 0x3400 && codePoint <= 0x4dbf) ||
    (codePoint >= 0xf900 && codePoint <= 0xfaff) ||
    (codePoint >= 0x20000 && codePoint <= 0x2a6df) ||
    (codePoint >= 0x2a700 && codePoint <= 0x2b73f) ||
    (codePoint >= 0x2b740 && codePoint <= 0x2b81f) ||
    (codePoint >= 0x2b920 && codePoint <= 0x2ceaf) ||
    (codePoint >= 0x2f800 && codePoint <= 0x2fa1f)
  );
}

/**
 * A word without its dropped characters and accents, in lower case. The sum may hold spaces and punctuation that a
 * canonical decomposition brings.
 */
export function normalizeWord(word: string): string {
  const kept = word.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Co}\ufffd]/gu, "");
  // The reference lowers each character on its own, so a final sigma is a sigma like the others.
  return kept
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .replaceAll("Σ", "σ")
    .toLowerCase();
}
