import { Worker } from "node:worker_threads";
import { Connection, type Exchange } from "./connection.js";
import { varied } from "./message.js";

export interface Samples {
  readonly totalMs: number[];
  readonly firstByteMs: number[];
  failures: number;
}

export function emptySamples(): Samples {
  return { totalMs: [], firstByteMs: [], failures: 0 };
}

function add(samples: Samples, { ok, totalMs, firstByteMs }: Exchange): void {
  if (!ok) samples.failures++;
  else {
    samples.totalMs.push(totalMs);
    samples.firstByteMs.push(firstByteMs);
  }
}

/** `count` requests of one client, one after the other. */
export async function sendSequentially(
  port: number,
  request: Buffer,
  count: number,
  samples: Samples,
): Promise<void> {
  const connection = new Connection(port);
  // The first also opens the connection.
  await connection.send(varied(request));
  for (let sent = 0; sent < count; sent++) add(samples, await connection.send(varied(request)));
  connection.close();
}

/** As many requests as `clients` connections can do in `durationMs`. @returns requests a second, failures left out */
export async function sendClosedLoop(
  port: number,
  request: Buffer,
  clients: number,
  durationMs: number,
  samples: Samples,
): Promise<number> {
  const startedAtMs = performance.now();
  const before = samples.totalMs.length;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const connection = new Connection(port);
      while (performance.now() - startedAtMs < durationMs)
        add(samples, await connection.send(varied(request)));
      connection.close();
    }),
  );
  return ((samples.totalMs.length - before) * 1000) / (performance.now() - startedAtMs);
}

/** Says when to send: sleeps to the microsecond, which no timer of an event loop does, and burns nothing. */
const PACER = `
const { parentPort, workerData: { ratePerSecond, durationMs } } = require("node:worker_threads");
const cell = new Int32Array(new SharedArrayBuffer(4));
const now = () => performance.timeOrigin + performance.now();
const start = now() + 50;
for (let sent = 0; (sent * 1000) / ratePerSecond < durationMs; sent++) {
  const due = start + (sent * 1000) / ratePerSecond;
  const wait = due - now();
  if (wait > 0) Atomics.wait(cell, 0, 0, wait);
  parentPort.postMessage(due);
}
`;

/**
 * Requests at a fixed rate, whether or not those before are answered. Latency counts from when a request was to be sent, so
 * that a stall is not hidden by the requests that it keeps from being sent.
 */
export async function sendOpenLoop(
  port: number,
  request: Buffer,
  ratePerSecond: number,
  durationMs: number,
  samples: Samples,
): Promise<void> {
  const connections: Connection[] = [];
  const pending: Promise<void>[] = [];
  const pacer = new Worker(PACER, { eval: true, workerData: { ratePerSecond, durationMs }, execArgv: [] });
  pacer.on("message", (dueAtMs: number) => {
    let connection = connections.find((one) => one.isFree);
    if (!connection) connections.push((connection = new Connection(port)));
    const lateMs = performance.timeOrigin + performance.now() - dueAtMs;
    pending.push(
      connection.send(varied(request)).then((exchange) =>
        add(samples, {
          ok: exchange.ok,
          totalMs: exchange.totalMs + lateMs,
          firstByteMs: exchange.firstByteMs + lateMs,
        }),
      ),
    );
  });
  await new Promise((resolve) => pacer.once("exit", resolve));
  await Promise.all(pending);
  for (const connection of connections) connection.close();
}
