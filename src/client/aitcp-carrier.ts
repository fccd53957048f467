import {
  maxDataMessageBytes,
  readBinaryData,
  readMessage,
  readTypedMessage,
  writeTypedMessage,
  type Message,
} from "../session/index.js";
import { DEFAULT_LIMITS } from "../codec/index.js";
import { callBack } from "../shared/call-back.js";
import { InputError, M2MError, type ErrorFamily } from "../shared/errors.js";
import type { AiTcpSession, AiTcpStream, StreamOutbox } from "../transport/index.js";
import type { Carrier, CarrierEvents } from "./carrier.js";
import { connectionFailed, connectionLost } from "./failures.js";
import { offersDictionary } from "./initiator.js";
import type { ResolvedClientOptions } from "./options.js";

/** Failures of a connection that another try may not have. */
const PASSING: readonly ErrorFamily[] = ["UpstreamError", "LimitError"];

/**
 * Messages over one stream of an AI-TCP session of its own (docs/spec/transport.md, "AI-TCP"). The AI-TCP session makes connections
 * that are lost again by itself: this is lost only with it, or where the server gives the stream up.
 */
export class AiTcpCarrier implements Carrier {
  readonly isAsking = false;
  readonly #options: ResolvedClientOptions;
  readonly #events: CarrierEvents;
  readonly #ended = new AbortController();
  readonly #waiting: Message[] = [];
  #session: AiTcpSession | undefined;
  #outbox: StreamOutbox | undefined;
  /** Of the M2M session. */
  #sessionId = "";

  constructor(options: ResolvedClientOptions, events: CarrierEvents) {
    this.#options = options;
    this.#events = events;
    void this.#run();
  }

  send(message: Message): void {
    if ("sessionId" in message) this.#sessionId = message.sessionId;
    if (this.#outbox) this.#outbox.send(writeTypedMessage(message));
    else this.#waiting.push(message);
  }

  start(): void {
    // The server pushes what others send.
  }

  close(): void {
    this.#ended.abort();
    this.#outbox?.close();
    this.#session?.close();
  }

  async #run(): Promise<void> {
    let stream: AiTcpStream;
    try {
      stream = await this.#open();
    } catch (error) {
      this.#lose(error, (cause) => connectionFailed("The server cannot be reached.", cause));
      return;
    }
    try {
      for await (const bytes of stream) this.#tryReceive(bytes);
      throw connectionLost("The server has ended the connection.");
    } catch (error) {
      this.#lose(error, lostFor);
    }
  }

  async #open(): Promise<AiTcpStream> {
    const { url, aitcp, reconnect } = this.#options;
    // Checked with the options.
    if (!aitcp) throw new InputError("M2M_USAGE", "AI-TCP needs an identity.");
    const { connectAiTcp, StreamOutbox } = await import("../transport/index.js");
    const { onSession, settings, ...rest } = aitcp;
    const session = await connectAiTcp(url, {
      ...rest,
      settings: {
        // `dictionary` with a window tells by its lengths what others have mixed with secrets.
        padding: offersDictionary(this.#options),
        maxMessageBytes: 1 + maxDataMessageBytes(DEFAULT_LIMITS.maxInputBytes),
        ...settings,
      },
      reconnect: { ...reconnect, ...rest.reconnect },
      signal: this.#ended.signal,
    });
    if (this.#ended.signal.aborted) session.close();
    this.#session = session;
    // It may have let this side in, and closed.
    if (session.state === "closed") throw connectionLost("The server has ended the connection.");
    const stream = session.openStream();
    // The server says which messages it takes no more of; what the peer has not taken need not be counted here too.
    this.#outbox = new StreamOutbox(stream, Infinity, (error) => this.#lose(error, lostFor));
    callBack("onSession", () => onSession?.(session));
    for (const message of this.#waiting.splice(0)) this.send(message);
    return stream;
  }

  /** What it throws is told before the loop is left, which gives the stream up. */
  #tryReceive(bytes: Uint8Array): void {
    if (this.#ended.signal.aborted) return;
    try {
      this.#receive(bytes);
    } catch (error) {
      this.#lose(error, lostFor);
    }
  }

  #receive(bytes: Uint8Array): void {
    let message: Message;
    try {
      const { isBinary, body } = readTypedMessage(bytes);
      message = isBinary
        ? readBinaryData(body, this.#sessionId)
        : readMessage(body, { maxMessageBytes: Infinity });
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      throw connectionFailed("The server sends what is no message.", error);
    }
    // Bytes may follow before anybody has looked at it.
    if (message.type === "ACCEPT") this.#sessionId = message.sessionId;
    this.#events.onMessage(message);
  }

  /** @param describe what an error that is none of ours means */
  #lose(error: unknown, describe: (cause: unknown) => M2MError): void {
    if (this.#ended.signal.aborted) return;
    this.close();
    const failure = isFailure(error) ? error : describe(error);
    // A stream that was given up, or a session that is over at the server, is begun anew.
    const isOver = this.#session !== undefined && failure.family === "ProtocolError";
    this.#events.onLost(failure, { isFinal: !isOver && !PASSING.includes(failure.family) });
  }
}

function lostFor(cause: unknown): M2MError {
  return connectionLost("The connection is lost.", cause);
}

/** By its looks: what is imported on demand may be another copy of the class, where a loader or bundler makes two of one module. */
function isFailure(error: unknown): error is M2MError {
  return error instanceof Error && "code" in error && "family" in error;
}
