import type { ReceiveStream } from "./receive-stream.js";
import type { SendStream } from "./send-stream.js";

/** Both halves of a stream, and what is to be done about it. */
export class Stream {
  readonly id: number;
  /** This side has opened it. */
  readonly isOwn: boolean;
  readonly send: SendStream;
  readonly receive: ReceiveStream;
  /** The code, if this side gives the stream up, or answers that the peer does. */
  resetCode: number | undefined;
  isResetWritten = false;
  isPeerReset = false;
  /** Nothing is to be said about it any more. */
  isForgotten = false;
  /** It counts as open. */
  isCounted = true;
  /** The peer has listed it since the connection began. */
  isListed = false;
  /** Early frames of this connection have opened it: neither side tells of it, and the responder may answer at once. */
  isFresh = false;
  /** It stands in the queue of those with messages, or with an ACK or a CREDIT, to write. */
  isReady = false;
  isControlQueued = false;
  /** Its next part has to wait for the stream's credit. */
  isBlocked = false;

  constructor(isOwn: boolean, send: SendStream, receive: ReceiveStream) {
    this.id = send.id;
    this.isOwn = isOwn;
    this.send = send;
    this.receive = receive;
  }

  /** What was told is not known to have come. */
  connectionLost(): void {
    this.send.connectionLost();
    this.receive.connectionLost();
    // A peer that goes on in another process may have forgotten that it gave the stream up; it tells anew.
    this.isListed = this.isFresh = this.isBlocked = this.isResetWritten = this.isPeerReset = false;
  }

  get isGivenUp(): boolean {
    return this.resetCode !== undefined;
  }

  /** There is nothing more to say about it, and nothing more will be heard. */
  get isOver(): boolean {
    return this.isGivenUp ? this.isResetWritten && this.isPeerReset : this.send.isOver && this.receive.isOver;
  }
}
