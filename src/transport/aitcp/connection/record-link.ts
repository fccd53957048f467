import { IntegrityError, LimitError, M2MError } from "../../../shared/errors.js";
import type { AiTcpCrypto } from "../crypto/index.js";
import { PING_BYTES, readRecord, type PingFrame, type RecordWriter } from "../frames/index.js";
import { isRefusal, refusedError, type AiTcpAgreement } from "../handshake/index.js";
import { readPacket } from "../packet/index.js";
import { PacketOpener, PacketSealer, paddedLength, type OpenedPacket } from "../protection/index.js";
import { TurnSigner, turnUnsigned, TurnVerifier, type Role, type TurnScope } from "../turn/index.js";
import { CLOSE_CODES, closedError, closeReasonOf, connectionLost, type CloseReason } from "./close-codes.js";
import type { LinkEnd, LinkOwner, RecordLinkOptions } from "./link-contract.js";
import { Liveness, type LivenessOwner } from "./liveness.js";
import type { PacketPipe, PipeEvents } from "./packet-pipe.js";
import { Throttle } from "./throttle.js";
import { scopeOf } from "./turn-scope.js";

/** How long the peer may take to read what stands before the end of a connection. */
const LINGER_MS = 2_000;
/** Answers to PING that wait. */
const MAX_PONGS = 16;

/** One connection after its handshake: records to packets and back, signed, sealed, numbered and kept alive. */
export class RecordLink implements PipeEvents, LivenessOwner {
  readonly #crypto: AiTcpCrypto;
  readonly #writer: RecordWriter;
  readonly #nowMs: () => number;
  readonly #monotonicMs: () => number;
  readonly #idleMs: number;
  readonly #role: Role;
  readonly #agreed: AiTcpAgreement;
  readonly #scope: TurnScope;
  readonly #pipe: PacketPipe;
  readonly #sealer: PacketSealer;
  readonly #opener: PacketOpener;
  readonly #signer: TurnSigner;
  readonly #verifier: TurnVerifier;
  #pongs: Uint8Array[] | undefined;
  #owner: LinkOwner | undefined;
  #liveness: Liveness | undefined;
  #first: OpenedPacket | undefined;
  /** Frames that came with the handshake. */
  #early: Uint8Array | undefined;
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
  readonly #throttle: Throttle | undefined;

  constructor(options: RecordLinkOptions) {
    const { pipe, established, crypto, head, epochLimits, peerLimit } = options;
    const { secrets, role, agreed, localEphemeral, peer, peerEphemeral } = established;
    const isInitiator = role === "initiator";
    this.#crypto = crypto;
    this.#writer = options.writer;
    this.#nowMs = options.nowMs;
    this.#monotonicMs = options.monotonicMs;
    this.#idleMs = options.idleMs;
    this.#role = role;
    this.#agreed = agreed;
    this.#early = established.early;
    this.#scope = scopeOf(established, options.identity);
    this.#pipe = pipe;
    if (peerLimit) this.#throttle = new Throttle(peerLimit, Buffer.from(peer.identity).toString("hex"), pipe);
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
    const turns = { ...options.signing, mode: agreed.signatures, scope: this.#scope };
    this.#signer = new TurnSigner({ ...turns, role });
    this.#verifier = new TurnVerifier({ ...turns, role: this.#peerRole });
  }

  get #peerRole(): Role {
    return this.#role === "initiator" ? "responder" : "initiator";
  }

  /** Whether it carries no more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Opens the packet by which the initiator confirms the handshake; `start` takes up what is in it. @throws {M2MError} if it does not */
  confirm(packet: Uint8Array): void {
    const first = this.#opener.open(packet, this.#monotonicMs());
    this.#assertNext(first.sequence);
    this.#first = first;
  }

  /** Carries from now on. */
  start(owner: LinkOwner): void {
    const { signatures, peerIdleMs } = this.#agreed;
    this.#owner = owner;
    owner.transcript?.open(this.#scope, signatures, this.#unixMs());
    this.#takeEarly(owner);
    this.#liveness = new Liveness({
      owner: this,
      idleMs: this.#idleMs,
      peerIdleMs,
      nowMs: this.#monotonicMs,
    });
    const first = this.#first;
    this.#first = undefined;
    // What follows it may have come already.
    if (first) {
      this.#confirmed();
      this.#tryTake(first);
      this.#owner?.onBatch();
    }
    this.#pipe.attach(this);
    // An initiator has to say something before the responder may.
    if (this.#role === "initiator") this.#isPingDue = true;
    this.wake();
  }

  /** Early frames are signed as those of the first record are. */
  #takeEarly({ transcript }: LinkOwner): void {
    const early = this.#early;
    this.#early = undefined;
    if (!early) return;
    if (this.#role === "initiator") this.#signer.add(early, 0, this.#monotonicMs());
    else this.#verifier.add(early, 0);
    transcript?.frames("initiator", early);
  }

  /** For the pipe. */
  onBatch(bytes: number): void {
    this.#owner?.onBatch();
    if (!this.#isOver) this.#throttle?.took(bytes);
  }

  /** For the pipe. */
  onDrain(): void {
    this.wake();
  }

  /** For the pipe. */
  onEnd(error: Error | undefined): void {
    this.#lose(error);
  }

  /** For `Liveness`. */
  get isReading(): boolean {
    return !this.#throttle?.isHolding;
  }

  /** For `Liveness`. */
  onSilent(): void {
    this.#lose(new Error("the peer is silent"));
  }

  /** For `Liveness`. */
  onQuiet(): void {
    this.#isPingDue = true;
    this.wake();
  }

  /** For `Liveness`. */
  onCheck(nowMs: number, intervalMs: number): void {
    if (this.#verifier.isOverdue(this.isReading, nowMs, intervalMs))
      this.#fail(turnUnsigned("A turn does not end"));
  }

  /** There is something to send: it goes out at the end of this turn of the event loop, with what else there is by then. */
  wake(): void {
    if (this.#isWoken || this.#isOver) return;
    this.#isWoken = true;
    setImmediate(RecordLink.#flushWoken, this);
  }

  static #flushWoken(this: void, link: RecordLink): void {
    link.#isWoken = false;
    link.#tryFlush();
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
    const writer = this.#writer;
    const signer = this.#signer;
    while (owner && !this.#isOver && !this.#pipe.isFull) {
      writer.reset();
      this.#writeOwn(writer);
      owner.fill(writer);
      // Without anything to say, a turn may be due that was not signed.
      if (writer.length === 0 && !(signer.dueAtMs !== undefined && signer.isDue(this.#monotonicMs()))) break;
      this.#seal(writer);
    }
  }

  #unixMs(): number {
    return Math.floor(this.#nowMs());
  }

  #writeOwn(writer: RecordWriter): void {
    for (const pong of this.#pongs ?? []) writer.pong(pong);
    this.#pongs = undefined;
    if (!this.#isPingDue) return;
    this.#isPingDue = false;
    writer.ping(this.#crypto.randomBytes(PING_BYTES));
  }

  #seal(writer: RecordWriter): void {
    const signer = this.#signer;
    const transcript = this.#owner?.transcript;
    const now = this.#monotonicMs();
    signer.add(writer.turnFrames, writer.messages, now);
    transcript?.frames(this.#role, writer.turnFrames);
    let signature: Uint8Array | undefined;
    if (signer.isDue(now)) {
      const turn = signer.end(this.#unixMs());
      writer.turnEnd(turn.number, turn.timeMs);
      signature = turn.signature;
      transcript?.turn(this.#role, turn);
      clearTimeout(this.#turnTimer);
      this.#turnTimer = undefined;
    } else if (signer.dueAtMs !== undefined) {
      this.#turnTimer ??= setTimeout(() => this.wake(), Math.max(0, signer.dueAtMs - now) + 1);
    }
    if (this.#agreed.isPadded) writer.pad(paddedLength(writer.length));
    for (const chunk of this.#sealer.sealChunks(writer.record, now, signature)) this.#pipe.write(chunk);
    this.#liveness?.sent(now);
  }

  /** For the pipe. */
  onPacket(packet: Uint8Array): void {
    if (this.#isOver) return;
    let opened: OpenedPacket;
    try {
      opened = this.#open(packet);
      this.#assertNext(opened.sequence);
    } catch (error) {
      if (this.#isConfirmed && this.#role === "initiator" && isRefusal(packet)) return;
      // Anybody on the way can have sent that: it ends the connection, and the session goes on with another one.
      this.#lose(error as Error);
      return;
    }
    if (!this.#isConfirmed) this.#confirmed();
    this.#tryTake(opened);
  }

  #confirmed(): void {
    this.#isConfirmed = true;
    this.#owner?.onConfirmed();
  }

  #tryTake(opened: OpenedPacket): void {
    try {
      this.#take(opened);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @throws {M2MError} what a responder says of the last message of the handshake; what opening throws */
  #open(bytes: Uint8Array): OpenedPacket {
    if (!this.#isConfirmed && this.#role === "initiator") {
      const packet = readPacket(bytes);
      if (packet.kind === "refusal") throw (this.#refusal = refusedError(packet.payload?.[0]));
    }
    return this.#opener.open(bytes, this.#monotonicMs());
  }

  /** A stream of bytes keeps the order: a gap means that somebody on the way has taken packets out. @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED` */
  #assertNext(sequence: number): void {
    if (sequence === this.#nextSequence++) return;
    throw new IntegrityError("M2M_AUTHENTICATION_FAILED", "A packet before this one has not come.");
  }

  #take({ record, signature }: OpenedPacket): void {
    this.#liveness?.received(this.#monotonicMs());
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
    this.#pongs ??= [];
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
    const writer = this.#writer;
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
    owner?.onLinkEnd(end);
  }

  /** @param isClosed the session is over, by a CLOSE of either side */
  #finish(isClosed: boolean): void {
    this.#owner?.transcript?.end(isClosed);
    this.#isOver = true;
    this.#owner = undefined;
    this.#liveness?.stop();
    clearTimeout(this.#turnTimer);
    this.#throttle?.stop();
    this.#sealer.destroy();
    this.#opener.destroy();
  }

  #linger(): void {
    setTimeout(() => this.#pipe.destroy(), LINGER_MS).unref();
  }
}
