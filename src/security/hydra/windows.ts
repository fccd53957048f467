import type { TokenizedText } from "./tokenizer.js";
import type { HydraConfig, HydraWindow, WindowScale } from "./types.js";

/** One window of a text, and the UTF-16 range that it covers. */
export interface TextWindow extends HydraWindow {
  readonly start: number;
  readonly end: number;
}

const EOS = 1;
const BOS = 2;

/** First and behind-last token of each window of one scale over `length` tokens; the last ends where the text ends. */
function* rangesOf(length: number, { tokens, stride }: WindowScale): Generator<[number, number]> {
  for (let start = 0; start < length - tokens; start += stride) yield [start, start + tokens];
  yield [Math.max(0, length - tokens), length];
}

/**
 * Cuts a text into overlapping windows, scale by scale; the whole text is one window if it fits, of whatever scale. The
 * ids of windows are parts of one array, unless a frame is put around them.
 */
export function* cutWindows(text: TokenizedText, config: HydraConfig): Generator<TextWindow> {
  const framed = config.tokenizer.type === "bytes" && config.tokenizer.framed;
  const { ids, starts, ends } = text;
  const orders = config.ngram?.orders ?? [];
  const hash = (tokens: Int32Array) =>
    orders.map((order) => hashNgrams(tokens, order, config.ngram?.buckets ?? 1));
  const ngramsOfText = framed ? [] : hash(ids);
  let whole = false;
  for (const scale of config.windows) {
    const size = scale.tokens - (framed ? 2 : 0);
    for (const [first, last] of rangesOf(ids.length, {
      tokens: size,
      stride: Math.min(scale.stride, size),
    })) {
      if (last - first === ids.length) {
        if (whole) continue;
        whole = true;
      }
      const content = ids.subarray(first, last);
      const range = { start: starts[first] ?? 0, end: ends[last - 1] ?? 0 };
      if (framed) {
        const tokens = frame(content);
        yield { ids: tokens, ngrams: sliceNgrams(hash(tokens), orders, 0, tokens.length), ...range };
      } else yield { ids: content, ngrams: sliceNgrams(ngramsOfText, orders, first, last), ...range };
    }
  }
}

function frame(content: Int32Array): Int32Array {
  const ids = new Int32Array(content.length + 2);
  ids[0] = BOS;
  ids.set(content, 1);
  ids[ids.length - 1] = EOS;
  return ids;
}

/** The part of a text's buckets whose runs lie in the tokens from `first` to before `last`. */
function sliceNgrams(
  byPosition: readonly Int32Array[],
  orders: readonly number[],
  first: number,
  last: number,
): Int32Array {
  const slices = orders.map((order, index) =>
    byPosition[index].subarray(first, Math.max(first, last - order + 1)),
  );
  const ngrams = new Int32Array(slices.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const slice of slices) {
    ngrams.set(slice, at);
    at += slice.length;
  }
  return ngrams;
}

/** Bucket of the run of `order` ids that starts at each position: 32-bit FNV-1a over ids, with a final mix. */
export function hashNgrams(ids: Int32Array, order: number, buckets: number): Int32Array {
  const count = Math.max(0, ids.length - order + 1);
  const found = new Int32Array(count);
  for (let position = 0; position < count; position++) {
    let hash = (2166136261 + order) | 0;
    for (let k = 0; k < order; k++) {
      hash = Math.imul(hash ^ ids[position + k], 16777619);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash ^= hash >>> 13;
    found[position] = (hash >>> 0) % buckets;
  }
  return found;
}
