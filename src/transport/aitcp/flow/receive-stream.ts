import { InputError, LimitError } from "../../../shared/errors.js";
import type { EndFrame, MessageFrame } from "../frames/index.js";
import { ReceiveCredit, unexpected, type Reception } from "./credit.js";
import { Deque } from "./deque.js";

import { PartialMessage } from "./partial-message.js";
import { MESSAGE_COST, type FlowSettings } from "./settings.js";

/** What a receiver knows of a stream that a process before it has received. */
export interface ReceivedBefore {
  readonly received: number;
  readonly taken: number;
  readonly hasEnd: boolean;
}

/** The receiving half of a stream: messages until the application has taken them. */
export class ReceiveStream {
  readonly id: number;
  readonly credit: ReceiveCredit;
  readonly #own: FlowSettings;
  readonly #session: Reception;
  /** Whole messages from number `#taken` on. */
  readonly #messages = new Deque<Uint8Array>();
  #partial: PartialMessage | undefined;
  /** What messages that are here cost, whole or in part. */
  #held = 0;
  #received = 0;
  /** Messages that the application was given, and that it has said to have taken. */
  #given = 0;
  #taken = 0;
  /** What the peer was told of `#taken`. */
  #told = 0;
  #endCount: number | undefined;
  /**
   * From this number on, what was received before the next message has gone with another process untaken. The peer is told so with
   * each connection, until a message shows that it knows.
   */
  #lostFrom: number | undefined;
  /** Has the favour of going on above the window (docs/spec/aitcp.md, Credit). */
  isFavoured = false;

  constructor(id: number, own: FlowSettings, session: Reception, before?: ReceivedBefore) {
    this.id = id;
    this.#own = own;
    this.#session = session;
    this.credit = new ReceiveCredit(own.streamWindow);
    if (!before) return;
    const { received, taken, hasEnd } = before;
    this.#received = this.#given = this.#taken = received;
    if (taken < received) this.#lostFrom = taken;
    if (hasEnd) this.#endCount = received;
  }

  get received(): number {
    return this.#received;
  }
  /** Of what was received, up to where the peer may count it as taken. */
  get taken(): number {
    return this.#lostFrom ?? this.#taken;
  }
  get isLost(): boolean {
    return this.#lostFrom !== undefined;
  }
  get hasEnd(): boolean {
    return this.#endCount !== undefined;
  }
  /** END was received, and the application was given all. */
  get isRead(): boolean {
    return this.#given === this.#endCount;
  }
  /** All was received and taken, and the peer was told. */
  get isOver(): boolean {
    return this.#told === this.#endCount;
  }
  /** All that is here is a message in part. */
  get isPartial(): boolean {
    return this.#partial !== undefined && this.#messages.length === 0;
  }
  get ackDue(): number | undefined {
    return this.#told < this.#taken ? this.#taken : undefined;
  }
  get creditDue(): number | undefined {
    return this.hasEnd ? undefined : this.credit.due(this.room);
  }

  /**
   * @returns whether a message is whole now
   * @throws {ProtocolError} `M2M_FRAME_UNEXPECTED` out of order; {LimitError} `M2M_CREDIT_EXCEEDED`
   */
  accept(frame: MessageFrame): boolean {
    const cost = costOf(frame);
    this.#assertFits(frame);
    this.#lostFrom = undefined;
    this.credit.accept(cost);
    this.#session.credit.accept(cost);
    this.#hold(cost);
    if (frame.isLast) {
      this.#finish(frame.bytes);
      return true;
    }
    if (this.#partial) this.#partial.append(frame.bytes);
    else this.#partial = new PartialMessage(frame.bytes);
    return false;
  }

  /** A whole message that costs no credit. @throws as `accept` */
  acceptEarly(frame: MessageFrame): void {
    this.#assertFits(frame);
    if (!frame.isLast) unexpected("An early message is not whole.");
    this.#hold(costOf(frame));
    this.#finish(frame.bytes);
  }

  /** @throws {ProtocolError} `M2M_FRAME_UNEXPECTED` if it is not the end of what has come */
  end({ count }: EndFrame): void {
    if (this.hasEnd || this.#partial || count !== this.#received) {
      unexpected(`The end of stream ${this.id} does not fit what has come of it.`);
    }
    this.#endCount = count;
    this.#lostFrom = undefined;
  }

  /** The next message, in order. */
  take(): Uint8Array | undefined {
    const message = this.#messages.at(this.#given - this.#taken);
    if (message) this.#given++;
    return message;
  }

  /** The application has taken the messages up to number `count` - 1. @throws {InputError} `M2M_USAGE` if it was not given them */
  acknowledge(count: number): void {
    if (!(count <= this.#given && Number.isSafeInteger(count))) {
      throw new InputError("M2M_USAGE", `Stream ${this.id} has given ${this.#given} messages, not ${count}.`);
    }
    while (this.#taken < count) {
      const message = this.#messages.shift();
      if (message) {
        this.#hold(-MESSAGE_COST - message.length);
        this.#session.addWholes(-1);
      }
      this.#taken++;
    }
  }

  told(count: number): void {
    this.#told = count;
  }

  #dropPartial(): void {
    if (!this.#partial) return;
    this.#hold(-MESSAGE_COST - this.#partial.length);
    this.#partial = undefined;
  }

  /** What has come of a message comes again from its start; what the peer was told may be lost. */
  connectionLost(): void {
    this.#dropPartial();
    this.#told = 0;
  }

  /** The peer was told by RESUMED how the stream stands. */
  resumed(limit: number): void {
    this.credit.restart(limit);
    this.#told = this.#taken;
  }

  /** The peer has ended the stream, though its END was lost. */
  finishAll(): void {
    this.#dropPartial();
    this.#endCount = this.#received;
    this.#told = this.#taken;
  }

  /** Lets go of all. What was taken stays taken, and may still have to be told. */
  abandon(): void {
    this.#dropPartial();
    this.#hold(-this.#held);
    this.#session.addWholes(-this.#messages.length);
    this.#messages.clear();
    this.#given = this.#received;
  }

  /** What there is room for. */
  get room(): number {
    const { window } = this.credit;
    return Math.max(window - this.#held, this.isFavoured ? window : 0);
  }

  #assertFits({ number, offset, bytes }: MessageFrame): void {
    if (this.hasEnd || number !== this.#received || offset !== (this.#partial?.length ?? 0)) {
      unexpected(`A message of stream ${this.id} does not follow what has come of it.`);
    }
    if (offset + bytes.length > this.#own.messageBytes) {
      throw new LimitError("M2M_CREDIT_EXCEEDED", "The peer has sent a longer message than it may.");
    }
  }

  #finish(last: Uint8Array): void {
    let message: Uint8Array;
    if (this.#partial) {
      message = this.#partial.finish(last);
      this.#partial = undefined;
    } else message = this.#session.memory.keep(this.id, last);
    this.#messages.push(message);
    this.#received++;
    this.#session.addWholes(1);
  }

  #hold(cost: number): void {
    this.#held += cost;
    this.#session.held += cost;
  }
}

/** What a part costs of the credit. */
export function costOf({ offset, bytes }: MessageFrame): number {
  return bytes.length + (offset === 0 ? MESSAGE_COST : 0);
}
