import { FormatError } from "../../../shared/errors.js";
import { isJsonObject } from "../../../shared/json-value.js";
import type { ReceiveStream } from "./receive-stream.js";

const FORMAT = 1;
/** More streams than a snapshot of any setting has. */
const MAX_STREAMS = 1_000_000;

/** What a store keeps of a stream: what has come, and what the application has taken of it. */
export interface StreamSnapshot {
  readonly id: number;
  readonly received: number;
  readonly taken: number;
  readonly hasEnd: boolean;
  /** The code with which the stream is given up. */
  readonly resetCode?: number;
}

/**
 * What a store keeps of the streams of a session, so that another process can go on: a JSON value. What it counts as received is given
 * to nobody else, and what it does not count comes again. So it has to be kept before a message is given to the application, and, after
 * `resume` and early frames, before the peer is told what was received.
 */
export interface StreamsSnapshot {
  readonly format: number;
  readonly isInitiator: boolean;
  readonly nextOwn: number;
  readonly nextPeer: number;
  readonly streams: readonly StreamSnapshot[];
}

/** @throws {FormatError} `M2M_SNAPSHOT_INVALID` */
export function readStreamsSnapshot(value: unknown): StreamsSnapshot {
  if (!isJsonObject(value) || value.format !== FORMAT || typeof value.isInitiator !== "boolean")
    throw invalid();
  const { isInitiator, nextOwn, nextPeer, streams } = value;
  const own = isInitiator ? 0 : 1;
  if (!isCount(nextOwn) || nextOwn % 2 !== own || !isCount(nextPeer) || nextPeer % 2 === own) throw invalid();
  if (!Array.isArray(streams) || streams.length > MAX_STREAMS) throw invalid();
  const ids = new Set<number>();
  const list = streams.map((item: unknown): StreamSnapshot => {
    if (!isJsonObject(item)) throw invalid();
    const { id, received, taken, hasEnd, resetCode } = item;
    if (!isCount(id) || id >= (id % 2 === own ? nextOwn : nextPeer) || ids.has(id)) throw invalid();
    if (!isCount(received) || !isCount(taken) || taken > received || typeof hasEnd !== "boolean")
      throw invalid();
    if (resetCode !== undefined && !isCount(resetCode)) throw invalid();
    ids.add(id);
    return { id, received, taken, hasEnd, ...(resetCode === undefined ? {} : { resetCode }) };
  });
  return { format: FORMAT, isInitiator, nextOwn, nextPeer, streams: list };
}

export function snapshotStream(receive: ReceiveStream, resetCode: number | undefined): StreamSnapshot {
  const { id, received, taken, hasEnd } = receive;
  return { id, received, taken, hasEnd, ...(resetCode === undefined ? {} : { resetCode }) };
}

export function snapshotOf(rest: Omit<StreamsSnapshot, "format">): StreamsSnapshot {
  return { format: FORMAT, ...rest };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function invalid(): FormatError {
  return new FormatError("M2M_SNAPSHOT_INVALID", "That is no snapshot of the streams of a session.");
}
