import type { AlgorithmName } from "../codec/index.js";
import type { DataMessage, ReceivedData, Rejection } from "../session/index.js";
import { nothingSaid, refusalError } from "./failures.js";
import type { ReceivedItem } from "./received-queue.js";
import type { Deferred } from "./waiting.js";

/** A content that was handed over and is not yet acknowledged. */
export interface Sent {
  readonly content: string | Uint8Array;
  readonly algorithm?: AlgorithmName;
  /** As it goes over, numbered. */
  readonly message: DataMessage;
  /** What answers it is for whoever sent it, and for nobody else. */
  readonly wantsReply: boolean;
  /** Settled by the acknowledgement; holds the answer, if there is one and it is wanted. */
  readonly answer: Deferred<ReceivedData | undefined>;
}

/** What was sent and not yet acknowledged, by number. */
export class Outstanding {
  #sent = new Map<number, Sent>();
  #lastSequence = 0;

  get size(): number {
    return this.#sent.size;
  }

  /** In the order in which it was sent. */
  get all(): readonly Sent[] {
    return [...this.#sent.values()];
  }

  /** Numbers a message. */
  add(unnumbered: Sent): Sent {
    const sequence = ++this.#lastSequence;
    const sent = { ...unnumbered, message: { ...unnumbered.message, delivery: { sequence } } };
    this.#sent.set(sequence, sent);
    return sent;
  }

  has(sequence: number): boolean {
    return this.#sent.has(sequence);
  }

  /** Whoever sent it waits no longer. */
  drop({ answer }: Sent): void {
    for (const [sequence, sent] of this.#sent) if (sent.answer === answer) this.#sent.delete(sequence);
  }

  /**
   * Takes an acknowledgement.
   * @returns whether the item is for nobody in particular
   */
  settle(ack: number, rejection: Rejection | undefined, item: ReceivedItem | undefined): boolean {
    let isForAll = false;
    for (const [sequence, { answer, wantsReply }] of this.#sent) {
      if (sequence > ack) break;
      this.#sent.delete(sequence);
      const isLast = sequence === ack;
      if (isLast && rejection) answer.reject(refusalError(rejection));
      else if (!wantsReply) answer.resolve(undefined);
      else if (isLast && item?.data) answer.resolve(item.data);
      else answer.reject(item?.error ?? nothingSaid());
      if (isLast && !wantsReply) isForAll = item !== undefined;
    }
    return isForAll;
  }

  /** Takes all out; numbers begin again. For a session that begins anew. */
  restart(): readonly Sent[] {
    const { all } = this;
    this.#sent = new Map();
    this.#lastSequence = 0;
    return all;
  }

  failAll(error: unknown): void {
    for (const { answer } of this.restart()) answer.reject(error);
  }
}
