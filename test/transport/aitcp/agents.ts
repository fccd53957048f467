import type { Duplex } from "node:stream";
import { nodeCrypto } from "../../../src/transport/aitcp/crypto/index.js";
import { identityFromSeed, TrustPolicy } from "../../../src/transport/aitcp/identity/index.js";
import {
  connectAiTcp,
  createAiTcpServer,
  type AiTcpConnectOptions,
  type AiTcpServer,
  type AiTcpServerOptions,
  type AiTcpSession,
} from "../../../src/transport/aitcp/index.js";

export const crypto = nodeCrypto();
export const alice = identityFromSeed(crypto, new Uint8Array(32).fill(1));
export const bob = identityFromSeed(crypto, new Uint8Array(32).fill(2));
export const mallory = identityFromSeed(crypto, new Uint8Array(32).fill(3));

export const trusts = (...pinned: { publicKey: Uint8Array }[]): TrustPolicy =>
  new TrustPolicy({ crypto, pinned: pinned.map(({ publicKey }) => publicKey) });

/** Tries again soon: what is tested is not how long it waits. */
export const SOON = { firstDelayMs: 5, maxDelayMs: 50, maxTries: 100 };

/** A server that runs as bob and trusts alice, with what it was told. */
export interface Bob {
  readonly server: AiTcpServer;
  readonly url: string;
  /** Sessions that it has, in order. */
  readonly sessions: AiTcpSession[];
  readonly errors: unknown[];
  /** The next session that comes. */
  nextSession(): Promise<AiTcpSession>;
}

/** What tests have to end. */
export class Agents {
  readonly #ends: (() => unknown)[] = [];

  /** Ends what was begun, last first. Call it after each test. */
  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }

  onEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  async bob(options: Partial<AiTcpServerOptions> = {}): Promise<Bob> {
    const sessions: AiTcpSession[] = [];
    const errors: unknown[] = [];
    const waiting: ((session: AiTcpSession) => void)[] = [];
    let given = 0;
    const server = await createAiTcpServer({
      identity: bob,
      trust: trusts(alice),
      onSession: (session) => {
        sessions.push(session);
        const next = waiting.shift();
        if (next) {
          given++;
          next(session);
        }
      },
      onError: (error) => void errors.push(error),
      ...options,
    });
    this.onEnd(() => server.close());
    return {
      server,
      url: `aitcp://127.0.0.1:${server.port}`,
      sessions,
      errors,
      nextSession: () =>
        given < sessions.length
          ? Promise.resolve(sessions[given++])
          : new Promise((resolve) => waiting.push(resolve)),
    };
  }

  async alice(url: string, options: Partial<AiTcpConnectOptions> = {}): Promise<AiTcpSession> {
    const session = await connectAiTcp(url, {
      identity: alice,
      trust: trusts(bob),
      reconnect: SOON,
      ...options,
    });
    this.onEnd(() => session.close());
    return session;
  }
}

/** Takes every message of every stream and answers it with itself. */
export async function echo(session: AiTcpSession): Promise<void> {
  const streams: Promise<void>[] = [];
  try {
    for await (const stream of session) {
      streams.push(
        (async () => {
          for (let message = await stream.receive(); message; message = await stream.receive()) {
            await stream.ready();
            stream.write(message);
          }
          stream.end();
        })().catch(() => {}),
      );
    }
  } catch {
    // The session ended badly: who has the other side sees it.
  }
  await Promise.all(streams);
}

/** Bytes that tell where they belong. */
export function bytesOf(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0, state = (seed * 2654435761) >>> 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

export const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString();

/** Resolves when `holds` says so; it is asked again and again. */
export async function until(holds: () => boolean, what = "it", timeoutMs = 20_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${what} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export type { AiTcpServer, AiTcpSession, Duplex };

/** How a session that was begun with the last message of a handshake ends, if the other side does not like it. */
export async function endOf(connecting: Promise<{ closed: Promise<void> }>): Promise<unknown> {
  try {
    await (
      await connecting
    ).closed;
    return undefined;
  } catch (error) {
    return error;
  }
}
