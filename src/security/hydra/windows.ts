import type { TokenizedText } from "./tokenizer.js";
import type { HydraConfig, HydraWindows, WindowScale } from "./types.js";

const EOS = 1;
const BOS = 2;
/** Each text begins with a block of its own, which its windows share (`block-ring.ts`). */
const TEXT_ALIGNMENT = 8;
/** Tokens of a few short texts. */
const MIN_ROOM = 256;

/** Windows of texts, in the order of the texts. */
export class WindowList implements HydraWindows {
  readonly #config: HydraConfig;
  readonly #ranges: number[] = [];
  /** UTF-16 range in its text of each window, in pairs. */
  readonly #spans: number[] = [];
  /** Number of windows before those of each text. */
  readonly #firsts: number[] = [];
  #ids = new Int32Array(0);
  #length = 0;

  constructor(config: HydraConfig) {
    this.#config = config;
  }

  get ids(): Int32Array {
    return this.#ids.subarray(0, this.#length);
  }

  get ranges(): readonly number[] {
    return this.#ranges;
  }

  get spans(): readonly number[] {
    return this.#spans;
  }

  get textCount(): number {
    return this.#firsts.length;
  }

  /** First and behind-last window of the text `index`. */
  windowsOf(index: number): [first: number, last: number] {
    return [this.#firsts[index], this.#firsts[index + 1] ?? this.#ranges.length / 2];
  }

  /**
   * Cuts a text into overlapping windows of each scale, in the order of their beginnings; those of one beginning in the order
   * of the scales. The whole text is one window if it fits, of whatever scale.
   */
  add({ ids, starts, ends }: TokenizedText): void {
    this.#firsts.push(this.#ranges.length / 2);
    const { tokenizer, windows } = this.#config;
    const framed = tokenizer.type === "bytes" && tokenizer.framed;
    const base = Math.ceil(this.#length / TEXT_ALIGNMENT) * TEXT_ALIGNMENT;
    if (!framed) {
      this.#reserve(base + ids.length);
      // What was here before is of other texts.
      this.#ids.fill(0, this.#length, base);
      this.#ids.set(ids, base);
      this.#length = base + ids.length;
    }
    const ranges = rangesOf(ids.length, windows, framed ? 2 : 0);
    for (let at = 0; at < ranges.length; at += 2) {
      const [first, last] = [ranges[at], ranges[at + 1]];
      this.#spans.push(starts[first] ?? 0, ends[last - 1] ?? 0);
      if (framed) this.#addFramed(ids.subarray(first, last));
      else this.#ranges.push(base + first, base + last);
    }
  }

  /** Forgets all texts; what it holds for their tokens stays for the next. */
  clear(): void {
    this.#ranges.length = this.#spans.length = this.#firsts.length = this.#length = 0;
  }

  /** Tokens that there is room for. */
  get room(): number {
    return this.#ids.length;
  }

  #addFramed(content: Int32Array): void {
    const first = this.#length;
    const last = first + content.length + 2;
    this.#reserve(last);
    this.#ids[first] = BOS;
    this.#ids.set(content, first + 1);
    this.#ids[last - 1] = EOS;
    this.#length = last;
    this.#ranges.push(first, last);
  }

  #reserve(length: number): void {
    if (length <= this.#ids.length) return;
    const larger = new Int32Array(Math.max(length, this.#ids.length * 2, MIN_ROOM));
    larger.set(this.#ids.subarray(0, this.#length));
    this.#ids = larger;
  }
}

/**
 * First and behind-last token of each window over `length` tokens, in pairs; the last of a scale ends where the text ends.
 * @param frame tokens of a window that are none of the text
 */
function rangesOf(length: number, scales: readonly WindowScale[], frame: number): number[] {
  const ranges: number[] = [];
  const sizes: number[] = [];
  const strides: number[] = [];
  /** Where the next window of each scale begins; Infinity behind the last. */
  const nexts: number[] = [];
  let whole = false;
  for (const { tokens, stride } of scales) {
    const size = Math.min(tokens - frame, length);
    if (size === length && whole) continue;
    whole ||= size === length;
    sizes.push(size);
    strides.push(Math.min(stride, tokens - frame));
    nexts.push(0);
  }
  for (;;) {
    let scale = 0;
    for (let other = 1; other < nexts.length; other++) if (nexts[other] < nexts[scale]) scale = other;
    const first = nexts[scale];
    if (first === Infinity) return ranges;
    ranges.push(first, first + sizes[scale]);
    const end = length - sizes[scale];
    nexts[scale] = first === end ? Infinity : Math.min(first + strides[scale], end);
  }
}

/** Buckets of the n-grams of the tokens `first` to before `last`, order by order. */
export function listNgrams(
  ids: Int32Array,
  first: number,
  last: number,
  { orders, buckets }: NonNullable<HydraConfig["ngram"]>,
): Int32Array {
  const found: number[] = [];
  for (const order of orders)
    for (let position = first; position + order <= last; position++)
      found.push(hashNgram(ids, position, order, buckets));
  return Int32Array.from(found);
}

/** Bucket of the run of `order` ids that starts at `position`: 32-bit FNV-1a over ids, with a final mix. */
export function hashNgram(ids: Int32Array, position: number, order: number, buckets: number): number {
  let hash = (2166136261 + order) | 0;
  for (let k = 0; k < order; k++) {
    hash = Math.imul(hash ^ ids[position + k], 16777619);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash ^= hash >>> 13;
  return (hash >>> 0) % buckets;
}
