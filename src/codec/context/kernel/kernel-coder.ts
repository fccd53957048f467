import { decodeBase64 } from "../../../shared/base64.js";
import type { EventBytes } from "../arithmetic/range-coder.js";
import type { Decoded, DecodedEvent, HistoryCoder, MessageCoder } from "../coders.js";
import { SlotChanges } from "../history/slot-changes.js";
import { createAlphabets } from "../modelling/byte-contexts.js";
import { createCharacterClasses } from "../modelling/character-class.js";
import {
  createCountSteps,
  createLengthSteps,
  createRates,
  INPUTS,
  WEIGHT_SETS,
} from "../modelling/predictor.js";
import { LINE_SLOTS } from "../modelling/slot-table.js";
import { stateValues } from "../prior/counter-states.js";
import type { Prior } from "../prior/prior.js";
import { KERNEL } from "./kernel.gen.js";
import { Address, LINE_BITS, MAX_CONTENT_BYTES, SET_PLACES } from "./layout.js";

/** What the module exports. Addresses are of bytes in its memory. */
interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  init(textBytes: number): void;
  indexText(textBytes: number): void;
  fillTable(counters: number): void;
  reset(): number;
  restoreTable(): number;
  startMessage(): void;
  startEvent(): void;
  slide(bytes: number): void;
  absorb(sizeBytes: number): void;
  encode(sizeBytes: number, maxBytes: number): number;
  decode(sizeBytes: number, maxBytes: number): number;
  encodeEvent(sizeBytes: number, check: number, leastBits: number, maxBytes: number): number;
  decodeEvent(sizeBytes: number, maxBytes: number, leastBits: number, isResumed: number): number;
  isInEvent(): number;
  getCheck(): number;
  getCheckBits(): number;
  setSlot(slot: number, value: number): void;
  saveState(): void;
  loadState(): void;
  getContentStart(): number;
  getConsumed(): number;
  getJournalSize(): number;
}

/** What is used of the platform's WebAssembly; the library is compiled without the types of browsers. */
interface WebAssemblyNamespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** Messages coded by the WebAssembly kernel: the bytes of `ScriptCoder`, in a fraction of its time. */
export class KernelCoder implements MessageCoder {
  readonly prior: Prior;
  readonly kernel: Kernel;
  readonly memory: Uint8Array;
  readonly slots: Int32Array;
  readonly journal: Int32Array;
  /** Whose state lies in the kernel's memory; absent: that of messages for themselves. */
  #owner: KernelHistory | undefined;

  /** @throws if the platform has no WebAssembly */
  constructor(prior: Prior) {
    this.prior = prior;
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyNamespace };
    const module = new WebAssembly.Module(decodeBase64(KERNEL));
    this.kernel = new WebAssembly.Instance(module).exports as Kernel;
    const { buffer } = this.kernel.memory;
    this.memory = new Uint8Array(buffer);
    this.slots = new Int32Array(buffer, Address.table, LINE_SLOTS << LINE_BITS);
    this.journal = new Int32Array(buffer, Address.journal);
    this.#place(prior);
    this.kernel.init(prior.text.length);
  }

  encode(content: Uint8Array, maxBytes: number): Uint8Array | undefined {
    this.own(undefined);
    try {
      this.memory.set(content, Address.input);
      const size = this.kernel.encode(content.length, Math.min(maxBytes, MAX_CONTENT_BYTES));
      return size < 0 ? undefined : this.memory.slice(Address.output, Address.output + size);
    } finally {
      if (this.kernel.reset() !== 0) this.#refill();
    }
  }

  decode(coded: Uint8Array, maxBytes: number): Decoded {
    this.own(undefined);
    try {
      return this.read(coded, maxBytes);
    } finally {
      if (this.kernel.reset() !== 0) this.#refill();
    }
  }

  createHistory(windowBytes: number): HistoryCoder {
    return new KernelHistory(this, windowBytes);
  }

  /** Reads with the state that is in the kernel's memory. */
  read(coded: Uint8Array, maxBytes: number): Decoded {
    if (coded.length > MAX_CONTENT_BYTES) return { neededBytes: 0 };
    this.memory.set(coded, Address.input);
    const { kernel } = this;
    const size = kernel.decode(coded.length, Math.min(maxBytes, MAX_CONTENT_BYTES));
    return size < 0
      ? { neededBytes: 0 }
      : { content: this.contentOf(size), neededBytes: kernel.getConsumed() };
  }

  /** A copy of what was read last. */
  contentOf(size: number): Uint8Array {
    const start = Address.buffer + this.kernel.getContentStart();
    return this.memory.slice(start, start + size);
  }

  /** Brings the state of `owner` into the kernel's memory. */
  own(owner: KernelHistory | undefined): void {
    if (this.#owner === owner) return;
    this.#owner?.leave();
    this.#owner = owner;
    if (owner !== undefined) owner.enter();
    else this.kernel.reset();
  }

  /** Ends the use of the counters by a history. */
  restoreTable(): void {
    if (this.kernel.restoreTable() !== 0) this.#refill();
  }

  #refill(): void {
    this.slots.fill(0);
    this.#fill();
  }

  /** Fills the table, all zero. The packed counters lie in the journal's memory meanwhile, which is empty. */
  #fill(): void {
    const { counters } = this.prior;
    let at: number = Address.journal;
    for (const view of [stateValues(counters), counters.fill, counters.checks, counters.states]) {
      this.memory.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), at);
      at += view.byteLength;
    }
    this.kernel.fillTable(counters.states.length);
  }

  #place(prior: Prior): void {
    const { parameters, candidates, trees } = prior;
    const { buffer } = this.kernel.memory;
    const put = (address: number, view: ArrayBufferView): void => {
      this.memory.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), address);
    };
    this.#fill();
    put(Address.buffer, prior.text);
    this.kernel.indexText(prior.text.length);
    put(Address.order6, candidates.order6);
    put(Address.order4, candidates.order4);
    put(Address.order2, candidates.order2);
    put(Address.zeroes, trees.zeroes);
    put(Address.ones, trees.ones);
    put(Address.codes, trees.codes);
    put(Address.lengths, trees.lengths);
    put(
      Address.probabilitySteps,
      Uint8Array.from(parameters.stretch, (value) => (value + 2048) >> 6),
    );
    put(Address.squash, parameters.squash);
    put(Address.confidence, parameters.confidence);
    put(Address.matchConfidence, parameters.matchConfidence);
    put(Address.followerConfidence, parameters.followerConfidence);
    const weights = new Int32Array(buffer, Address.weights, WEIGHT_SETS * SET_PLACES);
    parameters.weights.forEach((weight, i) => {
      weights[Math.floor(i / INPUTS) * SET_PLACES + (i % INPUTS)] = weight;
    });
    put(Address.firstMap, parameters.map);
    put(Address.firstPairMap, parameters.pairMap);
    put(Address.firstRuns, parameters.runs);
    put(Address.ends, parameters.ends);
    put(Address.classes, createCharacterClasses());
    put(Address.alphabets, createAlphabets());
    put(Address.countSteps, createCountSteps());
    put(Address.lengthSteps, createLengthSteps());
    put(Address.rates, createRates());
  }
}

/** A history whose state is brought into the kernel's memory when it is its turn. */
class KernelHistory implements HistoryCoder {
  readonly #coder: KernelCoder;
  readonly #windowBytes: number;
  readonly #changes = new SlotChanges();
  /** Whether it stands within an event whose bytes are not all there. */
  #isPaused = false;
  /** Whether what that event has written is still in the kernel: bytes may come one by one, and mostly nobody else comes between. */
  #holdsTable = false;
  /** What it has written beside `#changes`, when somebody else came. */
  #pausedSlots: ReadonlyMap<number, number> | undefined;
  /** State and window while another one is in the kernel; absent: there is none yet. */
  #kept: Uint8Array | undefined;
  #window: Uint8Array = new Uint8Array(0);

  constructor(coder: KernelCoder, windowBytes: number) {
    this.#coder = coder;
    this.#windowBytes = windowBytes;
  }

  restart(): void {
    this.#coder.own(this);
    this.#giveTableBack();
    this.#changes.clear();
    this.#isPaused = false;
    this.#coder.kernel.reset();
  }

  absorb(content: Uint8Array): void {
    const { kernel, memory } = this.#coder;
    const kept = content.subarray(Math.max(0, content.length - this.#windowBytes));
    this.#coder.own(this);
    this.#giveTableBack();
    // Room for what comes: more than the window never lies in the buffer beside a message.
    kernel.slide(this.#windowBytes - kept.length);
    kernel.startMessage();
    for (let at = 0; at < kept.length; at += MAX_CONTENT_BYTES) {
      const part = kept.subarray(at, at + MAX_CONTENT_BYTES);
      memory.set(part, Address.input);
      kernel.absorb(part.length);
    }
  }

  encodeMessage(content: Uint8Array): Uint8Array {
    return this.#withChanges(() => {
      const { kernel, memory } = this.#coder;
      kernel.startMessage();
      memory.set(content, Address.input);
      return this.#written(kernel.encode(content.length, OUTPUT_BYTES));
    });
  }

  decodeMessage(coded: Uint8Array, maxBytes: number): Decoded {
    return this.#withChanges(() => {
      this.#coder.kernel.startMessage();
      return this.#coder.read(coded, maxBytes);
    });
  }

  encodeEvent(event: Uint8Array | undefined, check: number, leastBits: number): EventBytes {
    return this.#withChanges(() => {
      const { kernel, memory } = this.#coder;
      kernel.startEvent();
      if (event !== undefined) memory.set(event, Address.input);
      const size = kernel.encodeEvent(event?.length ?? -1, check, leastBits, OUTPUT_BYTES);
      return { bytes: this.#written(size), checkBits: kernel.getCheckBits() };
    });
  }

  decodeEvent(bytes: Uint8Array, maxBytes: number, leastBits: number): DecodedEvent {
    const isResumed = this.#isPaused;
    this.#isPaused = false;
    return this.#withChanges((): DecodedEvent => {
      const coder = this.#coder;
      const { kernel, memory } = coder;
      if (!isResumed) kernel.startEvent();
      memory.set(bytes, Address.input);
      const size = kernel.decodeEvent(bytes.length, maxBytes, leastBits, isResumed ? 1 : 0);
      if (size === LONG) return { kind: "long" };
      if (size === STARVED) {
        if (kernel.isInEvent() === 0) return { kind: "starved", usedBytes: 0 };
        this.#isPaused = true;
        return { kind: "starved", usedBytes: kernel.getConsumed() };
      }
      const end = {
        usedBytes: kernel.getConsumed(),
        check: kernel.getCheck(),
        checkBits: kernel.getCheckBits(),
      };
      return size === LAST
        ? { ...end, kind: "last" }
        : { ...end, kind: "event", content: coder.contentOf(size) };
    }, isResumed);
  }

  /** Copies this history's state out of the kernel. */
  leave(): void {
    const { kernel, memory, prior } = this.#coder;
    this.#giveTableBack();
    kernel.saveState();
    this.#kept ??= new Uint8Array(Address.firstMap - Address.kept);
    this.#kept.set(memory.subarray(Address.kept, Address.firstMap));
    const start = Address.buffer + prior.text.length;
    this.#window = memory.slice(start, start + this.#windowSize());
  }

  /** Copies this history's state into the kernel. */
  enter(): void {
    const { kernel, memory, prior } = this.#coder;
    if (this.#kept === undefined) {
      kernel.reset();
      return;
    }
    memory.set(this.#kept, Address.kept);
    memory.set(this.#window, Address.buffer + prior.text.length);
    kernel.loadState();
  }

  #windowSize(): number {
    const position = new DataView(this.#coder.kernel.memory.buffer, Address.savedPosition).getInt32(0, true);
    return position - this.#coder.prior.text.length;
  }

  #written(size: number): Uint8Array {
    if (size < 0) throw new RangeError("The coded message does not fit the kernel's memory.");
    return this.#coder.memory.slice(Address.output, Address.output + size);
  }

  /** @param isResumed whether it goes on with an event */
  #withChanges<T>(work: () => T, isResumed = false): T {
    const coder = this.#coder;
    const { kernel } = coder;
    const set = (slot: number, value: number): void => {
      kernel.setSlot(slot, value);
    };
    coder.own(this);
    if (!isResumed) this.#giveTableBack();
    try {
      if (!isResumed) kernel.slide(this.#windowBytes);
      if (!this.#holdsTable) {
        this.#changes.apply(set);
        if (isResumed) this.#pausedSlots?.forEach((value, slot) => set(slot, value));
      }
      this.#pausedSlots = undefined;
      this.#holdsTable = false;
      const result = work();
      this.#holdsTable = this.#isPaused;
      if (!this.#holdsTable) this.#takeChanges();
      return result;
    } finally {
      if (!this.#holdsTable) coder.restoreTable();
    }
  }

  /** Leaves the kernel's counters as they were before an event that has paused, and keeps what that has written. */
  #giveTableBack(): void {
    if (!this.#holdsTable) return;
    this.#holdsTable = false;
    const { journal, kernel, slots } = this.#coder;
    this.#takeChanges();
    this.#pausedSlots = this.#changes.missing(slots, journal, kernel.getJournalSize());
    this.#coder.restoreTable();
  }

  #takeChanges(): void {
    const { journal, kernel, slots } = this.#coder;
    this.#changes.take(slots, journal, kernel.getJournalSize());
  }
}

/** What the kernel says instead of an event's length. */
const LONG = -1;
const STARVED = -2;
const LAST = -3;

const OUTPUT_BYTES = Address.buffer - Address.output;
