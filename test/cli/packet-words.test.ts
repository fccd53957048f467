import { expect } from "chai";
import { describeField, describePacket } from "../../src/cli/packet-words.js";
import { REFUSALS } from "../../src/transport/aitcp/handshake/index.js";
import { PATTERNS } from "../../src/transport/aitcp/handshake/patterns.js";
import type { Packet } from "../../src/transport/index.js";

describe("the words of packet inspect", () => {
  it("name the patterns of the protocol, and no other", () => {
    for (let pattern = 0; pattern < 256; pattern++) {
      const name = PATTERNS.get(pattern) ?? "unknown";
      const words = describePacket({ state: "packet", kind: "initiation", pattern });
      expect(words).to.equal(`INITIATION, pattern ${pattern} (${name})`);
    }
  });

  it("explain the refusals of the protocol, and no other", () => {
    const known: readonly number[] = Object.values(REFUSALS);
    for (let code = 0; code < 256; code++) {
      const words = describeField("payload", Uint8Array.of(code), { kind: "refusal" } as Packet);
      expect(words !== "unknown code", String(code)).to.equal(known.includes(code));
    }
  });
});
