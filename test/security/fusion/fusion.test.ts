import { expect } from "chai";
import fc from "fast-check";
import { TEXT_CATEGORIES, type Evidence, type TextCategory } from "../../../src/security/evidence.js";
import { unsafeProbability } from "../../../src/security/fusion/fusion.js";
import { categoryScores, FEATURES, features, fusionFor } from "../../../src/security/fusion/index.js";
import { HydraModel, type LogisticLayer } from "../../../src/security/hydra/index.js";
import { OWN_SHAPE, writeModelFolder } from "../hydra/random-model.js";

const NOTHING: Evidence = {
  rules: { injection: 0, jailbreak: 0, exfiltration: 0 },
  strongestRule: 0,
  disguised: false,
  trusted: false,
};

const positive = fc.double({ min: 0, max: 20, noNaN: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const byCategory = (value: fc.Arbitrary<number>) =>
  fc.record({ injection: value, jailbreak: value, exfiltration: value });
const evidence: fc.Arbitrary<Evidence> = fc.record(
  {
    unsafeLogit: fc.double({ min: -30, max: 30, noNaN: true }),
    hydra: byCategory(share),
    rules: byCategory(positive),
    strongestRule: fc.oneof({ arbitrary: share, weight: 3 }, fc.constant(1)),
    disguised: fc.boolean(),
    trusted: fc.boolean(),
    units: fc.nat({ max: 1_000_000 }),
  },
  { requiredKeys: ["rules", "strongestRule", "disguised", "trusted"] },
);

describe("fusion", () => {
  it("has a value for each feature it names, 0 where a detector did not run", () => {
    expect(features(NOTHING)).to.deep.equal(FEATURES.map(() => 0));
    expect(
      features({
        unsafeLogit: 2,
        hydra: { injection: 0.8, jailbreak: 0.1, exfiltration: 0 },
        rules: { injection: 1, jailbreak: 3, exfiltration: 0.5 },
        strongestRule: 0.9,
        disguised: true,
        trusted: true,
      }),
    ).to.deep.equal([2, 2, 3, 1.5, 0.9, 1, 1, 1]);
  });

  it("lets a rule of weight 1 decide", () => {
    const layer = fusionFor("rules", undefined);
    for (const others of [NOTHING, { ...NOTHING, trusted: true }, { ...NOTHING, unsafeLogit: -8 }])
      expect(unsafeProbability(layer, { ...others, strongestRule: 1 })).to.be.at.least(0.99);
    expect(unsafeProbability(layer, { ...NOTHING, trusted: true, strongestRule: 0.99 })).to.be.below(0.9);
  });

  it("makes less of what Hydra alone finds in a long text, within bounds", () => {
    const layer: LogisticLayer = { bias: 0, coefficients: [1, 0, 0, 0, 0, 0, 0, 0] };
    const oddsOf = (change: Partial<Evidence>): number => {
      const p = unsafeProbability(layer, { ...NOTHING, unsafeLogit: 3, ...change });
      return Math.log(p / (1 - p));
    };
    for (const units of [undefined, 0, 100, 4000]) expect(oddsOf({ units })).to.be.closeTo(3, 1e-9);
    expect(oddsOf({ units: 16_000 })).to.be.closeTo(3 - Math.log(2), 1e-9);
    expect(oddsOf({ units: 64_000 })).to.be.closeTo(3 - Math.log(4), 1e-9);
    expect(oddsOf({ units: 64_000_000 })).to.be.closeTo(3 - Math.log(4), 1e-9);
    expect(oddsOf({ units: 64_000, strongestRule: 0.5 })).to.be.closeTo(3, 1e-9);
    expect(oddsOf({ units: 64_000, unsafeLogit: undefined })).to.be.closeTo(0, 1e-9);
  });

  it("lets strong rules agree with Hydra only where Hydra finds the text unsafe", () => {
    const agree = (unsafeLogit: number, strongestRule: number) =>
      features({ ...NOTHING, unsafeLogit, strongestRule })[5];
    expect([agree(1, 0.7), agree(1, 0.69), agree(-1, 0.9), agree(0, 0.9)]).to.deep.equal([1, 0, 0, 0]);
  });

  it("gives finite features whatever the evidence", () => {
    fc.assert(
      fc.property(evidence, (found) => {
        for (const value of features(found)) expect(value).to.be.within(-8, 8);
      }),
    );
  });

  it("is the logistic function of the weighted sum", () => {
    const layer: LogisticLayer = { bias: -1, coefficients: [0.5, 0, 2, 0, 0, 0, 0, -3] };
    const found = { ...NOTHING, unsafeLogit: 3, rules: { ...NOTHING.rules, jailbreak: 0.25 } };
    expect(unsafeProbability(layer, found)).to.be.closeTo(1 / (1 + Math.exp(-(-1 + 1.5 + 0.5))), 1e-12);
    expect(unsafeProbability(layer, { ...found, trusted: true })).to.be.closeTo(1 / (1 + Math.exp(2)), 1e-12);
  });

  it("gives the likeliest category the probability of all, and no other one more", () => {
    const layer: LogisticLayer = { bias: -2, coefficients: [1, 0, 1, 0.5, 0, 0, 0, -2] };
    fc.assert(
      fc.property(evidence, (found) => {
        const scores = Object.values(categoryScores(layer, found));
        expect(scores).to.have.lengthOf(TEXT_CATEGORIES.length);
        expect(Math.max(...scores)).to.be.closeTo(unsafeProbability(layer, found), 1e-12);
        for (const score of scores) expect(score).to.be.within(0, 1);
      }),
    );
  });

  it("gives the scores of its definition, whatever is wanted", () => {
    const layer: LogisticLayer = { bias: -0.3, coefficients: [1, 0.2, 0.1, 0.5, 0.7, 0.1, 1, -2] };
    fc.assert(
      fc.property(evidence, fc.subarray([...TEXT_CATEGORIES]), (found, wanted) => {
        expect(categoryScores(layer, found, wanted)).to.deep.equal(scorePlainly(layer, found, wanted));
      }),
    );
  });

  it("follows the kind of the evidence, from either detector", () => {
    const layer: LogisticLayer = { bias: 0, coefficients: FEATURES.map(() => 0) };
    const byRules = { ...NOTHING, rules: { injection: 0, jailbreak: 2, exfiltration: 0.1 } };
    const scores = categoryScores(layer, byRules);
    expect(scores.jailbreak).to.equal(0.5);
    expect(scores.exfiltration).to.be.within(0.01, 0.2);
    expect(scores.injection).to.equal(0);
    const byHydra = {
      ...NOTHING,
      unsafeLogit: 1,
      hydra: { injection: 0.1, jailbreak: 0.1, exfiltration: 0.6 },
    };
    expect(categoryScores(layer, byHydra).exfiltration).to.equal(0.5);
    // Nothing points anywhere.
    expect(Object.values(categoryScores(layer, NOTHING))).to.deep.equal([0.5, 0.5, 0.5]);
  });

  it("does not take a category with evidence of its own for less because of another one beside it", () => {
    const layer: LogisticLayer = { bias: 0, coefficients: FEATURES.map(() => 0) };
    const mixed = { ...NOTHING, rules: { injection: 4, jailbreak: 0.7, exfiltration: 0.2 } };
    const scores = categoryScores(layer, mixed);
    expect(scores.injection).to.equal(0.5);
    // The likeliest one stays so.
    expect(scores.jailbreak).to.be.within(0.499, 0.49999);
    // A trace of another kind is none.
    expect(scores.exfiltration).to.be.below(0.2);
    const hydra = { injection: 0.5, jailbreak: 0.3, exfiltration: 0.1 };
    const byHydra = (unsafeLogit: number) => categoryScores(layer, { ...NOTHING, unsafeLogit, hydra });
    expect(byHydra(2).jailbreak).to.be.within(0.499, 0.49999);
    expect(byHydra(2).exfiltration).to.be.closeTo(0.1, 1e-9);
    expect(byHydra(-2).jailbreak).to.be.closeTo(0.3, 1e-9);
  });

  it("scores a category the same whether others are wanted or not, and these 0", () => {
    const layer: LogisticLayer = { bias: -0.3, coefficients: [1, 0.2, 0.1, 0.5, 0.7, 0.1, 1, -2] };
    fc.assert(
      fc.property(evidence, fc.subarray([...TEXT_CATEGORIES]), (found, wanted) => {
        const all = categoryScores(layer, found);
        for (const [category, score] of Object.entries(categoryScores(layer, found, wanted)))
          expect(score).to.equal(
            wanted.includes(category as TextCategory) ? all[category as TextCategory] : 0,
          );
      }),
    );
  });

  describe("layer", () => {
    const rules = fusionFor("rules", undefined);

    it("of the rules has a coefficient a feature, and none for Hydra", () => {
      expect(rules.coefficients).to.have.lengthOf(FEATURES.length);
      expect([rules.coefficients[0], rules.coefficients[1], rules.coefficients[5]]).to.deep.equal([0, 0, 0]);
    });

    it("of the rules rises with their evidence and falls with trust", () => {
      const score = (weight: number, trusted = false) =>
        unsafeProbability(rules, {
          ...NOTHING,
          trusted,
          rules: { ...NOTHING.rules, injection: -Math.log(1 - weight) },
          strongestRule: weight,
        });
      expect(score(0.95)).to.be.above(0.8);
      expect(score(0)).to.be.below(0.5);
      for (let weight = 0.1; weight < 1; weight += 0.1) {
        expect(score(weight)).to.be.above(score(weight - 0.1));
        expect(score(weight, true)).to.be.below(score(weight));
      }
    });

    it("of weights is what their configuration says, or one that takes odds as they are", async () => {
      const layer = (bias: number) => ({ bias, coefficients: [1, 2, 3, 4, 5, 6, 7, 8] });
      const fitted = writeModelFolder(OWN_SHAPE, 1, { fusion: { both: layer(1), hydra: layer(2) } });
      const plain = writeModelFolder(OWN_SHAPE, 1);
      const model = await HydraModel.load(fitted.folder);
      expect(fusionFor("both", model)).to.deep.equal(layer(1));
      expect(fusionFor("hydra", model)).to.deep.equal(layer(2));
      expect(fusionFor("rules", model)).to.equal(rules);
      const unfitted = fusionFor("both", await HydraModel.load(plain.folder));
      expect(unfitted.coefficients).to.have.lengthOf(FEATURES.length);
      const odds = (unsafeLogit: number) => unsafeProbability(unfitted, { ...NOTHING, unsafeLogit });
      expect(odds(4)).to.be.above(0.9);
      expect(odds(-4)).to.be.below(0.1);
      fitted.remove();
      plain.remove();
    });
  });
});

/**
 * Features sorted, length counted against Hydra alone, the rule that decides, shares by category compared with the largest, and
 * the margin of those with evidence of their own.
 */
function scorePlainly(
  layer: LogisticLayer,
  { disguised, hydra, rules, strongestRule, trusted, unsafeLogit, units = 0 }: Evidence,
  wanted: readonly TextCategory[],
): Record<TextCategory, number> {
  const logit = Math.min(8, Math.max(-8, unsafeLogit ?? 0));
  const sums = Object.values(rules).sort((a, b) => b - a);
  const isAgreed = strongestRule >= 0.7 && logit > 0;
  const values = [
    logit,
    Math.max(0, logit),
    Math.min(6, sums[0]),
    Math.min(6, sums[1] + sums[2]),
    strongestRule,
    Number(isAgreed),
    Number(disguised),
    Number(trusted),
  ];
  const sum = values.reduce((total, value, at) => total + layer.coefficients[at] * value, layer.bias);
  const isHydraAlone = unsafeLogit !== undefined && strongestRule < 0.5;
  const lengths = isHydraAlone ? Math.min(16, Math.max(1, units / 4000)) : 1;
  const fused = 1 / (1 + Math.exp(-(sum - 0.5 * Math.log(lengths))));
  const unsafe = strongestRule === 1 ? Math.max(0.99, fused) : fused;
  const share = (one: TextCategory) => (hydra?.[one] ?? 0) + 1 - Math.exp(-rules[one]);
  const threat = Object.values(hydra ?? {}).reduce((total, one) => total + one, 0);
  const isOwn = (one: TextCategory) =>
    rules[one] >= Math.LN2 || (hydra && (unsafeLogit ?? 0) > 0 && hydra[one] >= (1 / 3) * threat);
  const largest = Math.max(...TEXT_CATEGORIES.map(share));
  const scores = { injection: 0, jailbreak: 0, exfiltration: 0 };
  for (const one of wanted) {
    const part = largest > 0 ? share(one) / largest : 1;
    scores[one] = unsafe * (isOwn(one) ? 1 - 0.001 * (1 - part) : part);
  }
  return scores;
}
