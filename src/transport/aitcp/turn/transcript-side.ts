import { ByteBuilder } from "../../../shared/byte-builder.js";
import { LimitError } from "../../../shared/errors.js";
import type { Frame, MessageFrame } from "../frames/index.js";
import type { CreateHash, IncrementalHash, Role } from "./parties.js";
import { invalidTranscript } from "./transcript-blocks.js";
import type { Receipt, SideReport, TranscriptMessage } from "./transcript-report.js";

/** Streams of one side that are remembered. */
const MAX_STREAMS = 100_000;

type PendingMessage = Omit<TranscriptMessage, "turn" | "timeMs">;

interface StreamState {
  /** Of the message that comes next, in this connection; `undefined` if any may be the first. */
  next: number | undefined;
  /** Messages that were ever seen. */
  seen: number;
  offset: number;
  hash: IncrementalHash | undefined;
  content: ByteBuilder | undefined;
}

/** What one side of a transcript has sent: messages put together, and what waits for its signature. */
export class TranscriptSide {
  readonly #role: Role;
  readonly #createHash: CreateHash;
  readonly #keepsContent: boolean;
  readonly #onMessage: ((message: TranscriptMessage) => void) | undefined;
  readonly #streams = new Map<number, StreamState>();
  readonly #receipts = new Map<number, Receipt>();
  #pending: PendingMessage[] = [];
  #pendingReceipts = new Map<number, number>();
  #turns = 0;
  #signedMessages = 0;
  #unsignedMessages = 0;
  #messageBytes = 0;
  #lastTurnMs: number | undefined;

  constructor(
    role: Role,
    createHash: CreateHash,
    keepsContent: boolean,
    onMessage: ((message: TranscriptMessage) => void) | undefined,
  ) {
    this.#role = role;
    this.#createHash = createHash;
    this.#keepsContent = keepsContent;
    this.#onMessage = onMessage;
  }

  get report(): SideReport {
    return {
      turns: this.#turns,
      signedMessages: this.#signedMessages,
      unsignedMessages: this.#unsignedMessages,
      messageBytes: this.#messageBytes,
      receipts: Array.from(this.#receipts.values()),
      ...(this.#lastTurnMs === undefined ? {} : { lastTurnMs: this.#lastTurnMs }),
    };
  }

  /** A connection begins: what was sent in part is sent again from its start. */
  restart(): void {
    for (const state of this.#streams.values()) {
      state.next = undefined;
      state.offset = 0;
      state.hash = state.content = undefined;
    }
  }

  /**
   * @param offset of the block, for errors
   * @throws {FormatError} `M2M_TRANSCRIPT_INVALID`; {LimitError} `M2M_OUTPUT_TOO_LARGE`
   */
  add(frame: Frame, connection: number, offset: number): void {
    if (frame.type === "message") this.#addMessage(frame, connection, offset);
    else if (frame.type === "ack") this.#addReceipt(frame.stream, frame.count);
    else if (frame.type === "resumed" && frame.taken > 0) this.#addReceipt(frame.stream, frame.taken);
  }

  /** The turn is signed, and with it all that waits. */
  sign(turn: number, timeMs: number): void {
    this.#turns++;
    this.#lastTurnMs = timeMs;
    this.#signedMessages += this.#pending.length;
    for (const message of this.#pending) this.#onMessage?.({ ...message, turn, timeMs });
    this.#pending = [];
    for (const [stream, count] of this.#pendingReceipts) {
      if (count <= (this.#receipts.get(stream)?.count ?? 0)) continue;
      this.#assertRoom(this.#receipts);
      this.#receipts.set(stream, { stream, count, timeMs });
    }
    this.#pendingReceipts = new Map();
  }

  /** What waits is never signed. */
  leaveUnsigned(): void {
    this.#unsignedMessages += this.#pending.length;
    for (const message of this.#pending) this.#onMessage?.(message);
    this.#pending = [];
    this.#pendingReceipts = new Map();
  }

  #addMessage(frame: MessageFrame, connection: number, at: number): void {
    const { stream, number, offset, bytes, isLast } = frame;
    const state = this.#stateOf(stream);
    if (offset !== state.offset || (state.next ?? number) !== number) {
      throw invalidTranscript("a message that does not follow the one before", at);
    }
    state.next = number;
    state.offset += bytes.length;
    state.hash ??= this.#createHash();
    state.hash.update(bytes);
    if (this.#keepsContent) {
      if (state.content) state.content.append(bytes);
      else state.content = new ByteBuilder(bytes);
    }
    if (!isLast) return;
    this.#messageBytes += state.offset;
    this.#pending.push({
      by: this.#role,
      connection,
      stream,
      number,
      sizeBytes: state.offset,
      sha256: Uint8Array.from(state.hash.digest()),
      isRepeat: number < state.seen,
      ...(state.content ? { content: state.content.finish() } : {}),
    });
    state.seen = Math.max(state.seen, number + 1);
    state.next = number + 1;
    state.offset = 0;
    state.hash = state.content = undefined;
  }

  #addReceipt(stream: number, count: number): void {
    const before = this.#pendingReceipts.get(stream) ?? 0;
    if (before === 0) this.#assertRoom(this.#pendingReceipts);
    this.#pendingReceipts.set(stream, Math.max(before, count));
  }

  #stateOf(stream: number): StreamState {
    let state = this.#streams.get(stream);
    if (!state) {
      this.#assertRoom(this.#streams);
      state = { next: undefined, seen: 0, offset: 0, hash: undefined, content: undefined };
      this.#streams.set(stream, state);
    }
    return state;
  }

  #assertRoom(map: ReadonlyMap<number, unknown>): void {
    if (map.size < MAX_STREAMS) return;
    throw new LimitError("M2M_OUTPUT_TOO_LARGE", `The transcript has more than ${MAX_STREAMS} streams.`);
  }
}
