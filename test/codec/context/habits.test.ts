import { expect } from "chai";
import { ByteContexts } from "../../../src/codec/context/modelling/byte-contexts.js";
import { NumberSteps } from "../../../src/codec/context/modelling/number-steps.js";
import { StringHabits } from "../../../src/codec/context/modelling/string-habits.js";

/** What is expected before each byte of `text`, where something is: with a ! where something else comes. */
function expectations(text: string): { bytes: string[]; counts: number[] } {
  const contexts = new ByteContexts();
  const numbers = new NumberSteps();
  const bytes: string[] = [];
  const counts: number[] = [];
  for (const byte of Buffer.from(text)) {
    numbers.find(contexts);
    if (numbers.byte >= 0) {
      bytes.push(`${String.fromCharCode(numbers.byte)}${numbers.byte === byte ? "" : "!"}`);
      counts.push(numbers.count);
    }
    numbers.append(byte, contexts);
    contexts.append(byte);
  }
  return { bytes, counts };
}

describe("codec/context/modelling: habits", () => {
  it("numbers go on by their last step, and end as the last one did", () => {
    expect(expectations('{"n":8,"m":1}\n{"n":9,"m":1}\n{"n":10,"m":1}\n{"n":11,"m":1}\n')).to.deep.equal({
      // A first number says that the second is the same; that the second is one more, that the third is.
      bytes: ["8!", "1", "}", "1", "0", ",", "1", "}", "1", "1", ",", "1", "}"],
      counts: [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3],
    });
  });

  it("numbers keep to the space that colons have", () => {
    expect(expectations('{"n": 5, "n": 5, "n": 5}').bytes).to.deep.equal(["5", ",", "5", ",!"]);
  });

  it("numbers are whole, of at most nine digits, and outside of strings", () => {
    for (const what of ["1.5", "1e3", "-1", "1234567890", '"12"', "null", "[1]"])
      expect(expectations(`{"n":${what},"n":${what},"n":${what}}`).bytes, what).to.deep.equal([]);
    // What does not begin as the goal does is no such number.
    expect(expectations('{"n":100,"n":200,"n":35}').bytes).to.deep.equal(["1!", "3", "0!"]);
  });

  it("strings end where in the line they ended before, and are random where they were so twice", () => {
    const contexts = new ByteContexts();
    const strings = new StringHabits();
    const seen: [line: number, byte: number, count: number][] = [];
    const starts: boolean[] = [];
    const texts = ["ab", "cd", "efg", "hij", "klm"];
    texts.forEach((text, line) => {
      for (const byte of Buffer.from(`{"p":"${text}"}\n`)) {
        strings.find(contexts);
        if (strings.byte >= 0) seen.push([line, byte, strings.count]);
        if (contexts.inText && contexts.valueBytes === 0) starts.push(strings.startsRandom(contexts));
        strings.append(byte, contexts, line > 0 && line < 4);
        contexts.append(byte);
      }
    });
    const [quote, g] = Buffer.from('"g');
    expect(seen).to.deep.equal([
      [1, quote, 8],
      [2, g, 9],
      [3, quote, 8],
      [4, quote, 9],
    ]);
    expect(starts).to.deep.equal([false, false, false, true, true]);
    strings.forget();
    expect(strings.startsRandom(contexts)).to.equal(false);
  });
});
