import { expect } from "chai";
import { knownFindings, parseBaseline, renderBaseline, withoutKnown } from "../../../src/security/index.js";
import { catchM2MError } from "../../helpers/catch-error.js";
import { inputOf, threat } from "./scan-results.js";

const HERE = { file: "docs/a.md" };
const baselineOf = (...inputs: Parameters<typeof knownFindings>[0][]) =>
  parseBaseline(renderBaseline(inputs.flatMap((input) => knownFindings(input, 0.8))), "known.json");

describe("a baseline", () => {
  it("takes what it knows out of a result, wherever in the file it has moved to", () => {
    const known = baselineOf(inputOf([threat({ line: 3 })], HERE));
    const moved = withoutKnown(inputOf([threat({ line: 30 })], HERE), known, 0.8);
    expect(moved).to.deep.equal({
      safe: true,
      score: 0,
      confidence: 1,
      scores: { injection: 0, jailbreak: 0, exfiltration: 0, malformed: 0 },
      threats: [],
      shouldBlock: false,
    });
  });

  it("knows nothing of another file, rule, pointer or text", () => {
    const known = baselineOf(inputOf([threat()], HERE));
    const others = [
      inputOf([threat()], { file: "docs/b.md" }),
      inputOf([threat()]),
      inputOf([threat({ id: "M2M-INJ-002" })], HERE),
      inputOf([threat({ pointer: "/text" })], HERE),
      inputOf([threat({ excerpt: "Ignore all instructions" })], HERE),
    ];
    for (const other of others) expect(withoutKnown(other, known, 0.8)).to.equal(other.result);
  });

  it("leaves what is new to decide", () => {
    const old = threat();
    const known = baselineOf(inputOf([old], HERE));
    const fresh = threat({ id: "M2M-JB-001", category: "jailbreak", score: 0.9 });
    const result = withoutKnown(inputOf([old, fresh], HERE), known, 0.8);
    expect([result.safe, result.threatType, result.score]).to.deep.equal([false, "jailbreak", 0.9]);
    expect(result.threats).to.deep.equal([fresh]);
    expect(result.scores.injection).to.equal(0);
  });

  it("does not excuse a broken payload with a known text, nor the other way round", () => {
    const words = threat();
    const structure = threat({ id: "M2M-MAL-001", category: "malformed", score: 0.9 });
    const both = inputOf([words, structure], HERE);
    expect(withoutKnown(both, baselineOf(inputOf([words], HERE)), 0.8).threatType).to.equal("malformed");
    expect(withoutKnown(both, baselineOf(inputOf([structure], HERE)), 0.8).threatType).to.equal("injection");
  });

  it("keeps what reaches the threshold only, each finding once, in a stable order", () => {
    const a = inputOf([threat(), threat({ line: 9 }), threat({ score: 0.5, excerpt: "low" })], HERE);
    const b = inputOf([threat()], { file: "a.md" });
    const text = renderBaseline([...knownFindings(a, 0.8), ...knownFindings(b, 0.8)]);
    expect(text).to.equal(renderBaseline([...knownFindings(b, 0.8), ...knownFindings(a, 0.8)]));
    const { findings, version } = JSON.parse(text) as { version: number; findings: { file: string }[] };
    expect([version, findings.map(({ file }) => file)]).to.deep.equal([1, ["a.md", "docs/a.md"]]);
    expect(renderBaseline([])).to.equal('{\n  "version": 1,\n  "findings": []\n}\n');
  });

  for (const text of [
    "",
    "{}",
    "[]",
    '{"version":2,"findings":[]}',
    '{"version":1,"findings":[{}]}',
    "null",
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      const error = catchM2MError(() => parseBaseline(text, "known.json"));
      expect(error.code).to.equal("M2M_BASELINE_INVALID");
      expect(error.message).to.include("known.json");
    });
  }
});
