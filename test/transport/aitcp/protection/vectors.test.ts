import { expect } from "chai";
import { PacketOpener, PacketSealer } from "../../../../src/transport/aitcp/protection/index.js";
import { readVectors } from "../../../helpers/vectors.js";
import { openSsl } from "./primitives.js";

interface SealedCase {
  name: string;
  input: {
    trafficSecret: string;
    ephemeralKey: string;
    epoch: number;
    sequence: number;
    signature: string;
    record: string;
  };
  expected: string;
}

describe("vectors of sealed packets", () => {
  const cases = readVectors<SealedCase>("aitcp/packets/sealed.json");

  for (const { name, input, expected } of cases) {
    const [trafficSecret, key, signature, record] = [
      input.trafficSecret,
      input.ephemeralKey,
      input.signature,
      input.record,
    ].map((hex) => Buffer.from(hex, "hex"));

    // An opener follows an epoch at a time, and numbers as they come.
    it(`opens ${name}`, () => {
      const sealer = new PacketSealer({ trafficSecret, ephemeralKey: key, crypto: openSsl });
      const opener = new PacketOpener({ trafficSecret, peerEphemeralKey: key, crypto: openSsl });
      for (let epoch = 0; epoch < input.epoch; epoch++) {
        opener.open(sealer.seal(Buffer.alloc(0), 0), 0);
        sealer.rekey();
      }
      const opened = opener.open(Buffer.from(expected, "hex"), 0);
      expect(opened).to.include({ sequence: input.sequence, epoch: input.epoch });
      expect(Buffer.from(opened.record).equals(record)).to.equal(true);
      expect(Buffer.from(opened.signature).equals(signature)).to.equal(true);
    });
  }

  it("are what a sealer makes of the first three", () => {
    const [{ input }] = cases;
    const sealer = new PacketSealer({
      trafficSecret: Buffer.from(input.trafficSecret, "hex"),
      ephemeralKey: Buffer.from(input.ephemeralKey, "hex"),
      crypto: openSsl,
    });
    const made = cases.slice(0, 3).map(({ input: { record, signature } }) => {
      const packet = sealer.seal(Buffer.from(record, "hex"), 0, Buffer.from(signature, "hex"));
      return Buffer.from(packet).toString("hex");
    });
    expect(made).to.deep.equal(cases.slice(0, 3).map(({ expected }) => expected));
  });
});
