import { InputError } from "../../../shared/errors.js";
import { MIN_WINDOW } from "../flow/index.js";
import type { HandshakeSettings } from "../handshake/index.js";
import { SIGNATURE_MODES, type SignatureMode } from "../turn/index.js";

/** How an end of AI-TCP behaves. All are optional; both ends agree on what concerns both. */
export interface AiTcpSettings {
  /** Modes of signatures that are taken, best first. Default `turn`, `packet`, `none`. */
  readonly signatures?: readonly SignatureMode[];
  /** The longest message that is taken, in bytes. Default 16 MiB. */
  readonly maxMessageBytes?: number;
  /** Bytes of a stream that may come and not be taken. Default 1 MiB. */
  readonly streamWindowBytes?: number;
  /** The same, over all streams of a session. Default 4 MiB. */
  readonly sessionWindowBytes?: number;
  /** Streams that the peer may have open. Default 256. */
  readonly maxStreams?: number;
  /** After how long without a packet a connection is taken for dead, in milliseconds. Default 60 s. */
  readonly idleMs?: number;
  /** Whether lengths of records are hidden in buckets: for who compresses what others can mix with secrets. Default false. */
  readonly padding?: boolean;
  /** For how long a session outlives its connection, in seconds; the server's counts. Default 300. */
  readonly lifetimeSeconds?: number;
}

/** How often tickets and trust are looked after, in milliseconds: 30 s, or less where sessions last for a short time. */
export function checkIntervalMs(lifetimeSeconds: number): number {
  return Math.min(30_000, Math.max(100, (lifetimeSeconds * 1000) / 8));
}

/** Longer is no limit. */
const MAX_BYTES = 2 ** 40;

/** @throws {InputError} `M2M_USAGE` */
export function resolveSettings(settings: AiTcpSettings = {}): HandshakeSettings {
  const {
    signatures = ["turn", "packet", "none"],
    maxMessageBytes = 16 * 1024 * 1024,
    streamWindowBytes = 1024 * 1024,
    sessionWindowBytes = 4 * 1024 * 1024,
    maxStreams = 256,
    idleMs = 60_000,
    padding = false,
    lifetimeSeconds = 300,
  } = settings;
  if (signatures.length === 0) {
    throw new InputError("M2M_USAGE", "At least one mode of signatures has to be taken.");
  }
  const unknown = signatures.find((mode) => !SIGNATURE_MODES.includes(mode));
  if (unknown !== undefined) {
    throw new InputError(
      "M2M_USAGE",
      `${JSON.stringify(unknown)} is no mode of signatures: ${SIGNATURE_MODES.join(", ")}.`,
    );
  }
  assertWhole({ maxMessageBytes }, 1, MAX_BYTES);
  assertWhole({ streamWindowBytes, sessionWindowBytes }, MIN_WINDOW, MAX_BYTES);
  assertWhole({ maxStreams }, 0, 2 ** 20);
  assertWhole({ idleMs }, 1000, 2 ** 31 - 1);
  assertWhole({ lifetimeSeconds }, 0, 2 ** 31);
  return {
    signatures,
    flow: {
      messageBytes: maxMessageBytes,
      streamWindow: streamWindowBytes,
      sessionWindow: sessionWindowBytes,
      streams: maxStreams,
    },
    idleMs,
    isPadding: padding,
    lifetimeSeconds,
  };
}

function assertWhole(values: Readonly<Record<string, number>>, least: number, most: number): void {
  for (const [name, value] of Object.entries(values)) {
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new InputError("M2M_USAGE", `${name} is a whole number from ${least} to ${most}.`);
  }
}
