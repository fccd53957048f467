import { expect } from "chai";
import fc from "fast-check";
import { ALGORITHMS, type AlgorithmName } from "../../src/codec/index.js";
import {
  narrowCapabilities,
  negotiate,
  PROTOCOL_VERSIONS,
  type Agreement,
  type Capabilities,
} from "../../src/session/index.js";
import { ENCODINGS } from "../../src/shared/encodings.js";

const names = ALGORITHMS.map(({ name }) => name);
const PRIOR = "prior:0a1b2c3d";
/** Naming a prior offers `dictionary`, listed or not. */
const offers = ({ compression, extensions }: Capabilities, name: AlgorithmName): boolean =>
  compression.algorithms.includes(name) || (name === "dictionary" && extensions.get(PRIOR) === "1");

const capabilities: fc.Arbitrary<Capabilities> = fc.record({
  version: fc.constantFrom(...PROTOCOL_VERSIONS),
  agentId: fc.string(),
  agentType: fc.string(),
  compression: fc.record({
    algorithms: fc.shuffledSubarray([...names, ...names]),
    maxPayloadBytes: fc.oneof(fc.constant(0), fc.nat()),
    streaming: fc.boolean(),
    mlRouting: fc.boolean(),
    encodings: fc.shuffledSubarray([...ENCODINGS]),
    preferredEncoding: fc.constantFrom(...ENCODINGS),
  }),
  security: fc.record({
    threatDetection: fc.boolean(),
    modelVersion: fc.constantFrom(undefined, "a", "b"),
    blocking: fc.boolean(),
    blockThreshold: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  extensions: fc
    .dictionary(
      fc.constantFrom("a", PRIOR, "prior:0a1b2c3", "__proto__", "toString"),
      fc.constantFrom("1", "2"),
      {
        noNullPrototype: false,
      },
    )
    .map((object) => new Map(Object.entries(object))),
});

/** The agreement without the order that the initiator gives it. */
function unordered({ algorithms, encodings, encoding: _, extensions, ...rest }: Agreement) {
  return {
    ...rest,
    algorithms: [...algorithms].sort(),
    encodings: [...encodings].sort(),
    extensions: [...extensions].sort(),
  };
}

describe("negotiation", () => {
  it("holds only what both sides have", () => {
    fc.assert(
      fc.property(capabilities, capabilities, (one, other) => {
        const { agreed, refused } = negotiate(one, other);
        const sides = [one, other];
        const both = (has: (side: Capabilities) => boolean): boolean => sides.every(has);
        const hasPrior = both(({ extensions }) => extensions.get(PRIOR) === "1");
        const usable = names.filter(
          (name) => both((side) => offers(side, name)) && (name !== "dictionary" || hasPrior),
        );
        const vocabularies = ENCODINGS.filter(
          (name) => name !== "heuristic" && both((side) => side.compression.encodings.includes(name)),
        );
        const expected = usable.filter((name) => name !== "token-native" || vocabularies.length > 0);
        if (one.version !== other.version) return void expect(refused?.code).to.equal("VERSION_MISMATCH");
        if (expected.length === 0) return void expect(refused?.code).to.equal("NO_COMMON_ALGORITHM");
        if (!agreed) throw new Error(refused.code);
        expect(agreed.algorithms).to.have.members(expected);
        const order = (list: readonly AlgorithmName[]) =>
          list.map((name) => one.compression.algorithms.indexOf(name));
        expect(order(agreed.algorithms)).to.deep.equal(order(agreed.algorithms).sort((a, b) => a - b));
        const native = agreed.algorithms.includes("token-native");
        expect(agreed.encodings).to.have.members(native ? vocabularies : []);
        if (native) expect(agreed.encodings).to.include(agreed.encoding);
        else expect(agreed.encoding).to.equal(undefined);
        expect(agreed.streaming).to.equal(both((side) => side.compression.streaming));
        expect(agreed.mlRouting).to.equal(both((side) => side.compression.mlRouting));
        const limits = sides.map((side) => side.compression.maxPayloadBytes).filter((limit) => limit > 0);
        expect(agreed.maxPayloadBytes).to.equal(limits.length === 0 ? 0 : Math.min(...limits));
        const { security } = agreed;
        expect(security.threatDetection).to.equal(both((side) => side.security.threatDetection));
        if (security.blocking) expect(both((side) => side.security.blocking)).to.equal(true);
        if (security.blocking) expect(security.threatDetection).to.equal(true);
        if (security.modelVersion !== undefined) {
          expect(both((side) => side.security.modelVersion === security.modelVersion)).to.equal(true);
        }
        for (const side of sides) {
          expect(security.blockThreshold).to.be.at.most(side.security.blockThreshold);
          for (const [key, value] of agreed.extensions) expect(side.extensions.get(key)).to.equal(value);
        }
      }),
    );
  });

  it("is the same either way round, but for the order of preference", () => {
    fc.assert(
      fc.property(capabilities, capabilities, (one, other) => {
        const there = negotiate(one, other);
        const back = negotiate(other, one);
        expect(there.refused?.code).to.equal(back.refused?.code);
        if (there.agreed && back.agreed)
          expect(unordered(there.agreed)).to.deep.equal(unordered(back.agreed));
      }),
    );
  });

  it("comes out the same from what the responder answers", () => {
    fc.assert(
      fc.property(capabilities, capabilities, (one, other) => {
        const { agreed } = negotiate(one, other);
        if (!agreed) return;
        const answer = narrowCapabilities(other, agreed);
        expect(negotiate(one, answer).agreed).to.deep.equal(agreed);
        for (const name of answer.compression.algorithms) expect(offers(one, name)).to.equal(true);
      }),
    );
  });

  it("refuses what a policy requires and the peer lacks", () => {
    fc.assert(
      fc.property(capabilities, capabilities, (one, other) => {
        const loose = negotiate(one, other);
        const strict = negotiate(one, other, { requireSecurity: true });
        if (!loose.agreed) return void expect(strict).to.deep.equal(loose);
        const { threatDetection, blocking } = loose.agreed.security;
        const wanted = one.security.blocking || other.security.blocking;
        if (threatDetection && (blocking || !wanted)) return void expect(strict).to.deep.equal(loose);
        expect(strict.refused?.code).to.equal("SECURITY_POLICY");
      }),
    );
  });

  it("takes the initiator's preference", () => {
    const base = fc.sample(capabilities, { numRuns: 1, seed: 1 })[0];
    const make = (
      algorithms: AlgorithmName[],
      preferredEncoding: "cl100k_base" | "o200k_base",
    ): Capabilities => ({
      ...base,
      compression: {
        ...base.compression,
        algorithms,
        encodings: ["cl100k_base", "o200k_base"],
        preferredEncoding,
      },
    });
    const one = make(["brotli", "token-native"], "o200k_base");
    const other = make(["token-native", "brotli", "none"], "cl100k_base");
    expect(negotiate(one, other).agreed).to.deep.include({
      algorithms: ["brotli", "token-native"],
      encoding: "o200k_base",
    });
    expect(negotiate(other, one).agreed).to.deep.include({
      algorithms: ["token-native", "brotli"],
      encoding: "cl100k_base",
    });
  });
});
