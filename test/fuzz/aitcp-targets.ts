import { ByteBuffer } from "flatbuffers";
import { M2MError } from "../../src/shared/errors.js";
import { AITcpPacket } from "../../src/transport/aitcp/packet/aitcp-packet.gen.js";
import {
  AITCP_PACKET,
  inspectPackets,
  PacketReader,
  readEphemeralSession,
  readPacket,
  verifyTable,
  writeEphemeralSession,
  writePacket,
} from "../../src/transport/aitcp/packet/index.js";
import { PacketOpener, PacketSealer } from "../../src/transport/aitcp/protection/index.js";
import { onePacketOfEach } from "../transport/aitcp/packet/packets.js";
import { openSsl } from "../transport/aitcp/protection/primitives.js";
import type { FuzzTarget } from "./targets.js";

/** Packets of AI-TCP: cut from a stream, read, verified, opened. */
export function aitcpTargets(): FuzzTarget[] {
  const packets = onePacketOfEach().map(writePacket);
  const opening = packets[0].subarray(0, 68);
  return [
    { name: "packet stream", seeds: [...packets, Buffer.concat(packets)], opening, decode: readStream },
    { name: "packet FlatBuffer", seeds: packets, opening, decode: readVerified },
    {
      name: "packet inspection",
      seeds: packets,
      opening,
      decode: (wire) => void inspectPackets(wire),
      acceptsAll: true,
    },
    ticketTarget(),
    sealedTarget(opening),
  ];
}

/** Cuts at places that the bytes themselves choose, and reads what comes. Whatever is read is written the same. */
function readStream(wire: Uint8Array): void {
  const reader = new PacketReader();
  for (let at = 0, step = 1; at < wire.length; at += step) {
    step = 1 + (wire[at] & 127);
    reader.push(wire.subarray(at, at + step), (packet) => {
      if (Buffer.compare(writePacket(readPacket(packet)), packet) !== 0) throw new Error("Not the one form.");
    });
  }
}

/** What was verified can be read by code that checks nothing. */
function readVerified(wire: Uint8Array): void {
  const { values } = verifyTable(wire, AITCP_PACKET, { sizePrefixed: true });
  const packet = AITcpPacket.getSizePrefixedRootAsAITcpPacket(new ByteBuffer(wire));
  const nonce = values.get("nonce")!;
  const expected = wire.subarray(nonce.offset, nonce.offset + nonce.length);
  if (Buffer.compare(packet.nonceArray()!, expected) !== 0)
    throw new Error("Another value than was verified.");
}

function ticketTarget(): FuzzTarget {
  const fields = { id: Buffer.alloc(16, 7), publicKey: Buffer.alloc(32, 8), expirationUnix: 1795944896 };
  const seeds = [writeEphemeralSession(fields), writeEphemeralSession({ ...fields, expirationUnix: 1 })];
  const decode = (wire: Uint8Array): void => void readEphemeralSession(wire);
  return { name: "ticket", seeds, opening: seeds[0].subarray(0, 24), decode };
}

/** A connection on which forged packets come between real ones. Half of them have the right structure, so that they get as far as the keys. */
function sealedTarget(opening: Uint8Array): FuzzTarget {
  const trafficSecret = Buffer.alloc(32, 1);
  const ephemeralKey = Buffer.alloc(32, 2);
  const sealer = new PacketSealer({ trafficSecret, ephemeralKey, crypto: openSsl });
  const opener = new PacketOpener({ trafficSecret, peerEphemeralKey: ephemeralKey, crypto: openSsl });
  const record = Buffer.from("a record");
  const seeds = [0, 1, 40, 300].map((length) => sealer.seal(Buffer.alloc(length, 3), 0));
  return {
    name: "sealed packet",
    seeds,
    opening,
    decode(wire) {
      let refusal: unknown;
      try {
        opener.open(wire.length % 2 === 0 ? wire : restructured(wire, ephemeralKey), 0);
      } catch (error) {
        refusal = error;
      }
      openReal();
      // A seed comes again.
      const isReplay = refusal instanceof M2MError && refusal.code === "M2M_PACKET_REPLAYED";
      if (refusal instanceof Error && !isReplay) throw refusal;
    },
  };

  /** @throws {Error} outside of the taxonomy, if what came before has changed anything */
  function openReal(): void {
    try {
      if (record.equals(opener.open(sealer.seal(record, 0), 0).record)) return;
    } catch (cause) {
      throw new Error("A forged packet has changed what is opened.", { cause });
    }
    throw new Error("A forged packet has changed what is opened.");
  }
}

/** The values of `wire` in the form that packets have. */
function restructured(wire: Uint8Array, ephemeralKey: Uint8Array): Uint8Array {
  const part = (offset: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    bytes.set(wire.subarray(offset, offset + length));
    return bytes;
  };
  return writePacket({
    kind: "data",
    epoch: wire[201] ?? 0,
    ephemeralKey,
    nonce: part(104, 12),
    encryptedSequenceId: part(120, 8),
    signature: part(132, 64),
    encryptedPayload: part(208, Math.max(16, wire.length - 208)),
  });
}
