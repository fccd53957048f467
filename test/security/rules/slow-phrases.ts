import { parsePhrase } from "../../../src/security/rules/phrase-syntax.js";

/** A word of a text: where it starts and ends, and how far it is from the first, breaks counted. */
export interface PlacedWord {
  readonly word: string;
  readonly place: number;
  readonly start: number;
  readonly end: number;
}

/** The words of ASCII text. A sentence's end counts as 4 words, a blank line as 100. */
export function placeWords(text: string): PlacedWord[] {
  const words: PlacedWord[] = [];
  let place = 0;
  for (const match of text.matchAll(/[a-z0-9]+|\n\n|[.](?=\s|$)/g)) {
    if (match[0] === "\n\n") place += 100;
    else if (match[0] === ".") place += 4;
    else
      words.push({ word: match[0], place: ++place, start: match.index, end: match.index + match[0].length });
  }
  return words;
}

/**
 * The matches of a phrase, by trying everything: for each end the latest start.
 * The obvious twin of `PhraseMatcher`.
 */
export function findPhrase(phrase: string, words: readonly PlacedWord[]): Map<number, number> {
  const slots = parsePhrase(phrase);
  const found = new Map<number, number>();
  const go = (slot: number, next: number, last: number | undefined, gap: number, start: number): void => {
    if (slot === slots.length) {
      const { end } = words[next - 1];
      found.set(end, Math.max(found.get(end) ?? -1, start));
      return;
    }
    const { alternatives, isOptional, gap: own } = slots[slot];
    if (isOptional) go(slot + 1, next, last, gap + own, start);
    for (let at = next; at < words.length; at++) {
      if (last !== undefined && words[at].place - last - 1 > gap + own) break;
      for (const { words: parts, isPrefix } of alternatives) {
        const stands = parts.every((part, index) => {
          const word = words[at + index];
          if (word === undefined || (index > 0 && word.place !== words[at + index - 1].place + 1))
            return false;
          return isPrefix && index === parts.length - 1 ? word.word.startsWith(part) : word.word === part;
        });
        if (stands) {
          const behind = at + parts.length;
          go(slot + 1, behind, words[behind - 1].place, 0, last === undefined ? words[at].start : start);
        }
      }
    }
  };
  go(0, 0, undefined, 0, -1);
  return found;
}
