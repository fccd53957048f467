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
  readonly #cutter = new WindowCutter();
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
    this.#cutter.begin(ids.length, windows, framed ? 2 : 0);
    for (let size = this.#cutter.next(); size >= 0; size = this.#cutter.next()) {
      const { first } = this.#cutter;
      const last = first + size;
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

/** Cuts a stretch of tokens into windows of each scale; the last of a scale ends where the stretch ends. */
class WindowCutter {
  /** Of each scale that is cut into, the first `#count`. */
  readonly #sizes: number[] = [];
  readonly #strides: number[] = [];
  /** Where the next window begins; Infinity behind the last. */
  readonly #nexts: number[] = [];
  #count = 0;
  #length = 0;
  /** The first token of the window that was given last. */
  first = 0;

  /** @param frame tokens of a window that are none of the text */
  begin(length: number, scales: readonly WindowScale[], frame: number): void {
    this.#length = length;
    this.#count = 0;
    let whole = false;
    for (const { tokens, stride } of scales) {
      const size = Math.min(tokens - frame, length);
      if (size === length && whole) continue;
      whole ||= size === length;
      this.#sizes[this.#count] = size;
      this.#strides[this.#count] = Math.min(stride, tokens - frame);
      this.#nexts[this.#count++] = 0;
    }
  }

  /** Goes to the next window. @returns its size, or -1 if there is none */
  next(): number {
    const nexts = this.#nexts;
    let scale = 0;
    for (let other = 1; other < this.#count; other++) if (nexts[other] < nexts[scale]) scale = other;
    this.first = nexts[scale];
    if (this.first === Infinity) return -1;
    const size = this.#sizes[scale];
    const end = this.#length - size;
    nexts[scale] = this.first === end ? Infinity : Math.min(this.first + this.#strides[scale], end);
    return size;
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
  // What is left behind a division by a power of two are the lowest bits.
  return (buckets & (buckets - 1)) === 0 ? hash & (buckets - 1) : (hash >>> 0) % buckets;
}
