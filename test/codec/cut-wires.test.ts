import { expect } from "chai";
import { ALGORITHMS, CodecEngine } from "../../src/codec/index.js";
import { M2MError } from "../../src/shared/errors.js";

const REQUEST = JSON.stringify({
  model: "gpt-4o",
  messages: [
    { role: "system", content: "You are a concise assistant." },
    { role: "user", content: "Summarize the attached report in three bullet points." },
  ],
});
const TEXTS = [REQUEST, JSON.stringify({ input: `${REQUEST} ${"a b c ".repeat(200)}` })];
/** As README, `compress --help` and the formats' pages say. */
const WITHOUT_CHECK = ["none", "token-native"];
/** Behind this, what is left of a wire still says that it is one. */
const OPENING = /^#(?:T1\||M2M\||M2M\[)/;

describe("a wire that lost its end", () => {
  const engine = new CodecEngine();

  /** What each cut of the wire, its opening left, gives: a text, or the error. */
  function cuts(content: string, algorithm: (typeof ALGORITHMS)[number]["name"], binary: boolean) {
    const { data } = engine.compress(content, { algorithm, binary });
    const written = typeof data === "string" ? data : Buffer.from(data).toString("latin1");
    const opening = OPENING.exec(written)?.[0].length ?? 1;
    return Array.from({ length: data.length - opening }, (_, index) => {
      try {
        return engine.decompress(data.slice(0, opening + index)).text;
      } catch (error) {
        if (!(error instanceof M2MError)) throw error;
        return error;
      }
    });
  }

  for (const { name, binary: hasBinary } of ALGORITHMS) {
    for (const binary of hasBinary ? [false, true] : [false]) {
      const form = binary ? "binary" : "text";
      if (WITHOUT_CHECK.includes(name)) {
        it(`of ${name} (${form}) may read as a shorter text`, () => {
          const shorter = cuts(REQUEST, name, binary).filter((found) => typeof found === "string");
          expect(shorter.length).to.be.greaterThan(5);
          for (const text of shorter)
            expect(REQUEST.startsWith(text) || text.startsWith("#"), text).to.equal(true);
        });
      } else {
        it(`of ${name} (${form}) is refused, wherever it was cut`, () => {
          for (const text of TEXTS) {
            const read = cuts(text, name, binary).filter((found) => !(found instanceof M2MError));
            expect(read).to.deep.equal([]);
          }
        });
      }
    }
  }
});
