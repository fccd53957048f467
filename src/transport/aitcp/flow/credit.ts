import { LimitError, ProtocolError } from "../../../shared/errors.js";
import { MessageMemory } from "./message-memory.js";

/** What a sender may still send, of a stream or of the session. */
export class SendCredit {
  #limit = 0;
  #spent = 0;

  get room(): number {
    return this.#limit - this.#spent;
  }

  spend(cost: number): void {
    this.#spent += cost;
  }

  /** A limit that is not above the present one says nothing. @returns whether it was raised */
  raise(limit: number): boolean {
    if (limit <= this.#limit) return false;
    this.#limit = limit;
    return true;
  }

  /** A connection begins. */
  restart(limit: number): void {
    this.#limit = limit;
    this.#spent = 0;
  }
}

/** What a receiver has allowed, of a stream or of the session. */
export class ReceiveCredit {
  readonly #window: number;
  #received = 0;
  #allowed: number;

  constructor(window: number) {
    this.#window = window;
    this.#allowed = window;
  }

  get window(): number {
    return this.#window;
  }

  /** The limit that the peer was told. */
  get allowed(): number {
    return this.#allowed;
  }

  /** @throws {LimitError} `M2M_CREDIT_EXCEEDED` */
  accept(cost: number): void {
    if (cost > this.#allowed - this.#received) {
      throw new LimitError("M2M_CREDIT_EXCEEDED", "The peer has sent more than it had credit for.");
    }
    this.#received += cost;
  }

  /**
   * The limit that the peer should be told, or `undefined` if it is not worth a frame: small raises would make small parts.
   * @param room what there is room for
   */
  due(room: number): number | undefined {
    const limit = this.limitFor(room);
    return limit - this.#allowed >= this.#window >> 2 ? limit : undefined;
  }

  /** The peer was told a limit. */
  allow(limit: number): void {
    this.#allowed = limit;
  }

  /** The limit that leaves this much room, counted from the beginning of the connection. */
  limitFor(room: number): number {
    return this.#received + room;
  }

  /** A connection begins, and the peer knows this limit. */
  restart(limit: number): void {
    this.#received = 0;
    this.#allowed = limit;
  }
}

/** What the session has received and its application has not taken, over all streams. */
export class Reception {
  readonly credit: ReceiveCredit;
  /** What messages that are here cost, whole or in part. */
  held = 0;
  #wholes = 0;
  #memory: MessageMemory | undefined;

  constructor(window: number) {
    this.credit = new ReceiveCredit(window);
  }

  /** Whole messages. */
  get wholes(): number {
    return this.#wholes;
  }

  /** Messages have come, or less than none: have gone. */
  addWholes(count: number): void {
    this.#wholes += count;
    // What is left over is let go of: an idle session may stay so for long.
    if (this.#wholes === 0) this.#memory = undefined;
  }

  /** Where messages are that wait. */
  get memory(): MessageMemory {
    return (this.#memory ??= new MessageMemory());
  }

  /**
   * What there is room for. Without a whole message there is nothing that the application could take to make room: then half of the
   * window is kept free, for one of the messages that are here in part.
   */
  get room(): number {
    const { window } = this.credit;
    return Math.max(window - this.held, this.#wholes === 0 ? window >> 1 : 0);
  }
}

/** @throws {ProtocolError} `M2M_FRAME_UNEXPECTED` */
export function unexpected(message: string): never {
  throw new ProtocolError("M2M_FRAME_UNEXPECTED", message);
}
