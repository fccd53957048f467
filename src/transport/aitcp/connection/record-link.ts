import { IntegrityError, LimitError, M2MError } from "../../../shared/errors.js";
import type { AiTcpCrypto } from "../crypto/index.js";
import {
  PING_BYTES,
  readRecord,
  type PingFrame,
  type RecordWriter,
  type StreamFrame,
  type TicketFrame,
} from "../frames/index.js";
import { refusedError, type Established } from "../handshake/index.js";
import type { Identity } from "../identity/index.js";
import { readPacket } from "../packet/index.js";
import {
  PacketOpener,
  PacketSealer,
  paddedLength,
  type EpochLimits,
  type OpenedPacket,
} from "../protection/index.js";
import { TurnSigner, TurnVerifier, type Role, type TranscriptWriter, type TurnScope } from "../turn/index.js";
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
  /** What the session writes down of what is said and signed. */
  readonly transcript?: TranscriptWriter;
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
  /** Of this side: it signs what is sent. */
  readonly identity: Identity;
  /** After how long without a packet the connection is dead, in milliseconds. */
  readonly idleMs: number;
  /** Default: those of the specification. */
  readonly epochLimits?: EpochLimits;
  /** In milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** How long the peer may take to read what stands before the end of a connection. */
const LINGER_MS = 2_000;
/** Answers to PING that wait. */
const MAX_PONGS = 16;

/** One connection after its handshake: records to packets and back, signed, sealed, numbered and kept alive. */
export class RecordLink {
  readonly #options: RecordLinkOptions;
  readonly #pipe: PacketPipe;
  readonly #sealer: PacketSealer;
  readonly #opener: PacketOpener;
  readonly #signer: TurnSigner;
  readonly #verifier: TurnVerifier;
  readonly #pongs: Uint8Array[] = [];
  #owner: LinkOwner | undefined;
  #liveness: Liveness | undefined;
  #first: OpenedPacket | undefined;
  /** The number of the next packet of the peer. */
  #nextSequence = 0;
  #isPingDue = false;
  #isWoken = false;
  #isOver = false;
  /** The peer has shown that it has the keys. */
  #isConfirmed = false;
  /** What a responder says of the last message of the handshake, if it does not like it. */
  #refusal: M2MError | undefined;
  #turnTimer: NodeJS.Timeout | undefined;

  constructor(options: RecordLinkOptions) {
    const { pipe, established, crypto, epochLimits } = options;
    const { secrets, role, localEphemeral, peerEphemeral } = established;
    const isInitiator = role === "initiator";
    this.#options = options;
    this.#pipe = pipe;
    this.#sealer = new PacketSealer({
      trafficSecret: isInitiator ? secrets.initiatorTraffic : secrets.responderTraffic,
      ephemeralKey: localEphemeral,
      crypto,
      limits: epochLimits,
    });
    this.#opener = new PacketOpener({
      trafficSecret: isInitiator ? secrets.responderTraffic : secrets.initiatorTraffic,
      peerEphemeralKey: peerEphemeral,
      crypto,
    });
    secrets.initiatorTraffic.fill(0);
    secrets.responderTraffic.fill(0);
    const turns = {
      mode: established.agreed.signatures,
      scope: this.#scope(),
      createHash: () => crypto.createSha256(),
    };
    const sign = (bytes: Uint8Array): Uint8Array => options.identity.sign(bytes);
    const verify = crypto.verify.bind(crypto);
    this.#signer = new TurnSigner({ ...turns, role, sign });
    this.#verifier = new TurnVerifier({ ...turns, role: this.#peerRole, verify });
  }

  get #peerRole(): Role {
    return this.#options.established.role === "initiator" ? "responder" : "initiator";
  }

  #scope(): TurnScope {
    const { established, identity } = this.#options;
    const { handshakeHash, peer, role } = established;
    const [initiator, responder] =
      role === "initiator" ? [identity.publicKey, peer.identity] : [peer.identity, identity.publicKey];
    return { handshakeHash, initiator, responder };
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
    owner.transcript?.open(this.#scope(), established.agreed.signatures, nowMs());
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
    // What follows it may have come already.
    if (first) {
      this.#receive(() => first);
      this.#owner?.onBatch();
    }
    this.#pipe.attach({
      onPacket: (packet) => this.#receive(() => this.#open(packet)),
      onBatch: () => this.#owner?.onBatch(),
      onDrain: () => this.wake(),
      onEnd: (error) => this.#lose(error),
    });
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
      this.#tryFlush();
    });
  }

  /** Begins the next epoch of what is sent. */
  rekey(): void {
    this.#sealer.rekey();
  }

  /** Ends the turn: what was sent is signed. */
  endTurn(): void {
    this.#signer.want();
    this.wake();
  }

  /** Ends the session behind what is to be sent. Nothing is told any more. */
  close(reason: CloseReason, text: string): void {
    if (this.#isOver) return;
    this.#tryFlush();
    if (this.#isOver) return;
    this.#sendLast(reason, text);
    this.#finish(true);
    this.#linger();
  }

  /** Ends the connection, not the session. Nothing is told any more. */
  abandon(): void {
    if (this.#isOver) return;
    this.#finish(false);
    this.#pipe.destroy();
  }

  #tryFlush(): void {
    try {
      this.#flush();
    } catch (error) {
      // The counter of packets is at its end: another connection of the session begins anew.
      if (error instanceof LimitError) this.#lose(error);
      else this.#fail(error);
    }
  }

  #flush(): void {
    const owner = this.#owner;
    const { writer, nowMs } = this.#options;
    const signer = this.#signer;
    while (owner && !this.#isOver && !this.#pipe.isFull) {
      writer.reset();
      this.#writeOwn(writer);
      owner.fill(writer);
      // Without anything to say, a turn may be due that was not signed.
      if (writer.length === 0 && !(signer.dueAtMs !== undefined && signer.isDue(nowMs()))) break;
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
    const { established, nowMs } = this.#options;
    const signer = this.#signer;
    const transcript = this.#owner?.transcript;
    const now = nowMs();
    signer.add(writer.turnFrames, writer.messages, now);
    transcript?.frames(established.role, writer.turnFrames);
    let signature: Uint8Array | undefined;
    if (signer.isDue(now)) {
      const turn = signer.end(now);
      writer.turnEnd(turn.number, turn.timeMs);
      signature = turn.signature;
      transcript?.turn(established.role, turn);
      clearTimeout(this.#turnTimer);
      this.#turnTimer = undefined;
    } else if (signer.dueAtMs !== undefined) {
      this.#turnTimer ??= setTimeout(() => this.wake(), Math.max(0, signer.dueAtMs - now) + 1);
    }
    if (established.agreed.isPadded) writer.pad(paddedLength(writer.length));
    this.#pipe.write(this.#sealer.seal(writer.record, now, signature));
    this.#liveness?.sent(now);
  }

  #receive(open: () => OpenedPacket): void {
    if (this.#isOver) return;
    let opened: OpenedPacket;
    try {
      opened = open();
      this.#assertNext(opened.sequence);
    } catch (error) {
      // Anybody on the way can have sent that: it ends the connection, and the session goes on with another one.
      this.#lose(error as Error);
      return;
    }
    this.#isConfirmed = true;
    try {
      this.#take(opened);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @throws {M2MError} what a responder says of the last message of the handshake; what opening throws */
  #open(bytes: Uint8Array): OpenedPacket {
    if (!this.#isConfirmed && this.#options.established.role === "initiator") {
      const packet = readPacket(bytes);
      if (packet.kind === "refusal") throw (this.#refusal = refusedError(packet.payload?.[0]));
    }
    return this.#opener.open(bytes, this.#options.nowMs());
  }

  /** A stream of bytes keeps the order: a gap means that somebody on the way has taken packets out. @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED` */
  #assertNext(sequence: number): void {
    if (sequence === this.#nextSequence++) return;
    throw new IntegrityError("M2M_AUTHENTICATION_FAILED", "A packet before this one has not come.");
  }

  #take({ record, signature }: OpenedPacket): void {
    const { nowMs } = this.#options;
    this.#liveness?.received(nowMs());
    const content = readRecord(record);
    const { frames, turnBytes, turnEnd } = content;
    this.#verifier.accept(record, content, signature);
    const transcript = this.#owner?.transcript;
    transcript?.frames(this.#peerRole, record.subarray(0, turnBytes));
    if (turnEnd) transcript?.turn(this.#peerRole, { ...turnEnd, signature });
    for (const frame of frames) {
      if (this.#isOver) return;
      if (frame.type === "ping") {
        this.#takePing(frame);
      } else if (frame.type === "close") {
        this.#end({ isFinal: true, error: closedError(frame.code, frame.text) });
        this.#pipe.end();
        this.#linger();
      } else if (frame.type !== "pong") {
        this.#owner?.onFrame(frame);
      }
    }
  }

  #takePing({ bytes }: PingFrame): void {
    // A peer that asks more often than it reads answers is told the last ones: memory is bounded.
    this.#pongs.push(Uint8Array.from(bytes));
    if (this.#pongs.length > MAX_PONGS) this.#pongs.shift();
    this.wake();
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
    const { writer } = this.#options;
    writer.reset();
    writer.close(CLOSE_CODES[reason], text);
    this.#signer.want();
    try {
      this.#seal(writer);
    } catch {
      // The counter may be at its end: the peer sees a loss.
    }
    this.#pipe.end();
  }

  #lose(cause: Error | undefined): void {
    if (this.#isOver) return;
    this.#end({ isFinal: false, error: this.#refusal ?? connectionLost(cause) });
    this.#pipe.destroy();
  }

  #end(end: LinkEnd): void {
    const owner = this.#owner;
    this.#finish(end.isFinal);
    owner?.onEnd(end);
  }

  /** @param isClosed the session is over, by a CLOSE of either side */
  #finish(isClosed: boolean): void {
    this.#owner?.transcript?.end(isClosed);
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
