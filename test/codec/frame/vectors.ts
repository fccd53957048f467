import { readFileSync } from "node:fs";

export interface FrameVector {
  name: string;
  input: string;
  schema: "request" | "response";
  frameHex: string;
  frameText: string;
  hmacHex: string;
  aeadHex: string;
  keyHex: string;
  routing?: Record<string, unknown> & { roles: string[]; msgCount: number };
  response?: Record<string, unknown>;
}

function load(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../vectors/frame/${name}`, import.meta.url), "utf8"));
}

export const VECTORS = load("published.json") as FrameVector[];

export const KEY_VECTORS = load("keys.json") as {
  ikm_hex: string;
  derivations: { info: string; okm_hex: string }[];
};

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The key of every secured vector. */
export const KEY = fromHex(KEY_VECTORS.ikm_hex);

export function vector(name: string): FrameVector {
  const found = VECTORS.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no vector ${name}`);
  return found;
}

/** What `run` throws; fails if it does not. */
export function thrownBy(run: () => unknown): {
  code?: string;
  family?: string;
  offset?: number;
  message: string;
} {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

/** A copy of `bytes` with `value` at `offset`. */
export function patched(bytes: Uint8Array, offset: number, ...values: number[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(values, offset);
  return copy;
}
