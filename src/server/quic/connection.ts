import { OverheadBudget } from "./overhead.js";
import { bareAddress, type HostPort, type QuicheConnection } from "./quiche.js";
import { QuicStream } from "./stream.js";
import { QUIC_CODES, type QuicCode } from "./stream-codes.js";

/** What a connection needs of whom it belongs to. */
export interface ConnectionHost {
  readonly local: HostPort;
  readonly handshakeTimeoutMs: number;
  /** Asks for `turn` soon. */
  wake(connection: QuicConnection): void;
  send(datagram: Buffer, peer: HostPort): void;
  onStream(stream: QuicStream, connection: QuicConnection): void;
  /** The handshake is through, so the peer's address and the application protocol are what they say. */
  onEstablished(connection: QuicConnection): void;
  /** It is over, and all of its streams are. */
  onClosed(connection: QuicConnection): void;
}

/** Larger datagrams may not pass every path, and quiche 0.18 does not look for more (RFC 9000 section 14). */
export const MAX_DATAGRAM_BYTES = 1350;
/** Then others have their turn. */
const DATAGRAMS_PER_TURN = 64;
/** What has come is looked through for overhead in steps. */
const CHECK_BYTES = 64 * 1024;
const SCRATCH_BYTES = 64 * 1024;
/** TRANSPORT: no error (RFC 9000 section 20.1). */
const NO_ERROR = 0;

/**
 * One connection: bytes between quiche, which holds its state, and its streams. It does something in `receive` and in `turn`
 * only; the latter comes after `wake`, once for all that has come meanwhile.
 */
export class QuicConnection {
  readonly peer: HostPort;
  readonly #native: QuicheConnection;
  readonly #host: ConnectionHost;
  readonly #receiveInfo: { readonly from: HostPort; readonly to: HostPort };
  readonly #streams = new Map<number, QuicStream>();
  readonly #budget: OverheadBudget;
  readonly #startedAtMs = performance.now();
  readonly #scratch: Buffer;
  #contentBytes = 0;
  #uncheckedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  #isEstablished = false;
  #isClosed = false;

  constructor(native: QuicheConnection, peer: HostPort, host: ConnectionHost, scratch: Buffer) {
    this.#native = native;
    this.peer = peer;
    this.#host = host;
    this.#receiveInfo = { from: bareAddress(peer), to: bareAddress(host.local) };
    this.#budget = new OverheadBudget(this.#startedAtMs);
    this.#scratch = scratch;
  }

  static createScratch(): Buffer {
    return Buffer.allocUnsafe(SCRATCH_BYTES);
  }

  get isEstablished(): boolean {
    return this.#isEstablished;
  }
  /** Whether something of a stream waits to be sent. */
  get hasQueued(): boolean {
    for (const stream of this.#streams.values()) if (stream.hasQueued) return true;
    return false;
  }

  /** Takes a datagram of the peer; its bytes are overwritten. */
  receive(datagram: Buffer): void {
    if (this.#isClosed) return;
    try {
      this.#native.recv(datagram, this.#receiveInfo);
    } catch {
      // quiche has closed the connection, if it had to, and its reason is among what is sent next.
    }
    this.#uncheckedBytes += datagram.length;
    this.#host.wake(this);
  }

  /** Ends the connection; streams are cut. */
  close(code: QuicCode): void {
    try {
      this.#native.close(true, code, new Uint8Array());
    } catch {
      // It is closing already.
    }
    this.#host.wake(this);
  }

  /** Reads streams, writes streams, sends datagrams, and sets the timer. */
  turn(): void {
    if (this.#isClosed) return;
    if (!this.#native.isDraining() && !this.#native.isClosed()) {
      if (!this.#isEstablished && this.#native.isEstablished()) {
        this.#isEstablished = true;
        this.#host.onEstablished(this);
      }
      if (this.#isEstablished) this.#moveStreams();
      if (this.#uncheckedBytes >= CHECK_BYTES) this.#checkOverhead();
    }
    const hasMore = this.#sendDatagrams();
    if (this.#native.isClosed()) {
      this.#end();
      return;
    }
    if (this.#native.isDraining()) this.#dropStreams();
    if (hasMore) this.#host.wake(this);
    this.#setTimer();
  }

  /** Forgets the connection at once; what was to be sent is not sent. */
  destroy(): void {
    this.#end();
  }

  #moveStreams(): void {
    for (const id of this.#native.readable()) {
      this.#contentBytes += (this.#streams.get(id) ?? this.#open(id)).readAvailable(this.#scratch);
    }
    for (const stream of this.#streams.values()) {
      stream.writeQueued();
      if (stream.isClosed) this.#streams.delete(stream.id);
    }
  }

  #checkOverhead(): void {
    this.#uncheckedBytes = 0;
    const { recvBytes: received, sentBytes: sent } = this.#native.stats();
    const carried = { received, sent, content: this.#contentBytes };
    if (this.#budget.exceeds(carried, performance.now())) this.close(QUIC_CODES.excessive);
  }

  /** Unidirectional streams do not get here: quiche closes a connection that opens more than it was allowed, which is none. */
  #open(id: number): QuicStream {
    const stream = new QuicStream(id, this.#native, () => this.#host.wake(this));
    this.#streams.set(id, stream);
    this.#host.onStream(stream, this);
    return stream;
  }

  /** @returns whether there may be more. */
  #sendDatagrams(): boolean {
    for (let count = 0; count < DATAGRAMS_PER_TURN; count++) {
      // The socket keeps the bytes for a while, so each datagram has its own.
      const datagram = Buffer.allocUnsafe(MAX_DATAGRAM_BYTES);
      let length: number;
      try {
        const result = this.#native.send(datagram);
        if (result === null) return false;
        [length] = result;
      } catch {
        return false;
      }
      this.#host.send(datagram.subarray(0, length), this.peer);
    }
    return true;
  }

  #setTimer(): void {
    const nowMs = performance.now();
    let atMs = nowMs + (this.#native.timeout() ?? Infinity);
    if (!this.#isEstablished) atMs = Math.min(atMs, this.#startedAtMs + this.#host.handshakeTimeoutMs);
    // A timer that goes off too early sets itself again, which costs less than setting it anew for each datagram.
    if (atMs === Infinity || this.#timerAtMs <= atMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    // quiche rounds down.
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(1, Math.ceil(atMs - nowMs) + 1));
  }

  #onTimer(): void {
    this.#timerAtMs = Infinity;
    if (this.#isClosed) return;
    if (!this.#isEstablished && performance.now() - this.#startedAtMs >= this.#host.handshakeTimeoutMs) {
      this.#abandonHandshake();
      return;
    }
    this.#native.onTimeout();
    this.#host.wake(this);
  }

  /** A peer that does not come to an end may never have been there: it is told once, and nothing is kept. */
  #abandonHandshake(): void {
    try {
      this.#native.close(false, NO_ERROR, new Uint8Array());
    } catch {
      // It is closing already.
    }
    this.#sendDatagrams();
    this.#end();
  }

  #dropStreams(): void {
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#dropStreams();
    this.#host.onClosed(this);
  }
}
