import type { BenchCarrier } from "./carriers.js";

/** How many messages of a size arrive in a second, sent as fast as there is room. */
export async function measureRate(carrier: BenchCarrier, size: number, count: number): Promise<number> {
  const message = new Uint8Array(size).fill(65);
  message[0] = 0;
  const last = message.slice();
  last[0] = 2;
  const arrived = new Promise<void>((resolve) => {
    carrier.onMessage = () => resolve();
  });
  const startMs = performance.now();
  for (let sent = 1; sent < count; sent++) {
    const full = carrier.write(message);
    if (full) await full;
  }
  await carrier.write(last);
  await arrived;
  return (count / (performance.now() - startMs)) * 1000;
}

/** How long a message and its answer take, one after the other, in milliseconds. */
export async function measureAnswers(carrier: BenchCarrier, size: number, count: number): Promise<number[]> {
  const message = new Uint8Array(size).fill(65);
  message[0] = 1;
  const times: number[] = [];
  for (let round = 0; round < count; round++) {
    const startMs = performance.now();
    const answered = new Promise<void>((resolve) => {
      carrier.onMessage = () => resolve();
    });
    void carrier.write(message);
    await answered;
    times.push(performance.now() - startMs);
  }
  return times;
}
