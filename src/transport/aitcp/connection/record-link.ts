import { M2MError } from "../../../shared/errors.js";
import type { AiTcpCrypto } from "../crypto/index.js";
import {
  PING_BYTES,
  readRecord,
  type RecordWriter,
  type StreamFrame,
  type TicketFrame,
} from "../frames/index.js";
import type { Established } from "../handshake/index.js";
import {
  type PacketHead,
  PacketOpener,
  PacketSealer,
  paddedLength,
  type EpochLimits,
  type OpenedPacket,
} from "../protection/index.js";
import type { TurnSigner, TurnVerifier } from "../turn/index.js";
import { CLOSE_CODES, closedError, closeReasonOf, connectionLost, type CloseReason } from "./close-codes.js";
import { Liveness } from "./liveness.js";
import type { PacketPipe } from "./packet-pipe.js";

/** What a link carries, and whom it tells. */
export interface LinkOwner {
  /** Writes frames; nothing if there is nothing to say. */
  fill(writer: RecordWriter): void;
  /** Takes frames, in order. What it throws ends the session. */
  onFrame(frame: StreamFrame | TicketFrame): void;
  /** All frames that had come were told. */
  onBatch(): void;
  /** The connection is over. Told once. */
  onEnd(end: LinkEnd): void;
}

/** How a connection ended. */
export interface LinkEnd {
  /** The session is over too; else it waits for another connection. */
  readonly isFinal: boolean;
  /** Absent for a good end. */
  readonly error?: Error;
}

export interface RecordLinkOptions {
  readonly pipe: PacketPipe;
  readonly established: Established;
  readonly crypto: AiTcpCrypto;
  /** For one record at a time: links may share it. */
  readonly writer: RecordWriter;
  /** For one packet at a time: links may share it. */
  readonly head: PacketHead;
  readonly signer: TurnSigner;
  readonly verifier: TurnVerifier;
  /** After how long without a packet the connection is dead, in milliseconds. */
  readonly idleMs: number;
  /** Default: those of the specification. */
  readonly epochLimits?: EpochLimits;
  /** In milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** How long the peer may take to read what stands before the end of a connection. */
const LINGER_MS = 2_000;

/** One connection after its handshake: records to packets and back, signed, sealed, numbered and kept alive. */
export class RecordLink {
  readonly #options: RecordLinkOptions;
  readonly #pipe: PacketPipe;
  readonly #sealer: PacketSealer;
  readonly #opener: PacketOpener;
  readonly #pongs: Uint8Array[] = [];
  #owner: LinkOwner | undefined;
  #liveness: Liveness | undefined;
  #first: OpenedPacket | undefined;
  #isPingDue = false;
  #isWoken = false;
  #isOver = false;
  #turnTimer: NodeJS.Timeout | undefined;

  constructor(options: RecordLinkOptions) {
    const { pipe, established, crypto, head, epochLimits } = options;
    const { secrets, role, localEphemeral, peerEphemeral } = established;
    const isInitiator = role === "initiator";
    this.#options = options;
    this.#pipe = pipe;
    this.#sealer = new PacketSealer({
      trafficSecret: isInitiator ? secrets.initiatorTraffic : secrets.responderTraffic,
      ephemeralKey: localEphemeral,
      crypto,
      head,
      limits: epochLimits,
    });
    this.#opener = new PacketOpener({
      trafficSecret: isInitiator ? secrets.responderTraffic : secrets.initiatorTraffic,
      peerEphemeralKey: peerEphemeral,
      crypto,
      head,
    });
    secrets.initiatorTraffic.fill(0);
    secrets.responderTraffic.fill(0);
  }

  /** Whether it carries no more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Opens the packet by which the initiator confirms the handshake; `start` takes up what is in it. @throws {M2MError} if it does not */
  confirm(packet: Uint8Array): void {
    this.#first = this.#opener.open(packet, this.#options.nowMs());
  }

  /** Carries from now on. */
  start(owner: LinkOwner): void {
    const { established, idleMs, nowMs } = this.#options;
    this.#owner = owner;
    this.#liveness = new Liveness({
      idleMs,
      peerIdleMs: established.agreed.peerIdleMs,
      nowMs,
      onSilent: () => this.#lose(new Error("the peer is silent")),
      onQuiet: () => {
        this.#isPingDue = true;
        this.wake();
      },
    });
    const first = this.#first;
    this.#first = undefined;
    this.#pipe.attach({
      onPacket: (packet) => this.#receive(() => this.#opener.open(packet, nowMs())),
      onBatch: () => this.#owner?.onBatch(),
      onDrain: () => this.wake(),
      onEnd: (error) => this.#lose(error),
    });
    if (first) {
      this.#receive(() => first);
      this.#owner?.onBatch();
    }
    // An initiator has to say something before the responder may.
    if (established.role === "initiator") this.#isPingDue = true;
    this.wake();
  }

  /** There is something to send: it goes out at the end of this turn of the event loop, with what else there is by then. */
  wake(): void {
    if (this.#isWoken || this.#isOver) return;
    this.#isWoken = true;
    setImmediate(() => {
      this.#isWoken = false;
      this.#flush();
    });
  }

  /** Begins the next epoch of what is sent. */
  rekey(): void {
    this.#sealer.rekey();
  }

  /** Ends the turn: what was sent is signed. */
  endTurn(): void {
    this.#options.signer.ask();
    this.wake();
  }

  /** Ends the session behind what is to be sent. Nothing is told any more. */
  close(reason: CloseReason, text: string): void {
    if (this.#isOver) return;
    this.#flush();
    this.#sendLast(reason, text);
    this.#finish();
    this.#linger();
  }

  /** Ends the connection, not the session. Nothing is told any more. */
  abandon(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#pipe.destroy();
  }

  #flush(): void {
    const owner = this.#owner;
    const { signer, writer, nowMs } = this.#options;
    while (owner && !this.#isOver && !this.#pipe.isFull) {
      writer.reset();
      this.#writeOwn(writer);
      owner.fill(writer);
      if (writer.length === 0 && !signer.isDue(nowMs())) break;
      this.#seal(writer);
    }
  }

  #writeOwn(writer: RecordWriter): void {
    for (const pong of this.#pongs.splice(0)) writer.pong(pong);
    if (!this.#isPingDue) return;
    this.#isPingDue = false;
    writer.ping(this.#options.crypto.randomBytes(PING_BYTES));
  }

  #seal(writer: RecordWriter): void {
    const { established, signer, nowMs } = this.#options;
    const now = nowMs();
    signer.add(writer.turnFrames, writer.messages, now);
    let signature: Uint8Array | undefined;
    if (signer.isDue(now)) {
      const turn = signer.end(now);
      writer.turnEnd(turn.number, turn.timeMs);
      signature = turn.signature;
      clearTimeout(this.#turnTimer);
      this.#turnTimer = undefined;
    } else if (signer.dueMs !== undefined) {
      this.#turnTimer ??= setTimeout(() => this.wake(), Math.max(0, signer.dueMs - now) + 1);
    }
    if (established.agreed.isPadded) writer.pad(paddedLength(writer.length));
    for (const chunk of this.#sealer.sealChunks(writer.record, now, signature)) this.#pipe.write(chunk);
    this.#liveness?.sent(now);
  }

  #receive(open: () => OpenedPacket): void {
    if (this.#isOver) return;
    let opened: OpenedPacket;
    try {
      opened = open();
    } catch (error) {
      // Anybody on the way can have sent that: it ends the connection, and the session goes on with another one.
      this.#lose(error as Error);
      return;
    }
    try {
      this.#take(opened);
    } catch (error) {
      this.#fail(error);
    }
  }

  #take({ record, signature }: OpenedPacket): void {
    const { verifier, nowMs } = this.#options;
    this.#liveness?.received(nowMs());
    const { frames, turnBytes, turnEnd } = readRecord(record);
    verifier.add(record.subarray(0, turnBytes));
    if (turnEnd) verifier.end(turnEnd, signature);
    for (const frame of frames) {
      if (this.#isOver) return;
      switch (frame.type) {
        case "ping":
          this.#pongs.push(frame.bytes);
          this.wake();
          break;
        case "pong":
          break;
        case "close":
          this.#end({ isFinal: true, error: closedError(frame.code, frame.text) });
          this.#pipe.end();
          this.#linger();
          return;
        default:
          this.#owner?.onFrame(frame);
      }
    }
  }

  /** The peer breaks the rules, or this side has a defect: the session is over. */
  #fail(error: unknown): void {
    if (this.#isOver) return;
    const text = error instanceof M2MError ? error.message : "";
    this.#sendLast(closeReasonOf(error), text);
    this.#end({ isFinal: true, error: error as Error });
    this.#linger();
  }

  #sendLast(reason: CloseReason, text: string): void {
    const { signer, writer } = this.#options;
    writer.reset();
    writer.close(CLOSE_CODES[reason], text);
    signer.ask();
    try {
      this.#seal(writer);
    } catch {
      // The counter may be at its end: the peer sees a loss.
    }
    this.#pipe.end();
  }

  #lose(cause: Error | undefined): void {
    if (this.#isOver) return;
    this.#end({ isFinal: false, error: connectionLost(cause) });
    this.#pipe.destroy();
  }

  #end(end: LinkEnd): void {
    const owner = this.#owner;
    this.#finish();
    owner?.onEnd(end);
  }

  #finish(): void {
    this.#isOver = true;
    this.#owner = undefined;
    this.#liveness?.stop();
    clearTimeout(this.#turnTimer);
    this.#sealer.destroy();
    this.#opener.destroy();
  }

  #linger(): void {
    setTimeout(() => this.#pipe.destroy(), LINGER_MS).unref();
  }
}
