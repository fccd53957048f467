import { expect } from "chai";
import fc from "fast-check";
import { splitLines } from "../../src/cli/lines.js";

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (let i = 0; start < bytes.length; i++) {
    const end = start + Math.max(1, sizes[i % sizes.length] ?? 1);
    yield bytes.subarray(start, end);
    start = end;
  }
}

async function collect(text: string, sizes: readonly number[], maxLineBytes: number) {
  const lines: (string | undefined)[] = [];
  for await (const some of splitLines(chunksOf(Buffer.from(text), sizes), maxLineBytes)) {
    lines.push(...some.map((line) => (line === undefined ? undefined : Buffer.from(line).toString())));
  }
  return lines;
}

describe("splitLines", () => {
  it("gives the lines of any text, however it is cut into chunks", async () => {
    const text = fc.array(fc.constantFrom("a", "é", "\n", "\r", "\n\n", "longer text"), { maxLength: 30 });
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(text, sizes, async (pieces, cuts) => {
        const whole = pieces.join("");
        const expected = whole.split("\n");
        if (expected.at(-1) === "") expected.pop();
        expect(await collect(whole, cuts, 1000)).to.deep.equal(expected);
      }),
    );
  });

  it("keeps a carriage return: it is content", async () => {
    expect(await collect("a\r\nb\r\n", [100], 1000)).to.deep.equal(["a\r", "b\r"]);
  });

  it("passes over a line that is too long, and goes on behind it", async () => {
    for (const size of [1, 3, 100]) {
      const lines = await collect("12345\n123456\n1\n", [size], 5);
      expect(lines, `chunks of ${size}`).to.deep.equal(["12345", undefined, "1"]);
      expect(await collect("1\n123456", [size], 5)).to.deep.equal(["1", undefined]);
    }
  });
});
