import {
  CASELESS,
  classAt,
  LOWER,
  MARK,
  MULTIBYTE,
  NEWLINE,
  NUMBER,
  OTHER,
  SPACE,
  UPPER,
} from "./char-classes.js";
import { type CharClasses, sequenceLength } from "./char-classes.js";

/**
 * The pre-tokenizers: where the piece that starts at an offset ends. They give what the encodings' published regular
 * expressions give (docs/spec/tokenizers.md), on UTF-8 bytes and without backtracking. `end` is the end of the text,
 * or the start of the next special token. Input is well-formed UTF-8; on other input the pieces are unspecified but
 * still cover it.
 */

const APOSTROPHE = 0x27;
const BLANK = 0x20;
const SLASH = 0x2f;

/** Classes that `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]` holds, as a bit set. */
const UPPER_RUN = (1 << UPPER) | (1 << CASELESS) | (1 << MARK);
/** Classes that `[\p{Ll}\p{Lm}\p{Lo}\p{M}]` holds. */
const LOWER_RUN = (1 << LOWER) | (1 << CASELESS) | (1 << MARK);
const LETTER_RUN = (1 << UPPER) | (1 << LOWER) | (1 << CASELESS);
const SYMBOL_RUN = (1 << OTHER) | (1 << MARK);

/** End of the piece at `at` by the pattern of cl100k_base, which Llama 3 shares. */
export function nextPieceCl100k(bytes: Uint8Array, at: number, end: number, classes: CharClasses): number {
  const first = bytes[at];
  let kind = classes.ofByte[first];
  let next = at + 1;
  if (kind === MULTIBYTE) {
    kind = classAt(bytes, at, classes.ofCodePoint);
    next = at + sequenceLength(first);
  }
  if (kind >= UPPER) return skipRun(bytes, next, end, classes, LETTER_RUN);
  if (kind === NUMBER) return skipNumbers(bytes, next, end, classes);
  if (kind === NEWLINE) return skipSpace(bytes, at, end, classes);
  if (first === APOSTROPHE) {
    const behind = skipContraction(bytes, at, end);
    if (behind > at) return behind;
  }
  if (next < end) {
    let nextKind = classes.ofByte[bytes[next]];
    if (nextKind === MULTIBYTE) nextKind = classAt(bytes, next, classes.ofCodePoint);
    if (nextKind >= UPPER) return skipRun(bytes, next, end, classes, LETTER_RUN);
    if (kind === SPACE && (first !== BLANK || (nextKind !== OTHER && nextKind !== MARK))) {
      return skipSpace(bytes, at, end, classes);
    }
  } else if (kind === SPACE) return end;
  let behind = skipRun(bytes, next, end, classes, SYMBOL_RUN);
  while (behind < end && classes.ofByte[bytes[behind]] === NEWLINE) behind++;
  return behind;
}

/** End of the piece at `at` by the pattern of o200k_base. */
export function nextPieceO200k(bytes: Uint8Array, at: number, end: number, classes: CharClasses): number {
  const first = bytes[at];
  let kind = classes.ofByte[first];
  let next = at + 1;
  if (kind === MULTIBYTE) {
    kind = classAt(bytes, at, classes.ofCodePoint);
    next = at + sequenceLength(first);
  }
  if (kind >= MARK) return skipContraction(bytes, skipCasedWord(bytes, at, end, classes), end);
  if (kind === NUMBER) return skipNumbers(bytes, next, end, classes);
  if (kind === NEWLINE) return skipSpace(bytes, at, end, classes);
  if (next < end) {
    const behind = skipCasedWord(bytes, next, end, classes);
    if (behind > next) return skipContraction(bytes, behind, end);
    if (kind === SPACE) {
      let nextKind = classes.ofByte[bytes[next]];
      if (nextKind === MULTIBYTE) nextKind = classAt(bytes, next, classes.ofCodePoint);
      if (first !== BLANK || nextKind !== OTHER) return skipSpace(bytes, at, end, classes);
    }
  } else if (kind === SPACE) return end;
  let behind = skipRun(bytes, next, end, classes, SYMBOL_RUN);
  while (behind < end && (classes.ofByte[bytes[behind]] === NEWLINE || bytes[behind] === SLASH)) behind++;
  return behind;
}

/**
 * End of `upper* lower+ | upper+ lower*` at `at`, where caseless letters and marks count as both; `at` if there is none.
 * Behind a run of uppers that no Ll follows, the regular expression gives characters back until `lower+` has one:
 * the last caseless one, which then ends the word.
 */
function skipCasedWord(bytes: Uint8Array, at: number, end: number, classes: CharClasses): number {
  const { ofByte, ofCodePoint } = classes;
  let lastCaseless = at;
  let behind = at;
  while (behind < end) {
    const lead = bytes[behind];
    let kind = ofByte[lead];
    if (kind === MULTIBYTE) kind = classAt(bytes, behind, ofCodePoint);
    if (kind === LOWER) {
      return skipRun(bytes, behind + sequenceLength(lead), end, classes, LOWER_RUN);
    }
    if (((1 << kind) & UPPER_RUN) === 0) break;
    behind += sequenceLength(lead);
    if (kind !== UPPER) lastCaseless = behind;
  }
  return lastCaseless > at ? lastCaseless : behind;
}

/** End of the run of characters whose class is in `set`. */
function skipRun(bytes: Uint8Array, at: number, end: number, classes: CharClasses, set: number): number {
  const { ofByte, ofCodePoint } = classes;
  while (at < end) {
    const lead = bytes[at];
    const kind = ofByte[lead];
    if (kind !== MULTIBYTE) {
      if (((set >> kind) & 1) === 0) return at;
      at++;
    } else {
      if (((set >> classAt(bytes, at, ofCodePoint)) & 1) === 0) return at;
      at += sequenceLength(lead);
    }
  }
  return end;
}

/** End of up to two more numbers: a piece holds at most three. */
function skipNumbers(bytes: Uint8Array, at: number, end: number, classes: CharClasses): number {
  for (let more = 2; more > 0 && at < end; more--) {
    const lead = bytes[at];
    let kind = classes.ofByte[lead];
    if (kind === MULTIBYTE) kind = classAt(bytes, at, classes.ofCodePoint);
    if (kind !== NUMBER) return at;
    at += sequenceLength(lead);
  }
  return at < end ? at : end;
}

/**
 * End of the piece of white space at `at`: through the last CR or LF of the run if it has one; all of it at the end of
 * the text; otherwise all but the last character, which goes with what follows.
 */
function skipSpace(bytes: Uint8Array, at: number, end: number, classes: CharClasses): number {
  let behind = at;
  let last = at;
  let newline = -1;
  while (behind < end) {
    const lead = bytes[behind];
    let kind = classes.ofByte[lead];
    if (kind === MULTIBYTE) kind = classAt(bytes, behind, classes.ofCodePoint);
    if (kind !== SPACE && kind !== NEWLINE) break;
    last = behind;
    behind += sequenceLength(lead);
    if (kind === NEWLINE) newline = behind;
  }
  if (newline >= 0) return newline;
  if (behind >= end) return end;
  return last > at ? last : behind;
}

/** End of `(?i:'s|'t|'re|'ve|'m|'ll|'d)` at `at`, or `at`. Without regard to case, the long s (U+017F) is an s. */
function skipContraction(bytes: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end || bytes[at] !== APOSTROPHE) return at;
  const second = bytes[at + 1];
  const letter = second | 0x20;
  if (second < 0x80) {
    // s, t, m, d
    if (letter === 0x73 || letter === 0x74 || letter === 0x6d || letter === 0x64) return at + 2;
    if (at + 2 >= end || bytes[at + 2] >= 0x80) return at;
    const third = bytes[at + 2] | 0x20;
    // ll, ve, re
    if (letter === 0x6c ? third === 0x6c : (letter === 0x76 || letter === 0x72) && third === 0x65)
      return at + 3;
    return at;
  }
  return second === 0xc5 && at + 2 < end && bytes[at + 2] === 0xbf ? at + 3 : at;
}
