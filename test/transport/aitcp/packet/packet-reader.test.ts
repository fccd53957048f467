import { expect } from "chai";
import fc from "fast-check";
import { MAX_PACKET_BYTES, PacketReader, writePacket } from "../../../../src/transport/aitcp/packet/index.js";
import { catchM2MError } from "../../../helpers/catch-error.js";
import { anyPacket, dataPacket, onePacketOfEach } from "./packets.js";

/** The slow way: everything is kept and cut. */
function cutAll(stream: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let at = 0; at + 4 <= stream.length;) {
    const end = at + 4 + Buffer.from(stream).readUInt32LE(at);
    if (end > stream.length) break;
    packets.push(stream.slice(at, end));
    at = end;
  }
  return packets;
}

/** Copies of what the reader gives. */
function push(reader: PacketReader, chunk: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  reader.push(chunk, (packet) => packets.push(Uint8Array.from(packet)));
  return packets;
}

describe("PacketReader", () => {
  it("finds the packets of a stream, however it is cut", () => {
    const chunk = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 10, max: 3000 }));
    fc.assert(
      fc.property(
        fc.array(anyPacket, { maxLength: 6 }),
        fc.array(chunk, { minLength: 1, maxLength: 20 }),
        fc.nat(300),
        (packets, cuts, missing) => {
          const whole = Buffer.concat(packets.map(writePacket));
          const stream = whole.subarray(0, Math.max(0, whole.length - missing));
          const reader = new PacketReader();
          const found: Uint8Array[] = [];
          let fed = 0;
          for (let turn = 0; fed < stream.length; turn++) {
            const size = turn > 200 ? 5000 : cuts[turn % cuts.length];
            found.push(...push(reader, stream.subarray(fed, fed + size)));
            fed += size;
          }
          const expected = cutAll(stream);
          expect(found.length).to.equal(expected.length);
          found.forEach((bytes, index) => expect(Buffer.compare(bytes, expected[index])).to.equal(0));
          // What waits for the rest of its packet is there when that comes.
          const rest = push(reader, whole.subarray(stream.length));
          expect(Buffer.compare(Buffer.concat([...found, ...rest]), whole)).to.equal(0);
        },
      ),
    );
  });

  it("refuses a length that no packet has before it keeps a byte of it, and everything then", () => {
    for (const size of [0, 4, 203, 200, 206, 65537, 65540, 0x7fffffff, 0xffffffff]) {
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32LE(size);
      const whole = new PacketReader();
      expect(catchM2MError(() => push(whole, prefix)).code, `${size}`).to.equal("M2M_PACKET_INVALID");
      expect(catchM2MError(() => push(whole, writePacket(dataPacket(16)))).code).to.equal(
        "M2M_PROTOCOL_STATE",
      );
      const byBytes = new PacketReader();
      for (const byte of prefix.subarray(0, 3)) expect(push(byBytes, Uint8Array.of(byte))).to.deep.equal([]);
      expect(catchM2MError(() => push(byBytes, prefix.subarray(3))).code).to.equal("M2M_PACKET_INVALID");
    }
  });

  it("gives views of a chunk that holds whole packets, and keeps nothing of it", () => {
    const chunk = Buffer.concat(onePacketOfEach().map(writePacket));
    const reader = new PacketReader();
    const packets: Uint8Array[] = [];
    reader.push(chunk, (packet) => packets.push(packet));
    expect(packets).to.have.length(onePacketOfEach().length);
    for (const packet of packets) expect(packet.buffer).to.equal(chunk.buffer);
  });

  it("copies a packet that comes byte by byte a bounded number of times", () => {
    const longest = writePacket(dataPacket(MAX_PACKET_BYTES - 208));
    const reader = new PacketReader();
    let copied = 0;
    const set = Uint8Array.prototype.set;
    // Counts the bytes that are moved, and moves them.
    Uint8Array.prototype.set = function (source: ArrayLike<number>, offset?: number) {
      copied += source.length;
      set.call(this, source, offset);
    };
    const packets: Uint8Array[] = [];
    try {
      for (let at = 0; at < longest.length; at++) {
        reader.push(longest.subarray(at, at + 1), (packet) => packets.push(packet));
      }
    } finally {
      Uint8Array.prototype.set = set;
    }
    expect(Buffer.compare(packets[0], longest)).to.equal(0);
    expect(copied).to.be.below(3 * longest.length);
  });

  it("gives the packets before one that is refused, and none behind what their taker throws", () => {
    const packet = writePacket(dataPacket(16));
    const reader = new PacketReader();
    const found: Uint8Array[] = [];
    const stream = Buffer.concat([packet, Buffer.alloc(4)]);
    const error = catchM2MError(() => reader.push(stream, (whole) => found.push(whole)));
    expect(error.code).to.equal("M2M_PACKET_INVALID");
    expect(found).to.have.length(1);

    const other = new PacketReader();
    const refuse = (): never => {
      throw new Error("enough");
    };
    expect(() => other.push(Buffer.concat([packet, packet]), refuse)).to.throw("enough");
    expect(catchM2MError(() => push(other, packet)).code).to.equal("M2M_PROTOCOL_STATE");
  });

  it("keeps no room for a packet that it has given, unless many come", () => {
    const packet = writePacket(dataPacket(MAX_PACKET_BYTES - 208));
    const reader = new PacketReader();
    const rooms: ArrayBufferLike[] = [];
    const take = (whole: Uint8Array): void => void rooms.push(whole.buffer);
    for (const cut of [40_000, 40_000, packet.length - 10, packet.length - 10, 40_000]) {
      reader.push(packet.subarray(0, cut), take);
      reader.push(packet.subarray(cut), take);
    }
    // The last chunk was short two times: the room was given up.
    expect(rooms[1]).not.to.equal(rooms[0]);
    expect(new Set(rooms).size).to.equal(5);
    const bulk = new PacketReader();
    rooms.length = 0;
    const stream = Buffer.concat([packet, packet, packet]);
    for (let at = 0; at < stream.length; at += 65_536) bulk.push(stream.subarray(at, at + 65_536), take);
    expect(rooms).to.have.length(3);
    expect(rooms[1]).to.equal(rooms[0]);
  });
});
