import { expect } from "chai";
import type { ContentScanner } from "../../src/codec/index.js";
import {
  Session,
  writeMessage,
  type AcceptMessage,
  type CapabilityOptions,
  type Message,
  type SessionOptions,
} from "../../src/session/index.js";

/** A clock that stands still until it is moved. */
export class Clock {
  atMs: number;

  constructor(atMs = 1_000_000) {
    this.atMs = atMs;
  }
  readonly nowMs = (): number => this.atMs;
}

/** Bytes that differ from call to call, the same in every run. */
export function countingBytes(): (size: number) => Uint8Array {
  let next = 0;
  return (size) => Uint8Array.from({ length: size }, () => next++ & 0xff);
}

export function makeSession(
  role: SessionOptions["role"],
  clock: Clock,
  options: Partial<SessionOptions> = {},
): Session {
  return new Session({ role, nowMs: clock.nowMs, randomBytes: countingBytes(), ...options });
}

export interface Pair {
  readonly clock: Clock;
  readonly initiator: Session;
  readonly responder: Session;
}

/** Two sessions that have met; every message went over the wire as text. */
export async function makePair(
  initiatorOptions: Partial<SessionOptions> = {},
  responderOptions: Partial<SessionOptions> = initiatorOptions,
): Promise<Pair> {
  const clock = new Clock();
  const initiator = makeSession("initiator", clock, initiatorOptions);
  const responder = makeSession("responder", clock, responderOptions);
  const { reply } = await responder.receive(writeMessage(initiator.connect()));
  expect(reply?.type).to.equal("ACCEPT");
  await initiator.receive(writeMessage(reply as Message));
  expect([initiator.state, responder.state]).to.deep.equal(["established", "established"]);
  return { clock, initiator, responder };
}

/** What a responder with `capabilities` answers to `initiator`'s HELLO. */
export async function acceptFor(
  initiator: Session,
  capabilities: CapabilityOptions = {},
): Promise<AcceptMessage> {
  const responder = makeSession("responder", new Clock(), { capabilities });
  const hello = makeSession("initiator", new Clock(), {
    capabilities: { ...initiator.local, ...(capabilities.version ? { version: capabilities.version } : {}) },
    scanner: scannerOf(0),
  }).connect();
  const { reply } = await responder.receive(writeMessage(hello));
  return reply as AcceptMessage;
}

/** A scanner that gives every content the same score, and says itself that nothing is to be blocked. */
export function scannerOf(score: number): ContentScanner & { asked: (string | Uint8Array)[] } {
  const asked: (string | Uint8Array)[] = [];
  return {
    asked,
    scan(content) {
      asked.push(content);
      const safe = score < 0.8;
      return Promise.resolve({
        safe,
        score,
        shouldBlock: false,
        ...(safe ? {} : { threatType: "injection" }),
      });
    },
  };
}

/** The session as it is, to be compared. */
export function stateOf(session: Session): string {
  return JSON.stringify(session);
}
