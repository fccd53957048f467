import type { WebSocket as NodeWebSocket } from "ws";
import {
  fitsBinary,
  maxDataMessageBytes,
  readBinaryData,
  readMessage,
  WEBSOCKET_BEARER_PREFIX,
  WEBSOCKET_SUBPROTOCOL,
  writeBinaryData,
  writeMessage,
  type Message,
} from "../session/index.js";
import { DEFAULT_LIMITS } from "../codec/index.js";
import { encodeBase64 } from "../shared/base64.js";
import { M2MError } from "../shared/errors.js";
import { isPassingStatus } from "../shared/try-again.js";
import { encodeUtf8 } from "../shared/utf8.js";
import type { Carrier, CarrierEvents } from "./carrier.js";
import { connectionFailed, connectionLost, serverUnreachable, unexpectedStatus } from "./failures.js";
import { addressBelow, type ResolvedClientOptions } from "./options.js";

const NORMAL_CLOSURE = 1000;
const OPEN = 1;
/** Closures after which the same would happen again (docs/spec/transport.md). */
const FINAL_CLOSURES: readonly number[] = [1007, 1009, 4400, 4403];

/** What a socket of a browser and one of Node have in common. */
type AnySocket = Pick<NodeWebSocket, "send" | "close" | "readyState" | "protocol"> & {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onerror: ((event: { error?: unknown }) => void) | null;
};

/** Messages over one WebSocket. */
export class WebSocketCarrier implements Carrier {
  readonly isAsking = false;
  readonly #events: CarrierEvents;
  readonly #waiting: Message[] = [];
  #socket: AnySocket | undefined;
  #sessionId: string | undefined;
  #isOver = false;
  #wasOpen = false;
  #status: number | undefined;
  #cause: unknown;

  constructor(options: ResolvedClientOptions, events: CarrierEvents) {
    this.#events = events;
    void this.#open(options);
  }

  send(message: Message): void {
    if ("sessionId" in message) this.#sessionId = message.sessionId;
    if (this.#socket?.readyState !== OPEN) {
      this.#waiting.push(message);
      return;
    }
    const isBinary = message.type === "DATA" && fitsBinary(message);
    this.#socket.send(isBinary ? writeBinaryData(message) : writeMessage(message));
  }

  start(): void {
    // The server pushes what others send.
  }

  close(): void {
    this.#isOver = true;
    this.#socket?.close(NORMAL_CLOSURE);
  }

  async #open(options: ResolvedClientOptions): Promise<void> {
    let socket: AnySocket;
    try {
      socket = await this.#connect(options);
    } catch (cause) {
      this.#lose(
        cause instanceof M2MError ? cause : connectionFailed("There is no WebSocket here.", cause),
        true,
      );
      return;
    }
    if (this.#isOver) {
      socket.onerror = () => {};
      socket.close();
      return;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onerror = ({ error }) => (this.#cause = error);
    socket.onclose = ({ code }) => this.#closed(code);
  }

  async #connect({ url, token, answerTimeoutMs }: ResolvedClientOptions): Promise<AnySocket> {
    const target = addressBelow(url, "/ws");
    if (typeof process === "undefined" || process.versions?.node === undefined) {
      const protocols = token === undefined ? [] : [WEBSOCKET_BEARER_PREFIX + base64Url(token)];
      const { WebSocket } = globalThis as unknown as {
        WebSocket: new (url: URL, names: string[]) => AnySocket;
      };
      return new WebSocket(target, [WEBSOCKET_SUBPROTOCOL, ...protocols]);
    }
    const { WebSocket } = await import("ws");
    const socket = new WebSocket(target, [WEBSOCKET_SUBPROTOCOL], {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      handshakeTimeout: answerTimeoutMs,
      maxPayload: maxDataMessageBytes(DEFAULT_LIMITS.maxInputBytes),
      perMessageDeflate: false,
    });
    socket.on("unexpected-response", (request, response) => {
      this.#status = response.statusCode;
      response.resume();
      request.destroy();
      this.#closed(0);
    });
    return socket as unknown as AnySocket;
  }

  #opened(socket: AnySocket): void {
    this.#wasOpen = true;
    if (socket.protocol !== WEBSOCKET_SUBPROTOCOL) {
      this.#lose(connectionFailed("What answers there does not speak the protocol m2m."), true);
      return;
    }
    for (const message of this.#waiting.splice(0)) this.send(message);
  }

  #receive(data: unknown): void {
    if (this.#isOver) return;
    try {
      const message =
        typeof data === "string"
          ? readMessage(data, { maxMessageBytes: Infinity })
          : readBinaryData(new Uint8Array(data as ArrayBuffer), this.#sessionId ?? "");
      // Binary frames may follow before anybody has looked at it.
      if (message.type === "ACCEPT") this.#sessionId = message.sessionId;
      this.#events.onMessage(message);
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      this.#lose(connectionFailed("The server sends what is no message.", error), true);
    }
  }

  #closed(code: number): void {
    const status = this.#status;
    if (status !== undefined) {
      this.#lose(unexpectedStatus(status, this.#cause), !isPassingStatus(status));
    } else if (!this.#wasOpen) {
      this.#lose(serverUnreachable(this.#cause), false);
    } else {
      this.#lose(
        connectionLost(`The connection has ended${code > 0 ? ` with the code ${code}` : ""}.`, this.#cause),
        FINAL_CLOSURES.includes(code),
      );
    }
  }

  #lose(error: M2MError, isFinal: boolean): void {
    if (this.#isOver) return;
    this.close();
    this.#events.onLost(error, { isFinal });
  }
}

function base64Url(text: string): string {
  return encodeBase64(encodeUtf8(text)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
