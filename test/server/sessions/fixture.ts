import { expect } from "chai";
import { createSessionService, type SessionServiceOptions } from "../../../src/server/sessions/index.js";
import type { SessionService } from "../../../src/server/sessions/index.js";
import {
  MemoryChannelDirectory,
  MemoryMailbox,
  MemorySessionStore,
  readMessage,
  Session,
  writeMessage,
  type DataMessage,
  type Delivery,
  type SessionOptions,
} from "../../../src/session/index.js";
import { Clock } from "../../session/pair.js";

/** The stores that several processes share. */
export function memoryStores(nowMs?: () => number) {
  return {
    store: new MemorySessionStore({ nowMs }),
    mailbox: new MemoryMailbox({ nowMs }),
    channels: new MemoryChannelDirectory({ nowMs }),
  };
}

export interface ServiceUnderTest {
  readonly service: SessionService;
  readonly clock: Clock;
  readonly stores: ReturnType<typeof memoryStores>;
}

export function makeService(options: Partial<SessionServiceOptions> = {}): ServiceUnderTest {
  const clock = new Clock();
  const stores = memoryStores(clock.nowMs);
  return { service: createSessionService({ ...stores, nowMs: clock.nowMs, ...options }), clock, stores };
}

/** An agent that has met the service; every message goes over as text. */
export class Agent {
  readonly session: Session;
  readonly #service: SessionService;

  private constructor(session: Session, service: SessionService) {
    this.session = session;
    this.#service = service;
  }

  static async meet(
    { service, clock }: Pick<ServiceUnderTest, "service" | "clock">,
    { channel, ...options }: Partial<SessionOptions> & { channel?: string } = {},
  ): Promise<Agent> {
    const extensions = new Map(channel === undefined ? [] : [["channel", channel]]);
    const capabilities = { extensions, ...options.capabilities };
    const session = new Session({ role: "initiator", nowMs: clock.nowMs, ...options, capabilities });
    const { reply, error, sessionId } = await service.handle(writeMessage(session.connect()));
    expect(error).to.equal(undefined);
    await session.receive(writeMessage(reply!));
    expect(session.state).to.equal("established");
    expect(sessionId).to.equal(session.id);
    return new Agent(session, service);
  }

  get id(): string {
    return this.session.id!;
  }

  async data(content: string | Uint8Array, delivery?: Delivery): Promise<DataMessage> {
    return { ...(await this.session.send(content)), ...(delivery ? { delivery } : {}) };
  }

  async say(content: string | Uint8Array, delivery?: Delivery) {
    return this.#service.handle(writeMessage(await this.data(content, delivery)));
  }

  /** What the mailbox has behind `after`. */
  async fetch(after?: string): Promise<{ texts: string[]; last?: string }> {
    const entries = await this.#service.take(this.id, { after });
    const texts: string[] = [];
    for (const { message } of entries) {
      const { data } = await this.session.receive(readMessage(message));
      if (data) texts.push(data.text);
    }
    return { texts, last: entries.at(-1)?.id };
  }
}
