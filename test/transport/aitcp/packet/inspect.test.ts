import { expect } from "chai";
import fc from "fast-check";
import { inspectPackets, writePacket } from "../../../../src/transport/aitcp/packet/index.js";
import { anyPacket, dataPacket, onePacketOfEach } from "./packets.js";

describe("inspectPackets", () => {
  it("finds packets behind one another, and those behind a damaged one", () => {
    const written = onePacketOfEach().map(writePacket);
    written[2][40] ^= 1;
    const found = inspectPackets(Buffer.concat(written));
    expect(found.map(({ state }) => state)).to.deep.equal(
      written.map((_, index) => (index === 2 ? "invalid" : "packet")),
    );
    expect(found.map(({ bytes }) => bytes.length)).to.deep.equal(written.map(({ length }) => length));
    expect(found[2].problem).to.include({ code: "M2M_PACKET_INVALID", offset: 40 });
    expect(found[4].packet).to.deep.equal(onePacketOfEach()[4]);
  });

  it("takes a table without a size prefix for what it is", () => {
    const [bare] = inspectPackets(writePacket(dataPacket(30)).subarray(4));
    expect(bare.state).to.equal("table");
    expect(bare.problem?.message).to.include("length of the packet are missing");
    expect(bare.fields.map(({ name }) => name)).to.include("signature");
  });

  it("says that a packet is cut", () => {
    const [cut] = inspectPackets(writePacket(dataPacket(30)).subarray(0, 200));
    expect(cut).to.include({ state: "invalid" });
    expect(cut.problem).to.include({ code: "M2M_PACKET_TRUNCATED", offset: 200 });
  });

  it("accounts for each byte of any input once", () => {
    const input = fc.oneof(
      fc.uint8Array({ maxLength: 700 }),
      fc
        .tuple(
          fc.array(anyPacket, { maxLength: 3 }),
          fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 4 }),
        )
        .map(([packets, edits]) => {
          const bytes = new Uint8Array(Buffer.concat(packets.map(writePacket)));
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
          return bytes;
        }),
    );
    fc.assert(
      fc.property(input, (bytes) => {
        let at = 0;
        for (const { offset, bytes: part, state, packet, problem } of inspectPackets(bytes)) {
          expect(offset).to.equal(at);
          expect(state === "packet").to.equal(packet !== undefined && problem === undefined);
          at += part.length;
        }
        expect(at).to.equal(bytes.length);
      }),
      { numRuns: 500 },
    );
  });
});
