import { expect } from "chai";
import fc from "fast-check";
import { Builder, ByteBuffer } from "flatbuffers";
import { M2MError, type FormatError } from "../../../../src/shared/errors.js";
import { AITcpPacket } from "../../../../src/transport/aitcp/packet/aitcp-packet.gen.js";
import {
  AITCP_PACKET,
  DATA_PREFIX_BYTES,
  EPHEMERAL_KEY_OFFSET,
  HEADER_OFFSET,
  MAX_PACKET_BYTES,
  MAX_RECORD_BYTES,
  MAX_SEALED_BYTES,
  NONCE_OFFSET,
  PACKET_KINDS,
  readPacket,
  SEQUENCE_OFFSET,
  SIGNATURE_OFFSET,
  verifyTable,
  writePacket,
  type Packet,
} from "../../../../src/transport/aitcp/packet/index.js";
import { catchM2MError } from "../../../helpers/catch-error.js";
import { anyPacket, counting, dataPacket, onePacketOfEach } from "./packets.js";

const generated = (bytes: Uint8Array): AITcpPacket =>
  AITcpPacket.getSizePrefixedRootAsAITcpPacket(new ByteBuffer(bytes));

const VERIFY = { sizePrefixed: true, exclusive: true };

/** What the schema has of a packet, by the generated reader. */
function fieldsOf(bytes: Uint8Array): Record<string, unknown> {
  const packet = generated(bytes);
  return {
    version: packet.version(),
    ephemeralKey: packet.ephemeralKeyArray(),
    nonce: packet.nonceArray(),
    sequence: packet.encryptedSequenceIdArray(),
    content: packet.encryptedPayloadArray(),
    signature: packet.signatureArray(),
    header: packet.headerArray(),
    payload: packet.payloadArray(),
    footer: packet.footerArray(),
  };
}

function expectedFields(packet: Packet): Record<string, unknown> {
  const isData = packet.kind === "data";
  const variant = isData ? packet.epoch : packet.pattern;
  return {
    version: 1,
    ephemeralKey: packet.ephemeralKey,
    nonce: isData ? packet.nonce : new Uint8Array(12),
    sequence: isData ? packet.encryptedSequenceId : new Uint8Array(8),
    content: packet.encryptedPayload,
    signature: isData ? packet.signature : new Uint8Array(64),
    header: Uint8Array.of(PACKET_KINDS[packet.kind], variant, 0, 0),
    payload: (isData ? undefined : packet.payload) ?? null,
    footer: null,
  };
}

describe("the one form of packets", () => {
  it("is read back as it was written, and by generated code and the verifier too", () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        const bytes = writePacket(packet);
        expect(readPacket(bytes)).to.deep.equal(packet);
        expect(fieldsOf(bytes)).to.deep.equal(expectedFields(packet));
        expect(bytes.length % 4).to.equal(0);
        verifyTable(bytes, AITCP_PACKET, VERIFY);
      }),
    );
  });

  it("has the offsets of the page in a DATA packet", () => {
    const { values } = verifyTable(writePacket(dataPacket(20)), AITCP_PACKET, VERIFY);
    expect([...values.values()].map(({ name, offset, length }) => [name, offset, length])).to.deep.equal([
      ["version", 36, 1],
      ["ephemeral_key", EPHEMERAL_KEY_OFFSET, 32],
      ["nonce", NONCE_OFFSET, 12],
      ["encrypted_sequence_id", SEQUENCE_OFFSET, 8],
      ["encrypted_payload", DATA_PREFIX_BYTES, 20],
      ["signature", SIGNATURE_OFFSET, 64],
      ["header", HEADER_OFFSET, 4],
    ]);
  });

  it("reads a packet in the middle of a larger buffer as views of it", () => {
    const packet = dataPacket(33);
    const around = new Uint8Array(1000);
    around.set(writePacket(packet), 101);
    const bytes = around.subarray(101, 101 + writePacket(packet).length);
    const read = readPacket(bytes);
    expect(read).to.deep.equal(packet);
    expect(read.encryptedPayload.buffer).to.equal(around.buffer);
  });

  it("takes a record of up to the longest, and no longer one", () => {
    expect(writePacket(dataPacket(MAX_SEALED_BYTES))).to.have.length(MAX_PACKET_BYTES);
    expect(MAX_SEALED_BYTES - MAX_RECORD_BYTES).to.equal(16);
    expect(catchM2MError(() => writePacket(dataPacket(MAX_SEALED_BYTES + 1))).code).to.equal(
      "M2M_PAYLOAD_TOO_LARGE",
    );
  });

  it("refuses to write fields of other lengths", () => {
    for (const wrong of [
      { nonce: counting(11, 0) },
      { ephemeralKey: counting(33, 0) },
      { signature: counting(0, 0) },
    ]) {
      expect(catchM2MError(() => writePacket({ ...dataPacket(20), ...wrong })).code).to.equal("M2M_USAGE");
    }
    const cookie = {
      kind: "cookie",
      pattern: 1,
      ephemeralKey: counting(32, 0),
      encryptedPayload: counting(0, 0),
    };
    expect(catchM2MError(() => writePacket(cookie as Packet)).code).to.equal("M2M_USAGE");
  });

  it("refuses every packet that is cut, as such, and every longer one", () => {
    for (const packet of onePacketOfEach()) {
      const bytes = writePacket(packet);
      for (let length = 0; length < bytes.length; length++) {
        const error = catchM2MError(() => readPacket(bytes.subarray(0, length)));
        expect(error.code, `${packet.kind} ${length}`).to.equal("M2M_PACKET_TRUNCATED");
      }
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      expect(catchM2MError(() => readPacket(longer)).code).to.equal("M2M_PACKET_INVALID");
    }
  });

  it("refuses each flipped bit outside of the values", () => {
    for (const packet of onePacketOfEach()) {
      const bytes = writePacket(packet);
      const { values } = verifyTable(bytes, AITCP_PACKET, VERIFY);
      const free = new Set<number>();
      for (const [name, { offset, length }] of values) {
        // The zeros of a handshake packet are part of its form.
        const isFixed = packet.kind !== "data" && /nonce|sequence|signature/.test(name);
        if (name === "version" || isFixed) continue;
        const end = name === "header" ? offset + 2 : offset + length;
        for (let at = offset; at < end; at++) free.add(at);
        // The low bits of this length say how much of the last 4 bytes is padding: zeros there may be content.
        if (name === "encrypted_payload") free.add(offset - 4);
      }
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const changed = bytes.slice();
        changed[bit >> 3] ^= 1 << (bit & 7);
        let read: Packet;
        try {
          read = readPacket(changed);
        } catch (error) {
          expect(error).to.be.instanceOf(M2MError);
          continue;
        }
        expect(free.has(bit >> 3), `${packet.kind} bit ${bit}`).to.equal(true);
        expect(read).to.not.deep.equal(packet);
        expect(writePacket(read)).to.deep.equal(changed);
      }
    }
  });

  it("says which byte it is that is wrong", () => {
    const wrongAt = (offset: number, value: number): FormatError => {
      const bytes = writePacket(dataPacket(18));
      bytes[offset] = value;
      return catchM2MError(() => readPacket(bytes)) as FormatError;
    };
    expect(wrongAt(40, 25)).to.include({ code: "M2M_PACKET_INVALID", offset: 40 });
    expect(wrongAt(100, 11)).to.include({ code: "M2M_PACKET_INVALID", offset: 100 });
    expect(wrongAt(HEADER_OFFSET, 9)).to.include({ code: "M2M_PACKET_INVALID", offset: HEADER_OFFSET });
    expect(wrongAt(HEADER_OFFSET + 3, 1)).to.include({ offset: HEADER_OFFSET + 3 });
    expect(wrongAt(227, 1)).to.include({ code: "M2M_PACKET_INVALID", offset: 227 });
    expect(wrongAt(36, 2)).to.include({ code: "M2M_VERSION_UNSUPPORTED" });
  });

  it("is the only one that is read: what a builder makes is not", () => {
    const builder = new Builder(512);
    const vector = (bytes: Uint8Array): number => AITcpPacket.createNonceVector(builder, bytes);
    const packet = dataPacket(20);
    const header = vector(Uint8Array.of(5, 7, 0, 0));
    const [key, nonce, sequence, content, signature] = [
      packet.ephemeralKey,
      packet.nonce,
      packet.encryptedSequenceId,
      packet.encryptedPayload,
      packet.signature,
    ].map(vector);
    AITcpPacket.startAITcpPacket(builder);
    AITcpPacket.addVersion(builder, 1);
    AITcpPacket.addEphemeralKey(builder, key);
    AITcpPacket.addNonce(builder, nonce);
    AITcpPacket.addEncryptedSequenceId(builder, sequence);
    AITcpPacket.addEncryptedPayload(builder, content);
    AITcpPacket.addSignature(builder, signature);
    AITcpPacket.addHeader(builder, header);
    AITcpPacket.finishSizePrefixedAITcpPacketBuffer(builder, AITcpPacket.endAITcpPacket(builder));
    const bytes = builder.asUint8Array();
    expect(fieldsOf(bytes)).to.deep.equal(expectedFields(packet));
    verifyTable(bytes, AITCP_PACKET, VERIFY);
    expect(catchM2MError(() => readPacket(bytes)).code).to.equal("M2M_PACKET_INVALID");
  });

  it("ends in a taxonomy error for any other bytes", () => {
    fc.assert(
      fc.property(anyPacket, fc.uint8Array({ maxLength: 40 }), fc.nat(400), (packet, noise, at) => {
        const bytes = writePacket(packet);
        bytes.set(noise.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
        try {
          expect(writePacket(readPacket(bytes))).to.deep.equal(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(M2MError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
