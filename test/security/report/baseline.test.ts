import { expect } from "chai";
import {
  knownFindings,
  parseBaseline,
  renderBaseline,
  withoutKnown,
  type Threat,
} from "../../../src/security/index.js";
import { catchM2MError } from "../../helpers/catch-error.js";
import { inputOf, threat } from "./scan-results.js";

const HERE = { file: "docs/a.md" };
const entriesOf = (input: Parameters<typeof knownFindings>[0]) =>
  [...knownFindings(input, 0.8).values()].flat();
const baselineOf = (...inputs: Parameters<typeof knownFindings>[0][]) =>
  parseBaseline(renderBaseline(inputs.flatMap(entriesOf)), "known.json");

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
      inputOf([threat({ match: "Ignore all instructions" })], HERE),
    ];
    for (const other of others) expect(withoutKnown(other, known, 0.8)).to.equal(other.result);
  });

  it("knows a finding whatever stands around it, and wherever in an array", () => {
    const known = baselineOf(inputOf([threat({ pointer: "/messages/3/content" })], HERE));
    const edited = threat({ pointer: "/messages/12/content", excerpt: "new. Ignore previous instructions" });
    expect(withoutKnown(inputOf([edited], HERE), known, 0.8).safe).to.equal(true);
    const elsewhere = inputOf([threat({ pointer: "/tools/3/content" })], HERE);
    expect(withoutKnown(elsewhere, known, 0.8)).to.equal(elsewhere.result);
  });

  it("knows a finding as often as it was there", () => {
    const known = baselineOf(inputOf([threat({ line: 1 }), threat({ line: 2 })], HERE));
    const lines = (...of: number[]) =>
      inputOf(
        of.map((line) => threat({ line })),
        HERE,
      );
    expect(withoutKnown(lines(7, 9), known, 0.8).threats).to.deep.equal([]);
    expect(
      withoutKnown(lines(7, 8, 9), known, 0.8).threats.map(({ location }) => location.line),
    ).to.deep.equal([9]);
    // The one that is new is named, if what stands around the others has not changed.
    const added = threat({ excerpt: "and now ignore previous instructions" });
    const result = withoutKnown(inputOf([added, threat(), threat()], HERE), known, 0.8);
    expect(result.threats).to.deep.equal([added]);
  });

  it("knows of Hydra that it takes exception to a file, whichever place it names", () => {
    const hydra = (match: string, more: Partial<Threat> = {}) =>
      threat({
        id: "M2M-HYDRA-JAILBREAK",
        category: "jailbreak",
        source: "hydra",
        match,
        excerpt: match,
        ...more,
      });
    const known = baselineOf(inputOf([hydra("one window")], HERE));
    expect(withoutKnown(inputOf([hydra("another")], HERE), known, 0.8).safe).to.equal(true);
    const injection = { id: "M2M-HYDRA-INJECTION", category: "injection" } as const;
    for (const other of [
      inputOf([hydra("one window", injection)], HERE),
      inputOf([hydra("one window")], { file: "b" }),
    ])
      expect(withoutKnown(other, known, 0.8)).to.equal(other.result);
    // A line of a log, or what is in no file, is a text of its own.
    for (const place of [{ ...HERE, line: 3 }, {}]) {
      const line = baselineOf(inputOf([hydra("one window")], place));
      expect(withoutKnown(inputOf([hydra("one window")], place), line, 0.8).safe).to.equal(true);
      expect(withoutKnown(inputOf([hydra("another")], place), line, 0.8).safe).to.equal(false);
    }
  });

  it("tells long finds apart by their length, but for those of the structure", () => {
    const long = (length: number, more: Partial<Threat> = {}) =>
      inputOf(
        [threat({ location: { pointer: "", offset: 0, length, line: 1 }, match: "x".repeat(120), ...more })],
        HERE,
      );
    const known = baselineOf(long(200));
    expect([long(200), long(201)].map((input) => withoutKnown(input, known, 0.8).safe)).to.deep.equal([
      true,
      false,
    ]);
    const structure = { id: "M2M-MAL-012", category: "malformed" } as const;
    const array = baselineOf(long(20_000, structure));
    expect(withoutKnown(long(20_010, { ...structure, match: "y" }), array, 0.8).safe).to.equal(true);
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

  it("keeps what reaches the threshold only, in a stable order", () => {
    const a = inputOf([threat(), threat({ line: 9 }), threat({ score: 0.5, match: "low" })], HERE);
    const b = inputOf([threat()], { file: "a.md" });
    const text = renderBaseline([...entriesOf(a), ...entriesOf(b)]);
    expect(text).to.equal(renderBaseline([...entriesOf(b), ...entriesOf(a)]));
    const { findings, version } = JSON.parse(text) as {
      version: number;
      findings: { file: string }[];
    };
    const files = findings.map(({ file }) => file);
    expect([version, files]).to.deep.equal([2, ["a.md", "docs/a.md", "docs/a.md"]]);
    expect(renderBaseline([])).to.equal('{\n  "version": 2,\n  "findings": []\n}\n');
  });

  for (const text of [
    "",
    "{}",
    "[]",
    '{"version":1,"findings":[]}',
    '{"version":3,"findings":[]}',
    '{"version":2,"findings":[{}]}',
    "null",
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      const error = catchM2MError(() => parseBaseline(text, "known.json"));
      expect(error.code).to.equal("M2M_BASELINE_INVALID");
      expect(error.message).to.include("known.json");
    });
  }
});
