import Ajv from "ajv6";
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { features, unsafeProbability } from "../../../src/security/fusion/fusion.js";
import type { LogisticLayer } from "../../../src/security/hydra/index.js";
import { hydraEvidence } from "../../../src/security/judge.js";

interface FusionCase {
  name: string;
  input: {
    safe: number | null;
    rules: [injection: number, jailbreak: number, exfiltration: number];
    strongestRule: number;
    disguised: boolean;
    trusted: boolean;
  };
  options: { layer: LogisticLayer };
  expected: { features: number[]; probability: number };
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../vectors/fusion/${name}`, import.meta.url), "utf8"));
const vectors = read("evidence.json") as { cases: FusionCase[] };
/** The training computes the odds from a probability of 64 bits, this side from what is left of it. */
const CLOSE = 1e-9;

/** What Hydra says if it gives `safe` to SAFE and shares the rest evenly. */
function predictionOf(safe: number) {
  const rest = (1 - safe) / 3;
  const probabilities = { SAFE: safe, INJECTION: rest, JAILBREAK: rest, EXFILTRATION: rest };
  return hydraEvidence({
    threat: { label: "SAFE", probabilities },
    security: { label: "SAFE", probabilities: { SAFE: safe, UNSAFE: 1 - safe } },
  });
}

describe("fusion, as the training computes it", () => {
  it("has vectors of the documented shape", () => {
    const ajv = new Ajv();
    expect(ajv.validate(read("schema.json") as object, vectors), ajv.errorsText()).to.equal(true);
  });

  for (const { name, input, options, expected } of vectors.cases) {
    it(name, () => {
      const { safe, rules, ...others } = input;
      const [injection, jailbreak, exfiltration] = rules;
      const evidence = {
        ...(safe === null ? {} : predictionOf(safe)),
        rules: { injection, jailbreak, exfiltration },
        ...others,
      };
      const found = features(evidence);
      expect(found).to.have.length(expected.features.length);
      found.forEach((value, at) => expect(value).to.be.closeTo(expected.features[at], CLOSE));
      expect(unsafeProbability(options.layer, evidence)).to.be.closeTo(expected.probability, CLOSE);
    });
  }
});
