import { expect } from "chai";
import fc from "fast-check";
import { categoryScores, FEATURES } from "../../../src/security/fusion/index.js";
import { ruleEvidence } from "../../../src/security/evidence.js";
import type { Judgement } from "../../../src/security/judge.js";
import { PAYLOAD_CHECKS } from "../../../src/security/payload/index.js";
import { segmentFindings, ThreatReport } from "../../../src/security/report/threats.js";
import { RuleSet } from "../../../src/security/rules/index.js";
import type { Segment, Threat } from "../../../src/security/types.js";

const RULE = RuleSet.builtin().rules.find(({ id }) => id === "M2M-INJ-001")!;
/** Evidence of the strongest category alone counts. */
const fusion = { bias: -4, coefficients: FEATURES.map((_, at) => (at === 2 ? 3 : 0)) };

interface Place {
  segment?: Partial<Segment>;
  layers?: readonly string[];
  document?: string;
  wires?: readonly string[];
}

/** The threat that the report makes of a hit of one rule from `start` to `end` of `text`. */
function threatOf(
  text: string,
  start: number,
  end: number,
  { segment, layers = [], document, wires }: Place = {},
): Threat {
  const hits = [{ rule: RULE, start, end }];
  const judgement: Judgement = {
    segment: { text, context: "user", pointer: "", offset: 0, ...segment },
    view: { text, layers, toSource: (from, to) => ({ start: from, end: to }) },
    hits,
    evidence: { ...ruleEvidence(hits), disguised: false, trusted: false },
  };
  const report = new ThreatReport(document ?? text, wires ?? []);
  report.addFindings(
    judgement.segment,
    segmentFindings(judgement, categoryScores(fusion, judgement.evidence)),
  );
  return report.threats()[0];
}

describe("ThreatReport", () => {
  it("counts lines of the document from 1, wherever the string stands in it", () => {
    const document = "one\ntwo\nthree";
    for (const [offset, line] of [
      [0, 1],
      [3, 1],
      [4, 2],
      [8, 3],
      [12, 3],
    ])
      expect(threatOf("x", 0, 1, { segment: { pointer: "/a", offset }, document }).location.line).to.equal(
        line,
      );
  });

  it("gives the layers of wire, string and view, outermost first, and none where there are none", () => {
    const { location } = threatOf("abc", 0, 3, {
      segment: { layers: ["json"] },
      layers: ["base64"],
      wires: ["m2m"],
    });
    expect(location.layers).to.deep.equal(["m2m", "json", "base64"]);
    expect(threatOf("abc", 0, 3).location).to.not.have.property("layers");
  });

  it("has what was found without what stands around it, on one line", () => {
    expect(threatOf("see: ignore\n it all now", 5, 15)).to.include({
      match: "ignore it",
      excerpt: "see: ignore it all now",
    });
    expect(threatOf("x".repeat(500), 100, 400).match).to.equal("x".repeat(120));
  });

  it("ends a place where its string ends", () => {
    const parts = [
      { start: 0, pointer: "/a", offset: 10 },
      { start: 4, pointer: "/b", offset: 20 },
      { start: 8, pointer: "/c", offset: 30 },
    ];
    const place = (start: number, end: number) =>
      threatOf("abc def ghi", start, end, { segment: { pointer: "/a", offset: 10, parts } }).location;
    expect(place(0, 11)).to.include({ pointer: "/a", offset: 0, length: 3 });
    expect(place(5, 11)).to.include({ pointer: "/b", offset: 1, length: 2 });
    expect(place(8, 11)).to.include({ pointer: "/c", offset: 0, length: 3 });
  });

  it("shortens a pointer whose keys are long", () => {
    const long = (pointer: string) => threatOf("x", 0, 1, { segment: { pointer } }).location.pointer;
    expect(long(`/${"k".repeat(1023)}`)).to.equal(`/${"k".repeat(1023)}`);
    expect(long(`/a${"k".repeat(6e6)}/content`)).to.match(/^\/ak{509}…k{504}\/content$/);
    expect(long(`/${"😀".repeat(2000)}`)).to.satisfy((shown: string) => shown.isWellFormed());
    const report = new ThreatReport("x", []);
    const check = PAYLOAD_CHECKS.nullByte;
    for (let i = 0; i < 100; i++)
      report.addPayload({ check, pointer: "/k".repeat(3e6), offset: 0, length: 1, position: 0 });
    expect(JSON.stringify(report.threats()).length).to.be.below(200_000);
  });

  describe("excerpts", () => {
    it("show a short place in the middle of what stands around it", () => {
      const text = `${"a".repeat(200)}HERE${"b".repeat(200)}`;
      const { excerpt } = threatOf(text, 200, 204);
      expect(excerpt).to.equal(`${"a".repeat(58)}HERE${"b".repeat(58)}`);
    });

    it("show the beginning of a long place", () => {
      expect(threatOf("x".repeat(500), 100, 400).excerpt).to.equal("x".repeat(120));
    });

    it("are one line, without what acts on a terminal", () => {
      expect(threatOf("a\n\t b\u001b[31m\u202ec", 0, 3).excerpt).to.equal("a b\\u{1b}[31m\\u{202e}c");
    });

    it("hold at most 120 units and no half of anything", () => {
      const unit = fc.constantFrom("a", " ", "\n", "\u200b", "\u{e0041}", "\ud83d", "😀", "\\", "u{");
      fc.assert(
        fc.property(fc.array(unit, { minLength: 1, maxLength: 300 }), fc.nat(), fc.nat(), (units, a, b) => {
          const text = units.join("");
          const [start, end] = [a % text.length, b % (text.length + 1)].sort((x, y) => x - y);
          const { excerpt } = threatOf(text, start, Math.max(start + 1, end));
          expect(excerpt.length).to.be.at.most(120);
          expect(excerpt.isWellFormed()).to.equal(true);
          expect(excerpt).to.match(/^[^\p{Cc}\p{Cf}]*$/u);
        }),
      );
      expect(threatOf("\u200b".repeat(100), 0, 100).excerpt).to.equal("\\u{200b}".repeat(15));
      expect(threatOf(`a${"\u200b".repeat(100)}`, 0, 100).excerpt).to.equal(`a${"\\u{200b}".repeat(14)}`);
    });
  });

  it("places what is malformed by the document", () => {
    const report = new ThreatReport('{"a":\n"b\0c"}', []);
    report.addPayload({ check: PAYLOAD_CHECKS.nullByte, pointer: "/a", offset: 1, length: 1, position: 8 });
    expect(report.threats()).to.deep.equal([
      {
        id: "M2M-MAL-001",
        name: PAYLOAD_CHECKS.nullByte.name,
        category: "malformed",
        severity: "high",
        location: { pointer: "/a", offset: 1, length: 1, line: 2 },
        match: "\\u{0}",
        excerpt: '{"a": "b\\u{0}c"}',
        score: PAYLOAD_CHECKS.nullByte.weight,
        source: "rule",
      },
    ]);
  });

  it("leaves out what scores too little to be worth a line", () => {
    const hits = [{ rule: { ...RULE, weight: 0.05 }, start: 0, end: 1 }];
    const evidence = { ...ruleEvidence(hits), disguised: false, trusted: false };
    const scores = categoryScores(fusion, evidence);
    expect(scores.injection).to.be.below(0.2);
    const findings = segmentFindings(
      {
        segment: { text: "x", context: "user", pointer: "", offset: 0 },
        view: { text: "x", layers: [], toSource: (start, end) => ({ start, end }) },
        hits,
        evidence,
      },
      scores,
    );
    expect(findings).to.deep.equal([]);
  });
});
