import { Candidates } from "./binarisation/candidates.js";
import { EndCoder } from "./binarisation/end-coder.js";
import { MAX_RUN_BYTES, RunCoder } from "./binarisation/run-coder.js";
import { type BitCoder, SymbolCoder } from "./binarisation/symbol-coder.js";
import { MatchModel } from "./dictionary/match-model.js";
import { ByteContexts } from "./modelling/byte-contexts.js";
import { Predictor } from "./modelling/predictor.js";
import type { SlotTable } from "./modelling/slot-table.js";
import type { Prior } from "./prior/prior.js";

/** How fast a model learns. Those of a message are the defaults. */
export interface LearningRates {
  /** Of the weights, in 1024ths of 2^-14. */
  readonly mixer: number;
  /** Binary logarithm of the inverse rate of the runs' probabilities. */
  readonly runBits: number;
}

export const MESSAGE_RATES: LearningRates = { mixer: 32, runBits: 5 };
/** The rate of the weights in events: a stream goes on for long enough to pay for it. */
const EVENT_MIXER_RATE = 112;

/** Probability that a message ends where a JSON text may end, in 65536ths. */
const REGULAR = 63000;
/** Probability that an event ends at its first blank line, in 65536ths. */
const REGULAR_EVENT = 65400;
/** Probability that what is no such event is one all the same, not the stream's end. */
const OTHER_EVENT = 49152;
/** The last two bytes of an event. */
const BLANK_LINE = 0x0a0a;
const EVEN = 32768;
/** Bits that tell the bits of a length. */
const LENGTH_BITS = 5;

/** What stands for the length of an event that has not begun, and for the stream's end. */
const NOT_BEGUN = -1;
const LAST = -2;

/** Why there is no event: bytes are missing, it is too long, it is the stream's end. */
export type EventLack = "starved" | "long" | "last";

/** The whole model of messages, primed with a prior: turns them into decisions and back. */
export class ContextModel {
  readonly contexts = new ByteContexts();
  readonly match: MatchModel;
  readonly predictor: Predictor;
  readonly runs: RunCoder;
  readonly #ends: EndCoder;
  readonly #bits: BitCoder;
  readonly #mixerRate: number;
  readonly #symbols: SymbolCoder;
  /** Bytes within which the repetition is known to end; 0: nothing is known. */
  #failed = 0;
  /** Of the event that is being read: where it begins, and its length. */
  #eventStart = 0;
  #eventLength = NOT_BEGUN;

  constructor(prior: Prior, bits: BitCoder, table: SlotTable, rates: LearningRates = MESSAGE_RATES) {
    const { parameters } = prior;
    this.#bits = bits;
    this.#mixerRate = rates.mixer;
    this.#ends = new EndCoder(parameters.ends);
    this.runs = new RunCoder(parameters.runs, this.contexts.classes, rates.runBits);
    this.match = new MatchModel(prior.index);
    this.predictor = new Predictor(parameters, this.contexts, this.match, table, prior.trees, rates.mixer);
    this.#symbols = new SymbolCoder(
      bits,
      this.predictor,
      this.contexts,
      this.match,
      new Candidates(prior.candidates),
      prior.trees,
      this.predictor.followers.strings,
    );
  }

  /** Forgets the messages so far and what was learnt from them. */
  reset(): void {
    this.predictor.restore();
    this.runs.restore();
    this.match.reset();
    this.startMessage();
  }

  /** Begins another message; what was learnt stays. */
  startMessage(): void {
    this.#failed = 0;
    this.#eventLength = NOT_BEGUN;
    this.predictor.mixer.rate = this.#mixerRate;
    this.#symbols.reset();
    this.contexts.reset();
    this.predictor.followers.numbers.leave();
    this.#ends.reset();
    this.match.drop();
  }

  /** Begins another event of a stream: what was before goes on, but for its place in a JSON text. */
  startEvent(): void {
    this.#failed = 0;
    this.#eventLength = NOT_BEGUN;
    this.predictor.mixer.rate = EVENT_MIXER_RATE;
    this.contexts.leaveJson();
    this.predictor.followers.numbers.leave();
  }

  /** Codes an event of a stream: what ends at the first blank line needs not say where. */
  encodeEvent(event: Uint8Array): void {
    this.match.reserve(event.length);
    const isRegular = endsAtBlankLine(event);
    this.#bits.code(isRegular ? 1 : 0, REGULAR_EVENT);
    if (!isRegular) {
      this.#bits.code(1, OTHER_EVENT);
      this.#codeLength(event.length);
    }
    for (let at = 0; at < event.length;) at += this.step(event, at);
  }

  /** Codes that no event follows. */
  encodeEnd(): void {
    this.#bits.code(0, REGULAR_EVENT);
    this.#bits.code(0, OTHER_EVENT);
  }

  /**
   * Reads an event, or goes on with it after bytes were missing. Behind `startEvent` it begins.
   * @returns a copy, or why there is none
   */
  decodeEvent(maxBytes: number): Uint8Array | EventLack {
    const { match, contexts } = this;
    const bits = this.#bits;
    if (this.#eventLength === NOT_BEGUN) {
      const length = this.#readEventLength();
      if (bits.isStarved === true) return "starved";
      if (length === LAST) return "last";
      if (length !== Infinity && length > maxBytes) return "long";
      this.#eventStart = match.position;
      this.#eventLength = length;
    }
    const start = this.#eventStart;
    const length = this.#eventLength;
    for (;;) {
      const size = match.position - start;
      if (size > maxBytes) return "long";
      const hasEnded =
        size >= length || (length === Infinity && size >= 2 && (contexts.last4 & 0xffff) === BLANK_LINE);
      if (hasEnded) return match.buffer.slice(start, Math.min(match.position, start + length));
      match.reserve(MAX_RUN_BYTES);
      this.step(undefined, 0);
      if (bits.isStarved === true) return "starved";
    }
  }

  /** Whether something of an event was read. Before, nothing has changed that a reader would have to go on with. */
  get isInEvent(): boolean {
    return this.#eventLength !== NOT_BEGUN;
  }

  /** `Infinity`: up to its first blank line. */
  #readEventLength(): number {
    const bits = this.#bits;
    if (bits.code(0, REGULAR_EVENT) !== 0) return Infinity;
    return bits.code(0, OTHER_EVENT) !== 0 ? this.#codeLength(0) : LAST;
  }

  /** Codes all of `message`, and where it ends. */
  encode(message: Uint8Array): void {
    const { contexts } = this;
    this.match.reserve(message.length);
    for (let i = 0; i < message.length; i++) contexts.append(message[i]);
    const isRegular = contexts.mayEnd;
    contexts.reset();
    this.#bits.code(isRegular ? 1 : 0, REGULAR);
    if (!isRegular) this.#codeLength(message.length);
    for (let at = 0; at < message.length;) {
      at += this.step(message, at);
      if (isRegular && contexts.mayEnd) this.#codeEnd(at === message.length ? 1 : 0);
    }
  }

  /**
   * Reads a message; it is a copy.
   * @param isCut whether the coder has asked for far more bytes than there are: what a reader makes of zeroes need not end
   * @returns `undefined` as soon as it would have more than `maxBytes`
   */
  decode(maxBytes: number, isCut: () => boolean): Uint8Array | undefined {
    const { match, contexts } = this;
    const start = match.position;
    const isRegular = this.#bits.code(0, REGULAR) !== 0;
    const length = isRegular ? Infinity : this.#codeLength(0);
    if (!isRegular && length > maxBytes) return undefined;
    for (let done = 0; done < length && !isCut(); done = match.position - start) {
      if (done > maxBytes) return undefined;
      match.reserve(MAX_RUN_BYTES);
      this.step(undefined, 0);
      if (isRegular && contexts.mayEnd && this.#codeEnd(0) !== 0) break;
    }
    const end = Math.min(match.position, start + length);
    return end - start > maxBytes ? undefined : match.buffer.slice(start, end);
  }

  /**
   * Codes what is next, one byte or a run, and takes it in.
   * @param message what is written; `undefined` when reading
   * @returns how many bytes it was; 0 if bytes of the wire are missing: the next call goes on with it
   */
  step(message: Uint8Array | undefined, at: number): number {
    const { match, contexts, runs } = this;
    let failed = this.#failed;
    if (failed === 0) {
      const probability = runs.plan(match, contexts);
      if (probability > 0) {
        const { bytes } = runs;
        const goesOn = message !== undefined && match.predicts(message, at, bytes) ? 1 : 0;
        const bit = this.#bits.code(goesOn, probability);
        if (bit < 0) return 0;
        runs.update(bit);
        if (bit !== 0) {
          for (let i = 0; i < bytes; i++) {
            const byte = match.buffer[match.pointer];
            this.predictor.followers.numbers.append(byte, contexts);
            this.predictor.followers.strings.append(byte, contexts, false);
            contexts.append(byte);
            match.follow();
          }
          return bytes;
        }
        this.#failed = failed = bytes;
      }
    }
    const coded = this.#symbols.code(message === undefined ? -1 : message[at], failed);
    if (this.#bits.isStarved === true) return 0;
    this.predictor.followers.append(coded, contexts);
    this.predictor.followers.strings.append(coded, contexts, this.#symbols.isRandom);
    const isHit = match.length > 0 && coded === match.buffer[match.pointer];
    this.#failed = failed > 0 && isHit ? failed - 1 : 0;
    contexts.append(coded);
    match.append(coded, contexts);
    return 1;
  }

  /** Takes in bytes that are not coded. */
  absorb(content: Uint8Array): void {
    const { match, contexts } = this;
    const { followers } = this.predictor;
    match.reserve(content.length);
    for (let i = 0; i < content.length; i++) {
      followers.find(contexts);
      followers.append(content[i], contexts);
      followers.strings.append(content[i], contexts, false);
      contexts.append(content[i]);
      match.append(content[i], contexts);
    }
  }

  #codeEnd(bit: number): number {
    const ends = this.#ends;
    const ended = this.#bits.code(bit, ends.probability(this.contexts));
    ends.pass();
    return ended;
  }

  /** A length below 2^31: the number of its bits, then all but the first of them. */
  #codeLength(length: number): number {
    const bits = this.#bits;
    const width = 32 - Math.clz32(length);
    let coded = 0;
    for (let i = LENGTH_BITS - 1; i >= 0; i--) coded = (coded << 1) | bits.code((width >>> i) & 1, EVEN);
    if (coded === 0) return 0;
    let value = 1;
    for (let i = coded - 2; i >= 0; i--) value = (value << 1) | bits.code((length >>> i) & 1, EVEN);
    return value;
  }
}

/** Whether `event` has a blank line (two line feeds) at its end and none before. */
function endsAtBlankLine(event: Uint8Array): boolean {
  const last = event.length - 1;
  for (let i = 1; i <= last; i++) if (event[i] === 10 && event[i - 1] === 10) return i === last;
  return false;
}
