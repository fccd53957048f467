import type { FoundText } from "./collector.js";

/** Shorter names say nothing; in scripts that need no blanks a sentence may be as short. */
const MIN_NAME_UNITS = 6;
const MIN_UNITS = 12;
/** `completion_tokens_details` has as many words, but most ordinary names have fewer. */
const MIN_WORDS_OF_NAME = 3;
const MIN_UNITS_OF_NAME = 20;
/** Together, sentences in keys are judged up to this size. */
const MAX_KEY_UNITS = 4 * 1024 * 1024;

/**
 * What a key or another name says, if it is long enough to say something: `ignore_all_rules` and `ignoreAllRules` with
 * blanks between their words. A name with few words, or of no words, such as an id, says nothing.
 */
export function sentenceOfName(name: string, leastWords = MIN_WORDS_OF_NAME): string | undefined {
  if (name.length < MIN_NAME_UNITS) return undefined;
  // Names of interfaces are ASCII, so what is not was written for a reader.
  if (/[^\p{ASCII}]/u.test(name)) return name;
  if (name.length < MIN_UNITS) return undefined;
  if (/[A-Za-z]\s+\S/u.test(name)) return name;
  if (name.length < MIN_UNITS_OF_NAME) return undefined;
  const apart = name.replace(/[_-]+/g, " ").replace(/([a-z\d])(?=[A-Z])/g, "$1 ");
  const words = apart.match(/(?<![A-Za-z\d])[A-Za-z]{2,}(?![A-Za-z\d])/g) ?? [];
  return words.length >= leastWords && words.join("").length * 2 > name.length ? apart : undefined;
}

/** Whether `sentenceOfName` may give something for a name; for most keys it does not, whatever their words are. */
export function maySaySomething(name: string): boolean {
  if (name.length < MIN_NAME_UNITS) return false;
  if (name.length >= MIN_UNITS) return true;
  for (let at = 0; at < name.length; at++) if (name.charCodeAt(at) > 0x7f) return true;
  return false;
}

/** Gathers the keys of a document that say something. Each counts once in each context. */
export class KeyCollector {
  /** By context and layers. */
  #seen: Map<string, Set<string>> | undefined;
  #found: Map<string, FoundText[]> | undefined;
  #units = 0;

  /** @param key its `text` is the key as it stands in the document, one that may say something */
  add(key: FoundText): void {
    if (this.#units > MAX_KEY_UNITS) return;
    const kind = key.layers.length === 0 ? key.context : [key.context, ...key.layers].join();
    this.#seen ??= new Map();
    let seen = this.#seen.get(kind);
    if (!seen) this.#seen.set(kind, (seen = new Set()));
    if (seen.has(key.text)) return;
    seen.add(key.text);
    const text = sentenceOfName(key.text);
    if (text === undefined) return;
    this.#units += text.length;
    this.#found ??= new Map();
    const found = this.#found.get(kind);
    if (found) found.push({ ...key, text });
    else this.#found.set(kind, [{ ...key, text }]);
  }

  /** The keys of each context, in the order of the document. */
  groups(): Iterable<readonly FoundText[]> {
    return this.#found?.values() ?? [];
  }
}
