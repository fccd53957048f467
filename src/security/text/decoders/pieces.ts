import { MIN_ENCODED_RUN } from "../evidence.js";
import { decodeBase64, isEncoded } from "./base64.js";
import type { Decoded, Decoder } from "./decoder.js";
import { wholeRange } from "./decoder.js";

/** Words with capitals inside that a text must have: pieces of base64 nearly always are such words. */
const MIN_MIXED_WORDS = 2;
/** Around them, pieces without capitals are looked for. */
const MARGIN = 128;
const MIN_PIECE = 4;
/** Pieces of fewer characters come in fours: words are of one length by chance. */
const LONG_PIECE = 12;
const MIN_SHORT_PIECES = 4;
/** Longer ones on one line are texts of their own. */
const LONGEST_GROUP = 32;
const MAX_GAP = 24;
const QUOTES = "\"'`";

interface Chain {
  start: number;
  end: number;
  /** Offsets of each piece, two numbers. */
  pieces: number[];
  /** What stands between two; empty while there is one piece only. */
  gap: string;
  /** A shorter piece was the last one. */
  isClosed: boolean;
}

/** Base64 in string literals that are joined, in lines of any length, or in groups. */
export const decodeBase64Pieces: Decoder = (text, { mixed, mixedWords }) => {
  if (mixedWords < MIN_MIXED_WORDS) return [];
  const found: Decoded[] = [];
  const to = Math.min(text.length, mixed.end + MARGIN);
  let chain: Chain | undefined;
  // The last piece, of which there is no chain yet: for most words of any text there never is one.
  let lastStart = 0;
  let lastEnd = -Infinity;
  for (let i = Math.max(0, mixed.start - MARGIN); i < to;) {
    const unit = text.charCodeAt(i);
    if (!isEncoded(unit)) {
      // An escaped line break; its letter belongs to no piece.
      i += unit === 0x5c ? 2 : 1;
      continue;
    }
    const start = i;
    do i++;
    while (isEncoded(text.charCodeAt(i)));
    // A sign alone joins literals.
    if (i - start < 2) continue;
    if (chain === undefined && start - lastEnd <= MAX_GAP) {
      const length = lastEnd - lastStart;
      if (length >= MIN_PIECE && (canContinue(length, 1, i - start) || isQuoteAt(text, lastEnd))) {
        chain = { start: lastStart, end: lastEnd, pieces: [lastStart, lastEnd], gap: "", isClosed: false };
      }
    }
    lastStart = start;
    lastEnd = i;
    if (chain === undefined) continue;
    if (continues(text, chain, start, i)) {
      chain.pieces.push(start, i);
      chain.end = i;
      continue;
    }
    const decoded = decodeChain(text, chain);
    if (decoded) found.push(decoded);
    chain = undefined;
  }
  const decoded = chain && decodeChain(text, chain);
  if (decoded) found.push(decoded);
  return found;
};

/** Whether `piece` goes on with `chain`: by the same joint as the pieces before, and of their length unless it is quoted. */
function continues(text: string, chain: Chain, start: number, end: number): boolean {
  if (chain.isClosed || start - chain.end > MAX_GAP) return false;
  // Most words of any text end here, before anything is cut out of it.
  const first = chain.pieces[1] - chain.pieces[0];
  if (!canContinue(first, chain.pieces.length / 2, end - start) && !isQuoteAt(text, chain.end)) return false;
  const gap = text.slice(chain.end, start).replace(/^=+/u, "");
  if (chain.gap === "" ? !/^(?:[\s"'`+.,;:|()[\]&>#*]|\\[nrt])*$/u.test(gap) : gap !== chain.gap)
    return false;
  chain.gap = gap;
  if (QUOTES.includes(gap[0]) && QUOTES.includes(gap.at(-1)!) && gap.length > 1) return true;
  if (end - start > first || (first > LONGEST_GROUP && !/[\n\r\\]/u.test(gap))) return false;
  chain.isClosed = end - start < first;
  return true;
}

/** Whether a piece can lead from `count` pieces of `length` to a chain that is decoded, if none is quoted. */
function canContinue(length: number, count: number, pieceLength: number): boolean {
  if (pieceLength > length) return false;
  // A shorter piece is the last one.
  return pieceLength === length || length >= LONG_PIECE || count + 1 >= MIN_SHORT_PIECES;
}

/** Whether a quotation mark follows, behind padding or not. */
function isQuoteAt(text: string, at: number): boolean {
  while (text.charCodeAt(at) === 0x3d) at++;
  return QUOTES.includes(text.charAt(at) || " ");
}

function decodeChain(text: string, { start, end, pieces }: Chain): Decoded | undefined {
  const count = pieces.length / 2;
  const length = pieces[1] - pieces[0];
  if (count < 2 || (count < MIN_SHORT_PIECES && length < LONG_PIECE && !isQuoted(text, pieces)))
    return undefined;
  let joined = "";
  // Pieces that were encoded one by one are padded one by one.
  for (let k = 0; k < pieces.length; k += 2) {
    joined += text.slice(pieces[k], pieces[k + 1]);
    if (text.charCodeAt(pieces[k + 1]) === 0x3d) joined += "=";
  }
  if (joined.length < MIN_ENCODED_RUN) return undefined;
  const decoded = decodeBase64(joined, 0, joined.length);
  return decoded && wholeRange(decoded.text, "base64", start, end);
}

function isQuoted(text: string, pieces: readonly number[]): boolean {
  return QUOTES.includes(text.charAt(pieces[2] - 1) || " ");
}
