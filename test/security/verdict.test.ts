import { expect } from "chai";
import { noScores, verdictOf } from "../../src/security/index.js";

describe("the verdict on scores", () => {
  it("is that of the highest category, from the threshold on", () => {
    const scores = { injection: 0.3, jailbreak: 0.75, exfiltration: 0.1, malformed: 0 };
    expect(verdictOf(scores, 0.75)).to.deep.equal({
      safe: false,
      score: 0.75,
      threatType: "jailbreak",
      confidence: 0.75,
      scores,
    });
    expect(verdictOf(scores, 0.76)).to.deep.equal({ safe: true, score: 0.75, confidence: 0.25, scores });
  });

  it("names the first of equal categories", () => {
    const scores = { ...noScores(), exfiltration: 0.9, malformed: 0.9 };
    expect(verdictOf(scores, 0.8).threatType).to.equal("exfiltration");
  });

  it("is certain of nothing found", () => {
    expect(verdictOf(noScores(), 0.01)).to.include({ safe: true, score: 0, confidence: 1 });
  });
});
