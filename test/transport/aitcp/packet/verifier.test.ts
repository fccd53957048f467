import { expect } from "chai";
import fc from "fast-check";
import { Builder } from "flatbuffers";
import { readFileSync } from "node:fs";
import { FormatError } from "../../../../src/shared/errors.js";
import { AITcpPacket } from "../../../../src/transport/aitcp/packet/aitcp-packet.gen.js";
import {
  AITCP_PACKET,
  EPHEMERAL_SESSION,
  readEphemeralSession,
  verifyTable,
  writeEphemeralSession,
  writePacket,
  type TableSchema,
} from "../../../../src/transport/aitcp/packet/index.js";
import { catchM2MError } from "../../../helpers/catch-error.js";
import { anyPacket, counting, dataPacket } from "./packets.js";

/** A packet in the layout of a builder, whose vectors are shared where their bytes are the same if `isShared`. */
function builtPacket(isShared = false): Uint8Array {
  const builder = new Builder(64);
  const nonce = AITcpPacket.createNonceVector(builder, counting(12, 1));
  const other = isShared ? nonce : AITcpPacket.createNonceVector(builder, counting(12, 1));
  AITcpPacket.startAITcpPacket(builder);
  AITcpPacket.addFooter(builder, other);
  AITcpPacket.addSignature(builder, other);
  AITcpPacket.addEncryptedPayload(builder, other);
  AITcpPacket.addEncryptedSequenceId(builder, nonce);
  AITcpPacket.addNonce(builder, nonce);
  AITcpPacket.addEphemeralKey(builder, nonce);
  builder.finish(AITcpPacket.endAITcpPacket(builder));
  return builder.asUint8Array().slice();
}

const ticket = { id: counting(16, 200), publicKey: counting(32, 9), expirationUnix: 1795944896 };
const TYPES = { ubyte: "ubyte", long: "long", string: "string", "[ubyte]": "bytes" } as Record<
  string,
  string
>;

describe("FlatBuffers verifier", () => {
  for (const [file, schema] of [
    ["aitcp.fbs", AITCP_PACKET],
    ["ephemeral-session.fbs", EPHEMERAL_SESSION],
  ] as [string, TableSchema][]) {
    it(`describes what stands in ${file}`, () => {
      const url = new URL(`../../../../src/transport/aitcp/packet/${file}`, import.meta.url);
      const text = readFileSync(url, "utf8").replace(/\/\/.*/g, "");
      const [, namespace, name, body] = /namespace (\w+);\s*table (\w+) \{([^}]*)\}/.exec(text)!;
      const fields = [...body.matchAll(/(\w+): ?([\w[\]]+)( \(required\))?;/g)].map(
        ([, field, type, required]) => ({
          name: field,
          type: TYPES[type],
          ...(required && { required: true }),
        }),
      );
      expect({ namespace, name, fields }).to.deep.equal(schema);
      expect(text).to.include(`root_type ${name};`);
    });
  }

  it("takes what a builder makes, and finds the fields", () => {
    const { values } = verifyTable(builtPacket(), AITCP_PACKET);
    expect([...values.keys()]).to.have.members([
      ...["ephemeral_key", "nonce", "encrypted_sequence_id", "encrypted_payload", "signature", "footer"],
    ]);
  });

  it("takes vectors that fields share, unless the buffer has to be exclusive", () => {
    verifyTable(builtPacket(true), AITCP_PACKET);
    const error = catchM2MError(() => verifyTable(builtPacket(true), AITCP_PACKET, { exclusive: true }));
    expect(error).to.include({ code: "M2M_PACKET_INVALID" });
    expect(error.message).to.include("overlaps");
  });

  it("refuses a missing field that is required, and lengths out of the range", () => {
    const builder = new Builder(64);
    AITcpPacket.startAITcpPacket(builder);
    AITcpPacket.addVersion(builder, 1);
    builder.finish(builder.endObject());
    const bytes = builder.asUint8Array();
    expect(catchM2MError(() => verifyTable(bytes, AITCP_PACKET)).message).to.include(
      "ephemeral_key is missing",
    );
    const lengths = { nonce: [13, 20] } as const;
    const error = catchM2MError(() => verifyTable(builtPacket(), AITCP_PACKET, { lengths }));
    expect(error.message).to.include("12 bytes instead of 13 to 20");
  });

  it("refuses the buffers that generated code reads as if nothing were wrong", () => {
    const data = writePacket(dataPacket(16));
    const refused = (change: (view: DataView) => void): string => {
      const bytes = data.slice();
      change(new DataView(bytes.buffer));
      const error = catchM2MError(() => verifyTable(bytes, AITCP_PACKET, { sizePrefixed: true }));
      expect(error).to.be.instanceOf(FormatError);
      expect(error.offset).to.be.a("number");
      return error.message;
    };
    expect(refused((view) => view.setUint32(4, 0xffff, true))).to.include("not aligned");
    expect(refused((view) => view.setUint32(4, 0xfffc, true))).to.include("out of the buffer");
    expect(refused((view) => view.setUint32(4, 30, true))).to.include("not aligned");
    expect(refused((view) => view.setUint32(4, 0, true))).to.include("not aligned");
    expect(refused((view) => view.setInt32(32, -0x7fffffff, true))).to.include("vtable cannot be");
    expect(refused((view) => view.setInt32(32, 0x7fffffff, true))).to.include("vtable cannot be");
    expect(refused((view) => view.setInt32(32, 23, true))).to.include("vtable cannot be");
    expect(refused((view) => view.setUint16(8, 2, true))).to.include("vtable does not have 2");
    expect(refused((view) => view.setUint16(8, 21, true))).to.include("vtable does not have 21");
    expect(refused((view) => view.setUint16(8, 0xfffe, true))).to.include("leaves the buffer");
    expect(refused((view) => view.setUint16(10, 3, true))).to.include("table does not have 3");
    expect(refused((view) => view.setUint16(10, 0xffff, true))).to.include("leaves the buffer");
    expect(refused((view) => view.setUint16(14, 9, true))).to.include("cannot be at byte 9");
    expect(refused((view) => view.setUint16(14, 2, true))).to.include("cannot be at byte 2");
    expect(refused((view) => view.setUint16(14, 32, true))).to.include("cannot be at byte 32");
    expect(refused((view) => view.setUint32(40, 26, true))).to.include("not aligned");
    expect(refused((view) => view.setUint32(40, 0xfffffffc, true))).to.include("out of the buffer");
    expect(refused((view) => view.setUint32(64, 0x7fffffff, true))).to.include("leaves the buffer");
    expect(refused((view) => view.setUint32(0, 3, true))).to.include("behind the end");
    expect(refused((view) => view.setUint32(0, 5000, true))).to.include("ends at byte");
    expect(catchM2MError(() => verifyTable(new Uint8Array(0), AITCP_PACKET)).code).to.equal(
      "M2M_PACKET_INVALID",
    );
  });

  it("never reads out of the buffer, whatever the bytes are", () => {
    const options = fc.record({ sizePrefixed: fc.boolean(), exclusive: fc.boolean() });
    const built = fc.oneof(
      anyPacket.map(writePacket),
      fc.constant(builtPacket()),
      fc.constant(writeEphemeralSession(ticket)),
      fc.uint8Array({ maxLength: 200 }),
    );
    const changes = fc.array(fc.tuple(fc.nat(260), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
    fc.assert(
      fc.property(built, changes, fc.nat(40), options, (source, edits, cut, how) => {
        const bytes = source.slice(0, Math.max(0, source.length - cut));
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        for (const schema of [AITCP_PACKET, EPHEMERAL_SESSION]) {
          try {
            const { parts, values } = verifyTable(bytes, schema, how);
            for (const { offset, length } of [...parts, ...values.values()]) {
              expect(offset).to.be.at.least(0);
              expect(offset + length).to.be.at.most(bytes.length);
            }
          } catch (error) {
            expect(error).to.be.instanceOf(FormatError);
          }
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("EphemeralSession", () => {
  it("is read back as it was written", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.nat({ max: 2 ** 45 }),
        (id, publicKey, expirationUnix) => {
          const read = readEphemeralSession(writeEphemeralSession({ id, publicKey, expirationUnix }));
          expect(Buffer.compare(read.id, id)).to.equal(0);
          expect(Buffer.compare(read.publicKey, publicKey)).to.equal(0);
          expect(read.expirationUnix).to.equal(expirationUnix);
        },
      ),
    );
  });

  it("is refused when it is cut, or when a bit outside of the values is flipped", () => {
    const bytes = writeEphemeralSession(ticket);
    // The padding behind the last part belongs to no value.
    const { offset: last, length: lastLength } = verifyTable(bytes, EPHEMERAL_SESSION).parts.at(-1)!;
    for (let length = 0; length < last + lastLength; length++) {
      expect(catchM2MError(() => readEphemeralSession(bytes.slice(0, length))).code).to.equal(
        "M2M_PACKET_INVALID",
      );
    }
    const { values } = verifyTable(bytes, EPHEMERAL_SESSION);
    const isValue = (at: number): boolean =>
      [...values.values()].some(({ offset, length }) => at >= offset && at < offset + length);
    let refused = 0;
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      if (isValue(bit >> 3)) continue;
      const changed = bytes.slice();
      changed[bit >> 3] ^= 1 << (bit & 7);
      expect(() => readEphemeralSession(changed), `bit ${bit}`).to.throw(FormatError);
      refused++;
    }
    expect(refused).to.be.above(8 * 40);
  });

  it("is refused with fields missing, an id of another form, or a time before 1970", () => {
    const refuse = (fields: Partial<typeof ticket>): string =>
      catchM2MError(() => readEphemeralSession(writeEphemeralSession({ ...ticket, ...fields }))).message;
    expect(refuse({ id: counting(15, 0) })).to.include("session_id has 20 bytes instead of 22");
    expect(refuse({ publicKey: counting(31, 0) })).to.include("public_key has 31 bytes");
    expect(refuse({ expirationUnix: -1 })).to.include("no time");
    const bytes = writeEphemeralSession(ticket);
    const { offset } = verifyTable(bytes, EPHEMERAL_SESSION).values.get("session_id")!;
    // The last character has 2 bits that are used: another spelling of the same 16 bytes.
    bytes[offset + 21] = "x".charCodeAt(0);
    expect(catchM2MError(() => readEphemeralSession(bytes)).message).to.include("not 16 bytes in base64url");
    const builder = new Builder(16);
    builder.startObject(3);
    builder.finish(builder.endObject());
    expect(catchM2MError(() => readEphemeralSession(builder.asUint8Array())).message).to.include(
      "has session_id",
    );
  });
});
