import { expect } from "chai";
import { readPacket, writePacket, type Packet } from "../../../../src/transport/aitcp/packet/index.js";
import { catchM2MError } from "../../../helpers/catch-error.js";
import { readVectors } from "../../../helpers/vectors.js";

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

describe("vectors of packets", () => {
  for (const { name, input, expected } of readVectors<{
    name: string;
    input: Record<string, string | number>;
    expected: string;
  }>("aitcp/packets/packets.json")) {
    it(`writes and reads ${name}`, () => {
      const packet = Object.fromEntries(
        Object.entries(input).map(([field, value]) => [
          field,
          typeof value === "number" || field === "kind" ? value : bytesOf(value),
        ]),
      ) as unknown as Packet;
      expect(Buffer.from(writePacket(packet)).toString("hex")).to.equal(expected);
      expect(readPacket(bytesOf(expected))).to.deep.equal(packet);
    });
  }

  for (const { name, input, error, offset } of readVectors<{
    name: string;
    input: string;
    error: string;
    offset?: number;
  }>("aitcp/packets/refused.json")) {
    it(`refuses ${name}`, () => {
      const thrown = catchM2MError(() => readPacket(bytesOf(input)));
      expect([thrown.code, thrown.offset]).to.deep.equal([error, offset]);
    });
  }
});
