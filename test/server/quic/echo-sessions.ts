import { EventEmitter, once } from "node:events";
import { MAX_CONTROL_BYTES, readMessage, Session, type Message } from "../../../src/session/index.js";
import type { QuicHandled, QuicSessions } from "../../../src/server/quic/index.js";

/** Sessions in memory that answer DATA with DATA of the same content, and mailboxes that a test fills. */
export class EchoSessions implements QuicSessions {
  readonly #sessions = new Map<string, Session>();
  readonly #mail = new Map<string, { id: string; message: string }[]>();
  readonly #mailed = new EventEmitter().setMaxListeners(0);
  #lastId = 0;
  /** What `handle` waits for with every message but HELLO. */
  gate: Promise<void> = Promise.resolve();
  /** Messages that wait for it. */
  atGate = 0;
  readonly addresses = new Set<string>();

  get ids(): string[] {
    return [...this.#sessions.keys()];
  }

  session(id: string): Session {
    return this.#sessions.get(id)!;
  }

  post(id: string, message: string): void {
    this.#mail.set(id, [...(this.#mail.get(id) ?? []), { id: String(++this.#lastId), message }]);
    this.#mailed.emit("mail");
  }

  async handle(input: Uint8Array | Message, peer?: { readonly address?: string }): Promise<QuicHandled> {
    if (peer?.address !== undefined) this.addresses.add(peer.address);
    const message =
      input instanceof Uint8Array ? readMessage(input, { maxMessageBytes: 100 * MAX_CONTROL_BYTES }) : input;
    const isHello = message.type === "HELLO";
    if (!isHello) {
      this.atGate += 1;
      await this.gate;
      this.atGate -= 1;
    }
    const session = isHello
      ? new Session({ role: "responder" })
      : this.#sessions.get("sessionId" in message ? message.sessionId : "")!;
    const { reply, data } = await session.receive(message);
    if (isHello && session.id !== undefined) this.#sessions.set(session.id, session);
    return { sessionId: session.id, reply: data ? await session.send(data.text) : reply };
  }

  async take(
    id: string,
    { after, signal }: { readonly after?: string; readonly signal?: AbortSignal },
  ): Promise<readonly { id: string; message: string }[]> {
    for (;;) {
      const mail = (this.#mail.get(id) ?? []).filter((entry) => Number(entry.id) > Number(after ?? 0));
      this.#mail.set(id, mail);
      signal?.throwIfAborted();
      if (mail.length > 0) return mail;
      await once(this.#mailed, "mail", { signal });
    }
  }

  tick(id: string): Promise<{ message?: Message; nextDeadlineMs?: number }> {
    const session = this.session(id);
    return Promise.resolve({ message: session.tick(), nextDeadlineMs: session.nextDeadlineMs() });
  }
}
