import type { AiTcpAgreement, AiTcpPeer } from "../handshake/index.js";
import type { SessionEnd } from "./session-end.js";
import type { AiTcpStream, ReceiveOptions, SessionCore, SessionState } from "../session/index.js";

/**
 * A secure session with a peer that has proven its identity. It outlives its connections: what was acknowledged is not lost, and
 * nothing comes twice.
 */
export class AiTcpSession implements AsyncIterable<AiTcpStream> {
  readonly #core: SessionCore;
  readonly #end: SessionEnd;

  constructor(core: SessionCore, end: SessionEnd) {
    this.#core = core;
    this.#end = end;
  }

  /** 32 hexadecimal digits. It is no secret, and no right to anything. */
  get id(): string {
    return this.#core.id;
  }
  get peer(): AiTcpPeer {
    return this.#core.peer;
  }
  get state(): SessionState {
    return this.#core.state;
  }
  /** What both sides have agreed on, at the present connection or the last. */
  get agreed(): AiTcpAgreement {
    const { agreed } = this.#core;
    if (!agreed) throw new Error("a session that is given has had a connection");
    return agreed;
  }
  /** Resolves when the session is over; rejects with what ended it, if that is no good end. */
  get closed(): Promise<void> {
    return this.#end.closed;
  }
  /** Bytes of messages that are not acknowledged, with what they cost beyond their bytes. */
  get queuedBytes(): number {
    return this.#core.streams.queuedBytes;
  }

  /** Whether streams take another message now. */
  get isWritable(): boolean {
    return this.#core.streams.isWritable;
  }

  /**
   * Opens a stream.
   * @throws {LimitError} `M2M_STREAMS_FULL`
   * @throws {ProtocolError} `M2M_PROTOCOL_STATE` if the session is over; what ended it
   */
  openStream(): AiTcpStream {
    return this.#core.open();
  }

  /** The next stream that the peer opens; `undefined` when the session is over. @throws what ended it, if that is no good end */
  acceptStream({ signal }: ReceiveOptions = {}): Promise<AiTcpStream | undefined> {
    return this.#core.accept(signal);
  }

  /** Streams that the peer opens, until the session is over. Throws as `acceptStream`. */
  [Symbol.asyncIterator](): AsyncIterator<AiTcpStream, undefined, undefined> {
    return {
      next: () => this.acceptStream().then(asResult),
    };
  }

  /** Ends this side's turn: what was sent is signed now, and not with what follows. */
  endTurn(): void {
    this.#core.endTurn();
  }

  /** Goes on with a new key for what is sent. It is done by itself after two minutes, and after 2^24 packets. */
  rekey(): void {
    this.#core.rekey();
  }

  /** Ends the session. What is not acknowledged is given up. */
  close(): void {
    this.#core.close("done", "");
  }
}

function asResult(stream: AiTcpStream | undefined): IteratorResult<AiTcpStream, undefined> {
  return stream ? { done: false, value: stream } : { done: true, value: undefined };
}
