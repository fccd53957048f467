import { strict as assert } from "node:assert";
import { M2MError } from "../../../../src/shared/errors.js";
import type { AiTcpSession, AiTcpStream } from "../../../../src/transport/aitcp/index.js";

/** What became of messages: acknowledged, or not known. */
export interface Sent {
  readonly acknowledged: string[];
  readonly unknown: string[];
}

/** A text that says which message it is, and is as long as a message of that number is. */
export function nameOf(sender: string, stream: number, number: number): string {
  return `${sender}/${stream}/${number}/`.padEnd(10 + ((number * 7919 + stream * 104729) % 3000), "x");
}

export const labelOf = (text: string): string => text.slice(0, text.lastIndexOf("/") + 1);

/** Sends `count` messages on a stream of its own, several at a time, and ends it. */
export async function sendAll(
  session: AiTcpSession,
  sender: string,
  label: number,
  count: number,
  pauseMs = 0,
): Promise<Sent> {
  const sent: Sent = { acknowledged: [], unknown: [] };
  let stream: AiTcpStream | undefined;
  while (!stream) {
    try {
      stream = session.openStream();
    } catch (error) {
      if (!(error instanceof M2MError) || error.code !== "M2M_PROTOCOL_STATE" || session.state === "closed")
        throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  const ends: Promise<void>[] = [];
  for (let number = 0; number < count; number++) {
    const text = nameOf(sender, label, number);
    await stream.ready();
    ends.push(
      stream.write(text).acknowledged.then(
        () => void sent.acknowledged.push(labelOf(text)),
        (error: unknown) => {
          assert.ok(error instanceof M2MError && error.code === "M2M_OUTCOME_UNKNOWN", String(error));
          sent.unknown.push(labelOf(text));
        },
      ),
    );
    if (number % 8 === 7) await Promise.race([Promise.all(ends), delay(20)]);
    if (pauseMs > 0) await delay(pauseMs);
  }
  stream.end();
  await Promise.all(ends);
  return sent;
}

/** Takes all messages of all streams that the peer opens, until `streams` of them have ended. @param got told of each */
export async function takeAll(
  session: AiTcpSession,
  streams: number,
  got: (label: string) => void,
): Promise<void> {
  const takers: Promise<void>[] = [];
  while (takers.length < streams) {
    const stream = await session.acceptStream();
    if (!stream) throw new Error("the session is over");
    takers.push(
      (async () => {
        for await (const message of stream) {
          const text = Buffer.from(message).toString();
          const [sender, label, number] = labelOf(text).split("/");
          assert.equal(text, nameOf(sender ?? "", Number(label), Number(number)), "a message is whole");
          got(labelOf(text));
        }
        stream.end();
      })(),
    );
  }
  await Promise.all(takers);
}

/** Asserts that nothing came twice, or before what was sent before it on the same stream. */
export function assertOnceInOrder(labels: readonly string[]): void {
  assert.equal(new Set(labels).size, labels.length, "a message came twice");
  const last = new Map<string, number>();
  for (const label of labels) {
    const [sender, stream, number] = label.split("/");
    const key = `${sender}/${stream}`;
    assert.ok(Number(number) > (last.get(key) ?? -1), `${label} came after ${last.get(key)}`);
    last.set(key, Number(number));
  }
}

/** Asserts that nothing is missing. */
export function assertComplete(
  labels: readonly string[],
  sender: string,
  streams: number,
  count: number,
): void {
  const wanted: string[] = [];
  for (let stream = 0; stream < streams; stream++) {
    for (let number = 0; number < count; number++) wanted.push(labelOf(nameOf(sender, stream, number)));
  }
  assert.deepEqual([...labels].sort(), wanted.sort());
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
