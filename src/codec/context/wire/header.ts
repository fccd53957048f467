import { FormatError, UnsupportedError } from "../../../shared/errors.js";

/**
 * The first byte of a binary wire: `10110`, then the mode. No UTF-8 text begins with it (RFC 3629), so that no `none`
 * wire does.
 */
const OPENING = 0xb0;
const OPENING_MASK = 0xf8;
/** First bytes kept for later versions, streams and sessions. */
const FAMILY_MASK = 0xf0;

/** First bytes of a stream, of a session's message, and of one in Brotli. */
export const STREAM_OPENING = 0xb8;
export const SESSION_OPENING = 0xb9;
export const BROTLI_SESSION_OPENING = 0xba;

/** How the content stands in the payload (docs/spec/context.md, "Modes"). */
export const Mode = { stored: 0, context: 1, brotli: 2, deflate: 3 } as const;
export type Mode = (typeof Mode)[keyof typeof Mode];

/** Opening, prior (where the mode needs one), checksum. */
export interface Header {
  readonly mode: Mode;
  /** Lowest byte of the prior's hash. */
  readonly priorTag?: number;
  /** CRC-32 of the content, xored with the prior's hash where there is one. */
  readonly checksum: number;
}

export function needsPrior(mode: Mode): boolean {
  return mode === Mode.context || mode === Mode.deflate;
}

export function writeWire({ mode, priorTag, checksum }: Header, payload: Uint8Array): Uint8Array {
  const at = priorTag === undefined ? 1 : 2;
  const wire = new Uint8Array(at + 4 + payload.length);
  wire[0] = OPENING | mode;
  if (priorTag !== undefined) wire[1] = priorTag;
  new DataView(wire.buffer).setUint32(at, checksum, true);
  wire.set(payload, at + 4);
  return wire;
}

export function isContextWire(bytes: Uint8Array): boolean {
  return bytes.length > 0 && (bytes[0] & FAMILY_MASK) === OPENING;
}

/**
 * @throws {FormatError} `M2M_WIRE_UNKNOWN`, `M2M_CONTEXT_TRUNCATED`
 * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED`
 */
export function readWire(wire: Uint8Array): { header: Header; payload: Uint8Array } {
  if (wire.length > 0 && !isContextWire(wire)) {
    throw new FormatError("M2M_WIRE_UNKNOWN", "A dictionary wire begins with a byte from b0 to b3.", {
      offset: 0,
    });
  }
  if (wire.length === 0) throw truncated(0);
  if (isSessionWire(wire) || wire[0] === STREAM_OPENING) {
    throw new UnsupportedError(
      "M2M_VERSION_UNSUPPORTED",
      `It is a part of a ${isSessionWire(wire) ? "session" : "stream"}, which is not read alone.`,
      {
        hint: "A decoder of the whole reads it; lines of `compress --session`: `decompress --lines`.",
        offset: 0,
      },
    );
  }
  if ((wire[0] & OPENING_MASK) !== OPENING || (wire[0] & 7) > Mode.deflate) {
    throw new UnsupportedError(
      "M2M_VERSION_UNSUPPORTED",
      `This version cannot read a dictionary wire that begins with ${wire[0].toString(16)}.`,
      { offset: 0 },
    );
  }
  const mode = (wire[0] & 7) as Mode;
  const at = needsPrior(mode) ? 2 : 1;
  if (wire.length < at + 4) throw truncated(wire.length);
  const checksum = new DataView(wire.buffer, wire.byteOffset).getUint32(at, true);
  return {
    header: { mode, priorTag: at === 2 ? wire[1] : undefined, checksum },
    payload: wire.subarray(at + 4),
  };
}

/** Whether a binary wire builds on those before it. */
export function isSessionWire(wire: Uint8Array): boolean {
  return wire[0] === SESSION_OPENING || wire[0] === BROTLI_SESSION_OPENING;
}

/**
 * The prior's tag of what begins with `opening`.
 * @throws {FormatError} `M2M_WIRE_UNKNOWN`, `M2M_CONTEXT_TRUNCATED`
 */
export function readHistoryOpening(wire: Uint8Array, opening: number): number {
  if (wire.length < 2) throw truncated(wire.length);
  if (wire[0] === opening) return wire[1];
  throw new FormatError("M2M_WIRE_UNKNOWN", `It does not begin with the byte ${opening.toString(16)}.`, {
    offset: 0,
  });
}

export function truncated(offset: number): FormatError {
  return new FormatError("M2M_CONTEXT_TRUNCATED", `The dictionary wire is cut short after ${offset} bytes.`, {
    offset,
  });
}
