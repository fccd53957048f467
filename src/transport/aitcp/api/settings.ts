import { InputError } from "../../../shared/errors.js";
import type { HandshakeSettings } from "../handshake/index.js";
import type { SignatureMode } from "../turn/index.js";

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
  if (signatures.length === 0)
    throw new InputError("M2M_USAGE", "At least one mode of signatures has to be taken.");
  if (!(idleMs >= 1000)) throw new InputError("M2M_USAGE", "idleMs is at least 1000.");
  if (!(Number.isInteger(lifetimeSeconds) && lifetimeSeconds >= 0)) {
    throw new InputError("M2M_USAGE", "lifetimeSeconds is a whole number from 0.");
  }
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
