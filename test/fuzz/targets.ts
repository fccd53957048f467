import { createHash } from "node:crypto";
import { availableAlgorithms, CodecEngine, detect, peekFrame } from "../../src/codec/index.js";
import { M2MError } from "../../src/shared/errors.js";
import { readJsonPointer } from "../../src/shared/json-text.js";
import { tryDecodeUtf8 } from "../../src/shared/utf8.js";
import { readVectors } from "../helpers/vectors.js";
import { createRandom, mutate, randomBytes } from "./mutate.js";

/** A decoder, the valid wires that are mutated, and the opening that random bytes are given. */
export interface FuzzTarget {
  name: string;
  seeds: Uint8Array[];
  opening: Uint8Array;
  decode(wire: Uint8Array): void;
}

export interface FuzzReport {
  cases: number;
  /** Wires that decoded. */
  accepted: number;
  slowestMs: number;
  /** Most resident memory above the start, in bytes, sampled. */
  memoryBytes: number;
}

/** A case may take this long. */
export const MAX_CASE_MS = 1000;
/** The process may grow by this much. */
export const MAX_MEMORY_BYTES = 256 * 1024 * 1024;

const KEY = createHash("sha256").update("fuzz").digest();

/** One target for each form of each algorithm, for secured frames, and for the readers beside the decoders. */
export function createTargets(): FuzzTarget[] {
  const inputs = readVectors<{ input: string }>("wire-v3/wire-v3.json").map(({ input }) =>
    Buffer.from(input),
  );
  const small = inputs.filter(({ length }) => length < 1500);
  const engine = new CodecEngine();
  const decode = (wire: Uint8Array): void => void engine.decompress(wire);
  const targets: FuzzTarget[] = [];
  for (const { name, prefix, binary } of availableAlgorithms()) {
    const text = small.map((input) => toBytes(engine.compress(input, { algorithm: name }).data));
    targets.push({ name: `${name} text`, seeds: text, opening: Buffer.from(prefix), decode });
    if (!binary) continue;
    const raw = small.map((input) => toBytes(engine.compress(input, { algorithm: name, binary: true }).data));
    targets.push({
      name: `${name} binary`,
      seeds: raw,
      opening: raw[0].subarray(0, name === "m2m" ? 7 : 1),
      decode,
    });
  }
  for (const security of ["hmac", "aead"] as const) {
    const wire = (input: Uint8Array) =>
      engine.compress(input, { algorithm: "m2m", key: KEY, security, binary: true });
    const seeds = small.map((input) => toBytes(wire(input).data));
    const open = (bytes: Uint8Array): void => void engine.decompress(bytes, { key: KEY });
    targets.push({ name: `m2m ${security}`, seeds, opening: seeds[0].subarray(0, 12), decode: open });
  }
  const frames = small.map((input) =>
    toBytes(engine.compress(input, { algorithm: "m2m", binary: true }).data),
  );
  const peek = (bytes: Uint8Array): void => void peekFrame(bytes);
  targets.push({ name: "frame peek", seeds: frames, opening: frames[0].subarray(0, 7), decode: peek });
  targets.push({
    name: "detect",
    seeds: frames,
    opening: Buffer.from("#M"),
    decode: (bytes) => void detect(bytes),
  });
  const pointer = (bytes: Uint8Array): void => {
    const json = tryDecodeUtf8(bytes);
    if (json !== undefined) readJsonPointer(json, "/messages/0/content");
  };
  targets.push({ name: "JSON pointer", seeds: small, opening: Buffer.from("{"), decode: pointer });
  return targets;
}

/**
 * Decodes `cases` wires: a third random bytes behind the target's opening, the rest mutated valid wires. Afterwards
 * the same decoder must still read a valid one.
 * @throws {Error} with the wire in hexadecimal on anything but a taxonomy error, on a slow case, on growing memory.
 */
export function fuzz(target: FuzzTarget, cases: number, seed: number): FuzzReport {
  const random = createRandom(seed);
  const before = process.memoryUsage.rss();
  const report: FuzzReport = { cases, accepted: 0, slowestMs: 0, memoryBytes: 0 };
  for (let i = 0; i < cases; i++) {
    const wire =
      i % 3 === 0
        ? Buffer.concat([target.opening, randomBytes(random, random(64))])
        : mutate(target.seeds[random(target.seeds.length)], random);
    const start = performance.now();
    try {
      target.decode(wire);
      report.accepted++;
    } catch (error) {
      if (!(error instanceof M2MError)) throw finding(target, wire, "threw outside the taxonomy", error);
    }
    const timeMs = performance.now() - start;
    report.slowestMs = Math.max(report.slowestMs, timeMs);
    if (timeMs > MAX_CASE_MS) throw finding(target, wire, `took ${timeMs} ms`);
    if (i % 1000 === 0) report.memoryBytes = Math.max(report.memoryBytes, process.memoryUsage.rss() - before);
    if (report.memoryBytes > MAX_MEMORY_BYTES)
      throw finding(target, wire, `grew by ${report.memoryBytes} bytes`);
  }
  for (const wire of target.seeds) target.decode(wire);
  return report;
}

function finding(target: FuzzTarget, wire: Uint8Array, what: string, cause?: unknown): Error {
  return new Error(`${target.name}: ${what}: ${Buffer.from(wire).toString("hex")}`, { cause });
}

function toBytes(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? Buffer.from(data) : data;
}
