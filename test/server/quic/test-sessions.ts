import {
  createSessionService,
  type HandledMessage,
  type Peer,
  type SessionService,
} from "../../../src/server/sessions/index.js";
import { writeMessage, type Message } from "../../../src/session/index.js";
import { memoryStores } from "../sessions/fixture.js";

/** The server's own sessions, in memory, where a test sees who comes, and can hold back answers. */
export class TestSessions {
  readonly #stores = memoryStores();
  readonly #service = createSessionService(this.#stores);
  readonly ids: string[] = [];
  readonly addresses = new Set<string | undefined>();
  /** What the answer to every message but HELLO waits for. */
  gate: Promise<void> = Promise.resolve();
  /** Messages that wait for it. */
  atGate = 0;

  /** For the server under test. */
  readonly service: SessionService = {
    handle: (message, peer) => this.#handle(message, peer),
    describe: (id) => this.#service.describe(id),
    close: (id) => this.#service.close(id),
    count: () => this.#service.count(),
    take: (id, options) => this.#service.take(id, options),
    acknowledge: (id, upTo) => this.#service.acknowledge(id, upTo),
    tick: (id) => this.#service.tick(id),
    metrics: () => this.#service.metrics(),
    shutdown: () => this.#service.shutdown(),
  };

  /** Puts DATA into the mailbox of a session. */
  async post(sessionId: string, content: string): Promise<void> {
    const message: Message = { type: "DATA", sessionId, algorithm: "none", content, timestampMs: 1 };
    await this.#stores.mailbox.put(sessionId, writeMessage(message));
  }

  async #handle(message: string | Uint8Array | Message, peer?: Peer): Promise<HandledMessage> {
    this.addresses.add(peer?.address);
    const handled = await this.#service.handle(message, peer);
    if (handled.reply?.type === "ACCEPT") {
      this.ids.push(handled.reply.sessionId);
      return handled;
    }
    this.atGate += 1;
    await this.gate;
    this.atGate -= 1;
    return handled;
  }
}
