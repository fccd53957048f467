import { randomBytes } from "node:crypto";

/** The one version that is spoken: QUIC 1 (RFC 9000 section 15). */
export const QUIC_VERSION = 1;
/** Bytes of the connection ids that this server chooses. */
export const CONNECTION_ID_BYTES = 16;
/** Smaller datagrams with an Initial packet are dropped (RFC 9000 section 14.1). */
export const MIN_INITIAL_DATAGRAM_BYTES = 1200;
/** A client's first choice for the server's id is unpredictable, so it is no shorter (RFC 9000 section 7.2). */
export const MIN_CLIENT_CHOSEN_ID_BYTES = 8;
/** No version 1 connection id is longer (RFC 9000 section 17.2). */
export const MAX_CONNECTION_ID_BYTES = 20;

const LONG_FORM = 0x80;
const FIXED_BIT = 0x40;
const TYPE_MASK = 0x30;

/** What routes a datagram, by the invariants of RFC 8999: all packets in it belong to one connection. */
export interface PacketRoute {
  readonly isLong: boolean;
  /** 0 in a Version Negotiation packet, and for a short header, which has none. */
  readonly version: number;
  /** An Initial packet, if the version is `QUIC_VERSION`. */
  readonly isInitial: boolean;
  readonly destinationId: Buffer;
  /** Empty for a short header. */
  readonly sourceId: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** Reads the first packet's route; `undefined` if these are no bytes of QUIC. */
export function readRoute(datagram: Buffer): PacketRoute | undefined {
  if (datagram.length < 1 + CONNECTION_ID_BYTES) return undefined;
  const first = datagram[0];
  if ((first & LONG_FORM) === 0) {
    if ((first & FIXED_BIT) === 0) return undefined;
    const destinationId = datagram.subarray(1, 1 + CONNECTION_ID_BYTES);
    return { isLong: false, version: 0, isInitial: false, destinationId, sourceId: NOTHING };
  }
  const destinationEnd = 6 + datagram[5];
  if (destinationEnd >= datagram.length) return undefined;
  const sourceEnd = destinationEnd + 1 + datagram[destinationEnd];
  if (sourceEnd > datagram.length) return undefined;
  const version = datagram.readUInt32BE(1);
  return {
    isLong: true,
    version,
    isInitial: version === QUIC_VERSION && (first & (FIXED_BIT | TYPE_MASK)) === FIXED_BIT,
    destinationId: datagram.subarray(6, destinationEnd),
    sourceId: datagram.subarray(destinationEnd + 1, sourceEnd),
  };
}

/** A Version Negotiation packet (RFC 9000 section 17.2.1) in answer to a packet of `route`. */
export function versionNegotiation(route: PacketRoute): Buffer {
  const { destinationId, sourceId } = route;
  const versions = Buffer.alloc(8);
  versions.writeUInt32BE(QUIC_VERSION, 0);
  // A version that is reserved to be unknown, so that clients stay able to skip one (RFC 9000 section 15).
  versions.writeUInt32BE(0x0a0a0a0a, 4);
  return Buffer.concat([
    Buffer.of(LONG_FORM | FIXED_BIT | (randomBytes(1)[0] & 0x3f), 0, 0, 0, 0),
    Buffer.of(sourceId.length),
    sourceId,
    Buffer.of(destinationId.length),
    destinationId,
    versions,
  ]);
}
