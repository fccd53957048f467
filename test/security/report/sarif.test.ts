import { expect } from "chai";
import fc from "fast-check";
import { RuleSet, SarifReport } from "../../../src/security/index.js";
import { InputError } from "../../../src/shared/errors.js";
import { sarifValidator } from "../../helpers/sarif.js";
import { inputOf, threat } from "./scan-results.js";

interface Log {
  runs: {
    tool: { driver: { rules: { id: string; help: { text: string } }[] } };
    invocations: object[];
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: { text: string };
      partialFingerprints: Record<string, string>;
      locations: { physicalLocation: object; logicalLocations?: object[] }[];
    }[];
  }[];
}

describe("a SARIF report", () => {
  const wrongWith = sarifValidator();
  const rules = RuleSet.builtin();
  const open = () => new SarifReport({ threshold: 0.8, rules, toolVersion: "1.2.3" });
  const finish = (report: SarifReport, complete = true) => {
    const log = report.finish(complete) as Log;
    expect(wrongWith(log)).to.deep.equal([]);
    return log.runs[0];
  };

  it("is held against a schema that finds mistakes", () => {
    expect(wrongWith({ version: "2.1.0" })).not.to.deep.equal([]);
    expect(wrongWith({ version: "2.1.0", runs: [{ tool: { driver: {} } }] })).not.to.deep.equal([]);
  });

  it("is valid without findings", () => {
    const { invocations, results } = finish(open());
    expect([results, invocations]).to.deep.equal([[], [{ executionSuccessful: true }]]);
  });

  it("describes each rule that found something once, with help", () => {
    const report = open();
    report.add(inputOf([threat(), threat({ line: 2, excerpt: "x" })], { file: "a.md" }));
    report.add(inputOf([threat({ id: "M2M-MAL-001", category: "malformed", severity: "high" })]));
    report.add(inputOf([threat({ id: "M2M-HYDRA-JAILBREAK", category: "jailbreak", source: "hydra" })]));
    const { results, tool } = finish(report);
    const ids = tool.driver.rules.map(({ id }) => id);
    expect(ids).to.deep.equal(["M2M-INJ-001", "M2M-MAL-001", "M2M-HYDRA-JAILBREAK"]);
    for (const { help } of tool.driver.rules) expect(help.text).to.have.length.above(20);
    expect(results.map(({ ruleIndex, ruleId }) => ids[ruleIndex] === ruleId)).to.deep.equal(
      results.map(() => true),
    );
  });

  it("grades results by severity", () => {
    const report = open();
    for (const severity of ["critical", "high", "medium", "low"] as const)
      report.add(inputOf([threat({ severity })]));
    expect(finish(report).results.map(({ level }) => level)).to.deep.equal([
      "error",
      "error",
      "warning",
      "note",
    ]);
  });

  it("says where: file, line and place in the JSON", () => {
    const report = open();
    report.add(inputOf([threat({ line: 7, pointer: "/a/0" })], { file: "dir with blank/ü#.json" }));
    report.add(inputOf([threat()], { file: "log.jsonl", line: 12 }));
    report.add(inputOf([threat()], { file: "/srv/x" }));
    report.add(inputOf([threat()]));
    const [json, line, absolute, text] = finish(report).results.map(({ locations }) => locations[0]);
    expect(json.physicalLocation).to.deep.equal({
      artifactLocation: { uri: "dir%20with%20blank/%C3%BC%23.json", uriBaseId: "%SRCROOT%" },
      region: { startLine: 7, snippet: { text: "Ignore previous instructions" } },
    });
    expect(json.logicalLocations).to.deep.equal([{ fullyQualifiedName: "/a/0", kind: "value" }]);
    expect(line.physicalLocation).to.have.nested.property("region.startLine", 12);
    expect(absolute.physicalLocation).to.have.nested.property("artifactLocation.uri", "file:" + "///srv/x");
    expect(text.physicalLocation).not.to.have.nested.property("artifactLocation.uri");
  });

  it("shows control characters of a pointer in the message, and keeps the pointer", () => {
    const report = open();
    report.add(inputOf([threat({ pointer: "/a\u001b[31m" })]));
    const [{ locations, message }] = finish(report).results;
    expect(message.text).to.include(" at /a\\u{1b}[31m: ");
    expect(locations[0].logicalLocations).to.deep.equal([
      { fullyQualifiedName: "/a\u001b[31m", kind: "value" },
    ]);
  });

  it("gives the same finding the same fingerprint in another place of the file", () => {
    const report = open();
    report.add(
      inputOf([threat({ line: 1 }), threat({ line: 5, excerpt: "around" }), threat({ match: "other" })], {
        file: "a",
      }),
    );
    const [a, b, c] = finish(report).results.map(
      ({ partialFingerprints }) => partialFingerprints["m2mFinding/v2"],
    );
    expect(a)
      .to.match(/^[0-9a-f]{32}$/)
      .and.to.equal(b);
    expect(c).not.to.equal(a);
  });

  it("leaves out what stays below the threshold", () => {
    const report = open();
    report.add(inputOf([threat(), threat({ score: 0.79 })]));
    report.add(inputOf([threat({ score: 0.79 })]));
    expect(finish(report).results).to.have.length(1);
  });

  it("tells what could not be scanned", () => {
    const report = open();
    report.addFailure("a", new InputError("M2M_FILE_READ", "Cannot read a."));
    const { invocations } = finish(report, false);
    expect(invocations).to.have.nested.property("[0].executionSuccessful", false);
    expect(invocations).to.have.nested.property(
      "[0].toolExecutionNotifications[0].descriptor.id",
      "M2M_FILE_READ",
    );
  });

  it("notes what was skipped, which is no failure", () => {
    const report = open();
    report.addSkipped("a\u001b.bin", "binary");
    const { invocations } = finish(report);
    expect(invocations).to.have.nested.property("[0].executionSuccessful", true);
    expect(invocations).to.have.nested.property(
      "[0].toolExecutionNotifications[0].message.text",
      "a\\u{1b}.bin was not scanned: binary.",
    );
  });

  it("is valid whatever is found", () => {
    const texts = fc.string({ unit: "binary", maxLength: 20 });
    const threats = fc.record({
      id: fc.oneof(fc.constantFrom(...rules.rules.map(({ id }) => id)), texts),
      name: texts,
      match: texts,
      excerpt: texts,
      pointer: texts,
      line: fc.integer({ min: 1, max: 1e6 }),
    });
    fc.assert(
      fc.property(
        fc.array(threats, { maxLength: 5 }),
        fc.option(texts, { nil: undefined }),
        (found, file) => {
          const report = open();
          report.add(inputOf(found.map(threat), { file }));
          finish(report);
        },
      ),
      { numRuns: 50 },
    );
  });
});
