import { assertOptions } from "./bounds.js";
import { InputError, LimitError } from "./errors.js";

/** Bounds that every encoder and decoder keeps. All are finite by default. */
export interface Limits {
  /** Most bytes a message may have before compression. */
  maxInputBytes: number;
  /** Most bytes a wire may decompress to. */
  maxOutputBytes: number;
  /** Most nested arrays and objects in a form that is parsed as JSON. */
  maxJsonDepth: number;
}

/** Most that a message's limits may be raised to where every wire has to fit into one string of V8 (2^29 - 24 units). */
export const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;

/** The published limits of the protocol: 16 MiB either way, JSON nested at most 32 deep. */
export const DEFAULT_LIMITS: Readonly<Limits> = Object.freeze({
  maxInputBytes: 16 * 1024 * 1024,
  maxOutputBytes: 16 * 1024 * 1024,
  maxJsonDepth: 32,
});

/**
 * `limits` with the defaults for what is not given.
 * @throws {InputError} `M2M_USAGE` if they are no object, or one is no whole number from 0: no limit can be switched off by mistake.
 */
export function resolveLimits(limits: Partial<Limits> = {}): Limits {
  assertOptions("The limits", limits);
  return {
    maxInputBytes: resolveLimit(limits, "maxInputBytes"),
    maxOutputBytes: resolveLimit(limits, "maxOutputBytes"),
    maxJsonDepth: resolveLimit(limits, "maxJsonDepth"),
  };
}

function resolveLimit(limits: Partial<Limits>, name: keyof Limits): number {
  const value = limits[name];
  if (value === undefined) return DEFAULT_LIMITS[name];
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InputError("M2M_USAGE", `The limit ${name} is a whole number from 0, not ${String(value)}.`);
}

/** @throws {LimitError} `M2M_INPUT_TOO_LARGE` if `sizeBytes` is over `maxInputBytes`. */
export function assertInputSize(sizeBytes: number, limits: Pick<Limits, "maxInputBytes">): void {
  if (sizeBytes <= limits.maxInputBytes) return;
  throw new LimitError(
    "M2M_INPUT_TOO_LARGE",
    `The input has ${sizeBytes} bytes, over the limit of ${limits.maxInputBytes}.`,
    { hint: "Raise the limit if you trust the source." },
  );
}

/** The error for an output that would pass `maxOutputBytes`. */
export function outputTooLarge(limits: Pick<Limits, "maxOutputBytes">): LimitError {
  return new LimitError(
    "M2M_OUTPUT_TOO_LARGE",
    `The content decompresses to more than the limit of ${limits.maxOutputBytes} bytes.`,
    { hint: "Raise the limit if you trust the source." },
  );
}

/** Whether `error` says that what goes in or comes out has more bytes than `Limits` let it have. */
export function isOverSize(error: unknown): error is LimitError {
  return (
    error instanceof LimitError &&
    (error.code === "M2M_INPUT_TOO_LARGE" || error.code === "M2M_OUTPUT_TOO_LARGE")
  );
}

/**
 * Most bytes a wire may have: no format writes a message of `maxOutputBytes` longer than this (the worst case is a
 * two-byte token id for every byte, in base64), so a longer wire is refused before it is decoded.
 */
export function maxWireBytes(limits: Pick<Limits, "maxOutputBytes">): number {
  return limits.maxOutputBytes * 3 + 65536;
}
