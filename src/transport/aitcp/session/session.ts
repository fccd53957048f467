import { M2MError, ProtocolError } from "../../../shared/errors.js";
import {
  closeReasonOf,
  type CloseReason,
  type LinkEnd,
  type LinkOwner,
  type RecordLink,
} from "../connection/index.js";
import { Streams, type FlowSettings, type StreamEvents, type StreamsSnapshot } from "../flow/index.js";
import {
  readRecord,
  type Frame,
  type RecordWriter,
  type StreamFrame,
  type TicketFrame,
} from "../frames/index.js";
import {
  assertNotWeaker,
  type AiTcpAgreement,
  type AiTcpPeer,
  type Established,
  type Role,
} from "../handshake/index.js";
import type { TranscriptWriter } from "../turn/index.js";
import { isTakenOver, type ClaimKeeper } from "./claims.js";
import { addedNews, type News } from "./news.js";
import { AiTcpStream, type StreamHost } from "./stream.js";
import { Waiters } from "./waiters.js";

/** Whether a session has a connection, waits for one, or is over. */
export type SessionState = "open" | "interrupted" | "closed";

/** Who gives a session its connections. */
export interface SessionOwner {
  /** The responder has given a ticket: an `EphemeralSession`. */
  onTicket(bytes: Uint8Array): void;
  /** The peer has shown that it has the keys of the present connection. */
  onConfirmed(): void;
  /** The connection is gone: the session waits for another. */
  onInterrupted(error: Error): void;
  /** The session is over. */
  onClosed(error: Error | undefined): void;
}

export interface SessionOptions {
  readonly role: Role;
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly peer: AiTcpPeer;
  /** What this side takes of messages. */
  readonly own: FlowSettings;
  /** Bytes of messages that wait for the peer, above which none is accepted. Default 4 MiB. */
  readonly queueBytes?: number;
  /** What another process knew of it, if the session comes from one. */
  readonly restored?: StreamsSnapshot;
  /** Keeps what is given to the application, where several processes share a store. */
  readonly claims?: ClaimKeeper;
  /** Gets what is said and signed. */
  readonly transcript?: TranscriptWriter;
  readonly owner: SessionOwner;
}

/** A session with a peer, over all its connections. */
export class SessionCore implements LinkOwner, StreamEvents, StreamHost {
  readonly role: Role;
  readonly id: string;
  readonly peer: AiTcpPeer;
  readonly streams: Streams;
  readonly transcript: TranscriptWriter | undefined;
  readonly #owner: SessionOwner;
  readonly #claims: ClaimKeeper | undefined;
  /** Absent while there is none: most sessions are idle. */
  #handles: Map<number, AiTcpStream> | undefined;
  /** Streams of the peer that were not accepted yet, in the order in which they were opened. */
  #incoming: Set<AiTcpStream> | undefined;
  /** Who waits for the next stream of the peer. */
  readonly #accepting = new Waiters<AiTcpStream | undefined>();
  /** Streams with something new since the application was told, and how many messages. */
  #news: News | undefined;
  #isClaiming = false;
  #link: RecordLink | undefined;
  #agreed: AiTcpAgreement | undefined;
  #state: SessionState = "interrupted";
  #failure: Error | undefined;
  #tickets: Uint8Array[] | undefined;

  constructor({ role, id, peer, own, queueBytes, restored, claims, transcript, owner }: SessionOptions) {
    this.role = role;
    this.id = id;
    this.peer = peer;
    this.transcript = transcript;
    this.#owner = owner;
    this.#claims = claims;
    const shape = {
      own,
      ...(queueBytes !== undefined && { queueBytes }),
      events: this,
    };
    this.streams = restored
      ? Streams.restore(shape, restored)
      : new Streams({ ...shape, isInitiator: role === "initiator" });
    const isOwn = (stream: number): boolean => (stream % 2 === 0) === (role === "initiator");
    for (const { id: stream, received } of restored?.streams ?? []) {
      const handle = this.#handle(stream, received);
      if (!isOwn(stream)) this.#incoming = (this.#incoming ?? new Set()).add(handle);
    }
  }

  get state(): SessionState {
    return this.#state;
  }
  get isClosed(): boolean {
    return this.#state === "closed";
  }
  get failure(): Error | undefined {
    return this.#failure;
  }
  /** Of the present connection, or the last. */
  get agreed(): AiTcpAgreement | undefined {
    return this.#agreed;
  }

  /**
   * Goes on over a connection that is established. A former one ends. If the session is over, the peer is told so. Without claims it is done
   * when the call returns.
   */
  async attach(link: RecordLink, established: Established): Promise<void> {
    if (this.isClosed) {
      link.close("expired", "");
      return;
    }
    if (this.#link) {
      this.#link.abandon();
      this.#link = undefined;
      this.streams.connectionLost();
    }
    this.#tickets = undefined;
    try {
      this.#takeUp(established);
    } catch (error) {
      // The peer says what cannot be.
      link.close(closeReasonOf(error), error instanceof M2MError ? error.message : "");
      this.#over(error as Error);
      return;
    }
    this.#link = link;
    this.#state = "open";
    // The peer is about to be told what has come: no other process may know less of it afterwards.
    if (this.#claims && established.resumedId && !(await this.#keepFor(link, this.#claims))) return;
    link.start(this);
    this.#giveIncoming();
    if (established.early) this.onBatch();
  }

  /** @returns whether it is kept, and the link is still the session's */
  async #keepFor(link: RecordLink, claims: ClaimKeeper): Promise<boolean> {
    try {
      await claims.keep(this.streams.snapshot());
    } catch (error) {
      if (this.#link === link) this.#claimFailed(error as Error);
      return false;
    }
    return this.#link === link;
  }

  #claimFailed(error: Error): void {
    if (isTakenOver(error)) this.leave(error);
    else this.interrupt(error);
  }

  /** Opens a stream. @throws {LimitError} `M2M_STREAMS_FULL`; {ProtocolError} if the session is over */
  open(): AiTcpStream {
    this.#assertOpen();
    return this.#handle(this.streams.open());
  }

  /** The next stream that the peer has opened; `undefined` when the session is over. @throws what ended it */
  accept(signal?: AbortSignal): Promise<AiTcpStream | undefined> {
    const stream = this.#takeIncoming();
    if (stream) return Promise.resolve(stream);
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.isClosed) return Promise.resolve(undefined);
    return this.#accepting.wait(signal);
  }

  /** Gives those who wait for a stream what there is. */
  #giveIncoming(): void {
    while (!this.#accepting.isEmpty) {
      const stream = this.#takeIncoming();
      if (stream) this.#accepting.wakeOne(stream);
      else if (this.#failure) this.#accepting.wakeOne(Promise.reject(this.#failure));
      else if (this.isClosed) this.#accepting.wakeOne(undefined);
      else return;
    }
  }

  #takeIncoming(): AiTcpStream | undefined {
    const stream = this.#incoming?.values().next().value;
    if (stream) this.#incoming?.delete(stream);
    if (this.#incoming?.size === 0) this.#incoming = undefined;
    return stream;
  }

  /** Tells the peer of a ticket. */
  giveTicket(bytes: Uint8Array): void {
    (this.#tickets ??= []).push(bytes);
    this.wake();
  }

  wake(): void {
    this.#link?.wake();
  }

  /** What was sent is signed now. */
  endTurn(): void {
    this.#link?.endTurn();
  }

  /** Begins the next epoch of what is sent. */
  rekey(): void {
    this.#link?.rekey();
  }

  /** Ends the connection and not the session. */
  interrupt(error: Error): void {
    if (this.#state !== "open") return;
    this.#link?.abandon();
    this.onLinkEnd({ isFinal: false, error });
  }

  /** Ends the session here and not for the peer, which may go on with it elsewhere. */
  leave(failure: Error): void {
    if (this.isClosed) return;
    this.#link?.abandon();
    this.#over(failure);
  }

  /** Ends the session. What is not acknowledged is given up. */
  close(reason: CloseReason, text: string, failure?: Error): void {
    if (this.isClosed) return;
    this.#link?.close(reason, text);
    this.#over(failure);
  }

  fill(writer: RecordWriter): void {
    if (this.#tickets) this.#writeTickets(writer, this.#tickets);
    this.streams.fill(writer);
  }

  #writeTickets(writer: RecordWriter, tickets: Uint8Array[]): void {
    while (tickets.length > 0 && writer.ticket(tickets[0])) tickets.shift();
    if (tickets.length === 0) this.#tickets = undefined;
  }

  onFrame(frame: StreamFrame | TicketFrame): void {
    if (frame.type === "ticket") {
      if (this.role === "responder") {
        throw new ProtocolError(
          "M2M_FRAME_UNEXPECTED",
          "The peer gives a ticket, which is for a responder to do.",
        );
      }
      this.#owner.onTicket(frame.bytes);
      return;
    }
    this.streams.receive(frame);
  }

  onConfirmed(): void {
    this.#owner.onConfirmed();
  }

  onBatch(): void {
    this.#giveIncoming();
    // Frames have raised credit, or have to be answered.
    if (this.streams.hasWork) this.wake();
    if (!this.#news) return;
    if (this.#claims) void this.#claim(this.#claims);
    else this.#tellNews(this.#takeNews());
  }

  onLinkEnd({ isFinal, error }: LinkEnd): void {
    this.#link = undefined;
    if (this.isClosed) return;
    if (isFinal) {
      this.#over(error);
      return;
    }
    this.streams.connectionLost();
    this.#tickets = undefined;
    this.#state = "interrupted";
    this.#owner.onInterrupted(error ?? new Error("lost"));
  }

  /** For `streams`. */
  onStream(stream: number): void {
    this.#incoming ??= new Set();
    this.#incoming.add(this.#handle(stream));
  }

  /** For `streams`. */
  onMessage(stream: number): void {
    this.#news ??= new Map();
    this.#news.set(stream, (this.#news.get(stream) ?? 0) + 1);
  }

  /** For `streams`. */
  onEnd(stream: number): void {
    this.#handles?.get(stream)?.touch();
  }

  /** For `streams`. */
  onReset(stream: number, code: number): void {
    this.#handles?.get(stream)?.wasReset(code);
  }

  /** For `streams`: a stream is over. Whoever has its handle keeps it. */
  onOver(stream: number): void {
    const handle = this.#handles?.get(stream);
    if (!handle) return;
    this.#handles?.delete(stream);
    if (this.#handles?.size === 0) this.#handles = undefined;
    this.#news?.delete(stream);
    // Nobody has seen it, and nothing is to be had of it.
    this.#incoming?.delete(handle);
    handle.touch();
  }

  /** Keeps what has come, then gives it. */
  async #claim(claims: ClaimKeeper): Promise<void> {
    if (this.#isClaiming) return;
    this.#isClaiming = true;
    try {
      while (this.#news && !this.isClosed) {
        const news = this.#takeNews();
        try {
          await claims.keep(this.streams.snapshot());
        } catch (error) {
          this.#news = addedNews(this.#news, news);
          throw error;
        }
        this.#tellNews(news);
      }
    } catch (error) {
      this.#claimFailed(error as Error);
    } finally {
      this.#isClaiming = false;
    }
  }

  #takeNews(): News {
    const news: News = this.#news ?? new Map<number, number>();
    this.#news = undefined;
    return news;
  }

  #tellNews(news: News): void {
    for (const [stream, count] of news) this.#handles?.get(stream)?.allow(count);
  }

  #handle(stream: number, given?: number): AiTcpStream {
    const handle = new AiTcpStream(this, stream, given, this.#claims !== undefined);
    this.#handles ??= new Map();
    this.#handles.set(stream, handle);
    return handle;
  }

  /** Streams of another connection, and what came with it. @throws {M2MError} if they do not fit */
  #takeUp({ agreed, early, resumedId }: Established): void {
    const isFirst = this.#agreed === undefined && resumedId === undefined;
    if (this.#agreed) assertNotWeaker(agreed, this.#agreed);
    this.#agreed = agreed;
    this.streams.setPeer(agreed.peerFlow);
    const isResponder = this.role === "responder";
    if (!isFirst) this.streams.resume(!isResponder && early !== undefined);
    if (early && isResponder) this.#receiveEarly(readRecord(early).frames);
  }

  #receiveEarly(frames: readonly Frame[]): void {
    this.streams.receiveEarly(frames);
    for (const frame of frames) if (frame.type === "message") this.#handles?.get(frame.stream)?.cameEarly();
  }

  #over(failure: Error | undefined): void {
    this.#state = "closed";
    this.#failure = failure;
    this.#link = undefined;
    this.#tickets = undefined;
    this.streams.abandon();
    for (const handle of this.#handles?.values() ?? []) handle.touch();
    this.#handles = this.#news = this.#incoming = undefined;
    this.#giveIncoming();
    this.#owner.onClosed(failure);
  }

  #assertOpen(): void {
    if (this.#failure) throw this.#failure;
    if (this.isClosed) throw new ProtocolError("M2M_PROTOCOL_STATE", "The session is over.");
  }
}
