import { expect } from "chai";
import { nodeCrypto } from "../../../../src/transport/aitcp/crypto/index.js";
import { openEarly, sealEarly } from "../../../../src/transport/aitcp/handshake/early.js";
import { readVectors } from "../../../helpers/vectors.js";

interface Case {
  readonly name: string;
  readonly ticketKey: string;
  readonly handshakeHash: string;
  readonly isPadded: boolean;
  readonly frames: string;
  readonly early: string;
}

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));

describe("AI-TCP early frames, vectors", () => {
  for (const vector of readVectors<Case>("aitcp/early.json")) {
    const from = { ticketKey: bytes(vector.ticketKey), handshakeHash: bytes(vector.handshakeHash) };

    it(`${vector.name}: sealed`, () => {
      const sealed = sealEarly(nodeCrypto(), from, bytes(vector.frames), vector.isPadded);
      expect(Buffer.from(sealed).toString("hex")).to.equal(vector.early);
    });

    it(`${vector.name}: opened, and not with another key, hash or bit`, () => {
      const sealed = bytes(vector.early);
      const frames = openEarly(nodeCrypto(), from, sealed);
      expect(Buffer.from(frames).toString("hex")).to.equal(vector.frames);
      const changed = (of: Uint8Array): Uint8Array => of.map((byte, at) => (at === 7 ? byte ^ 1 : byte));
      for (const [key, text] of [
        [{ ...from, ticketKey: changed(from.ticketKey) }, sealed],
        [{ ...from, handshakeHash: changed(from.handshakeHash) }, sealed],
        [from, changed(sealed)],
      ] as const) {
        expect(() => openEarly(nodeCrypto(), key, text))
          .to.throw()
          .with.property("code", "M2M_AUTHENTICATION_FAILED");
      }
    });
  }
});
