import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { emptySamples, sendClosedLoop } from "./load.js";
import { postRequest, randomSerial, SERIAL } from "./message.js";
import { quantile } from "../support.js";

const run = promisify(execFile);

export interface Target {
  readonly port: number;
  readonly path: string;
  /** Absent: a GET. `SERIAL` in it is another number in each request. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Throughput {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

/** Whether `wrk` is there, which takes a fifth of the processor that a client in Node takes. */
export function hasWrk(): boolean {
  return spawnSync("wrk", ["--version"]).error === undefined;
}

/** Requests a second of `clients` connections that each send the next when the last is answered. */
export async function measureThroughput(
  target: Target,
  clients: number,
  durationMs: number,
): Promise<Throughput> {
  return hasWrk() ? runWrk(target, clients, durationMs) : runOwn(target, clients, durationMs);
}

async function runOwn(target: Target, clients: number, durationMs: number): Promise<Throughput> {
  const samples = emptySamples();
  const request =
    target.body === undefined
      ? Buffer.from(`GET ${target.path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
      : postRequest(target.path, target.body, target.headers);
  const perSecond = await sendClosedLoop(target.port, request, clients, durationMs, samples);
  const { totalMs, failures } = samples;
  return { perSecond, p50Ms: quantile(totalMs, 0.5), p99Ms: quantile(totalMs, 0.99), failures };
}

async function runWrk(target: Target, clients: number, durationMs: number): Promise<Throughput> {
  const folder = mkdtempSync(join(tmpdir(), "m2m-wrk-"));
  const script = join(folder, "request.lua");
  const fields = Object.entries({ "content-type": "application/json", ...target.headers });
  writeFileSync(
    script,
    [
      `wrk.method = "${target.body === undefined ? "GET" : "POST"}"`,
      ...(target.body === undefined ? [] : [`wrk.body = ${luaString(target.body)}`]),
      ...fields.map(([name, value]) => `wrk.headers[${luaString(name)}] = ${luaString(value)}`),
      ...(target.body?.includes(SERIAL) ? VARY : []),
      "done = function(summary, latency)",
      "  local e = summary.errors",
      '  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,',
      "    latency:percentile(50), latency:percentile(99),",
      "    e.connect + e.read + e.write + e.timeout + e.status))",
      "end",
    ].join("\n"),
  );
  try {
    const { stdout } = await run("wrk", [
      ...["--threads", "1", "--connections", String(clients)],
      ...["--duration", `${Math.max(1, Math.round(durationMs / 1000))}s`, "--timeout", "10s"],
      ...["--script", script, `http://127.0.0.1:${target.port}${target.path}`],
      ...["--", String(randomSerial())],
    ]);
    const [requests, durationUs, p50Us, p99Us, failures] = /RESULT (.*)/u
      .exec(stdout)![1]
      .split(" ")
      .map(Number);
    // wrk counts answers with an error status as requests.
    const good = Math.max(0, requests - failures);
    return { perSecond: (good * 1e6) / durationUs, p50Ms: p50Us / 1000, p99Ms: p99Us / 1000, failures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A request is put together of three strings: its length is always the same. */
const VARY = [
  "local before, after, number",
  "init = function(args)",
  "  number = tonumber(args[1])",
  "  local whole = wrk.format()",
  `  local from, to = string.find(whole, "${SERIAL}", 1, true)`,
  "  before, after = string.sub(whole, 1, from - 1), string.sub(whole, to + 1)",
  "end",
  "request = function()",
  "  number = number + 1",
  `  return before .. string.format("%0${SERIAL.length}d", number) .. after`,
  "end",
];

/** Every byte by its number, which no text can break out of. */
function luaString(text: string): string {
  return `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, "0")}`).join("")}"`;
}
