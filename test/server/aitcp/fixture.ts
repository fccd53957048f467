import { startAiTcp, type AiTcpOptions, type AiTcpSessionServer } from "../../../src/server/aitcp/index.js";
import {
  readBinaryData,
  readMessage,
  readTypedMessage,
  Session,
  writeTypedMessage,
  type Message,
} from "../../../src/session/index.js";
import { MemoryRecordStore } from "../../../src/shared/record-store.js";
import { sessionsFull } from "../../../src/session/index.js";
import {
  connectAiTcp,
  generateIdentity,
  nodeCrypto,
  TrustPolicy,
  type AiTcpConnectOptions,
  type AiTcpSession,
  type AiTcpStore,
  type AiTcpStream,
  type Identity,
  type TrustOptions,
} from "../../../src/transport/index.js";
import { TestSessions } from "../quic/test-sessions.js";

const CRYPTO = nodeCrypto();

export function newIdentity(): Identity {
  return generateIdentity(CRYPTO);
}

/** Trust in these identities, and what else is said. */
export function trusting(identities: readonly Identity[], options: Partial<TrustOptions> = {}): TrustPolicy {
  return new TrustPolicy({
    crypto: CRYPTO,
    pinned: identities.map(({ publicKey }) => publicKey),
    ...options,
  });
}

/** A store that the servers of a test share, as processes share Redis. */
export function sharedStore(): AiTcpStore {
  return new MemoryRecordStore({ maxRecords: 1000, fullError: sessionsFull });
}

/** A server whose sessions a test sees, and an agent that it trusts. */
export class ServerUnderTest {
  readonly identity: Identity;
  readonly agent = newIdentity();
  readonly sessions: TestSessions;
  readonly server: AiTcpSessionServer;
  readonly log: { level: string; about: object; message: string }[];
  readonly #open: AiTcpSession[] = [];

  private constructor(
    identity: Identity,
    agent: Identity,
    sessions: TestSessions,
    server: AiTcpSessionServer,
    log: ServerUnderTest["log"],
  ) {
    this.identity = identity;
    this.agent = agent;
    this.sessions = sessions;
    this.server = server;
    this.log = log;
  }

  static async start(
    options: Partial<AiTcpOptions> & { readonly agent?: Identity } = {},
    sessions = new TestSessions(),
  ): Promise<ServerUnderTest> {
    const { identity = newIdentity(), agent = newIdentity(), ...rest } = options;
    const log: ServerUnderTest["log"] = [];
    const write =
      (level: string) =>
      (first: object | string, message = ""): void =>
        void log.push({ level, about: first as object, message });
    const server = await startAiTcp({
      host: "127.0.0.1",
      port: 0,
      identity,
      trust: trusting([agent]),
      service: sessions.service,
      logger: { debug: write("debug"), warn: write("warn"), error: write("error") },
      ...rest,
    });
    return new ServerUnderTest(identity, agent, sessions, server, log);
  }

  get url(): string {
    return `aitcp://127.0.0.1:${this.server.port}`;
  }

  /** A session of AI-TCP with the server. */
  async connect(options: Partial<AiTcpConnectOptions> = {}): Promise<AiTcpSession> {
    const session = await connectAiTcp(this.url, {
      identity: this.agent,
      trust: trusting([this.identity]),
      reconnect: { firstDelayMs: 5, maxDelayMs: 50 },
      ...options,
    });
    this.#open.push(session);
    return session;
  }

  async stop(): Promise<void> {
    for (const session of this.#open) session.close();
    await this.server.close(1000);
  }
}

/** An agent that is written by hand: it sees each message of its stream. */
export class RawAgent {
  readonly stream: AiTcpStream;
  readonly session: Session;

  constructor(connection: AiTcpSession, session = new Session({ role: "initiator" })) {
    this.stream = connection.openStream();
    this.session = session;
  }

  /** One whose session is established. */
  static async meet(connection: AiTcpSession): Promise<RawAgent> {
    const agent = new RawAgent(connection);
    agent.send(agent.session.connect());
    await agent.session.receive((await agent.next()) as Message);
    return agent;
  }

  send(message: Message): void {
    this.stream.write(writeTypedMessage(message));
  }

  /** The next message; `undefined` at the end of the stream. */
  async next(): Promise<Message | undefined> {
    const bytes = await this.stream.receive();
    if (!bytes) return undefined;
    const { isBinary, body } = readTypedMessage(bytes);
    return isBinary
      ? readBinaryData(body, this.session.id as string)
      : readMessage(body, { maxMessageBytes: Infinity });
  }
}
