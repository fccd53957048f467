import { availableParallelism } from "node:os";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { expect } from "chai";
import { CliFolder } from "../helpers/run-cli.js";

/** 2.5 MB: more than is done by one thread. */
const LINES = Array.from({ length: 12_000 }, (_, i) =>
  JSON.stringify({
    i,
    text: `Order ${(i * 7919) % 10007} of ${(i * 31) % 97} lamps: ${"abc def ".repeat(i % 40)}`,
  }),
);
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

describe("--lines with several threads", () => {
  let folder: CliFolder;
  beforeEach(() => (folder = new CliFolder()));
  afterEach(() => folder.remove());

  const run = (args: readonly string[], input: string) => {
    const { code, stderr, stdout } = folder.run([...args], { input });
    return { code, stdout: stdout.toString(), stderr };
  };
  /** What one thread makes of the lines: so few at a time that no other helps. */
  const alone = (args: readonly string[], lines: readonly string[]): string => {
    const parts: string[] = [];
    for (let at = 0; at < lines.length; at += 3000)
      parts.push(run(args, text(lines.slice(at, at + 3000))).stdout);
    return parts.join("");
  };

  it("gives what one thread gives, in order", () => {
    for (const algorithm of ["auto", "brotli", "dictionary"]) {
      const args = ["compress", "--lines", "--algorithm", algorithm];
      const { code, stdout, stderr } = run(args, text(LINES));
      expect([code, stderr], algorithm).to.deep.equal([0, ""]);
      expect(stdout === alone(args, LINES), algorithm).to.equal(true);
      const back = run(["decompress", "--lines"], stdout);
      expect([back.code, back.stdout === text(LINES)], algorithm).to.deep.equal([0, true]);
    }
  });

  it("has other threads only when there is much to do, and more than one core", function () {
    if (availableParallelism() === 1) this.skip();
    const hook = join(folder.path, "hook.cjs");
    writeFileSync(
      hook,
      'require("node:worker_threads").isMainThread || require("node:fs").writeSync(2, "thread\\n");',
    );
    const count = (input: string, ...args: string[]): number => {
      const env = { NODE_OPTIONS: `--require ${hook}` };
      const { stderr } = folder.run(["compress", "--lines", "--algorithm", "brotli", ...args], {
        input,
        env,
      });
      return stderr.split("thread\n").length - 1;
    };
    expect(count(text(LINES))).to.equal(Math.min(availableParallelism(), 8));
    expect(count(text(LINES.slice(0, 3000)))).to.equal(0);
    expect(run(["compress", "--lines", "--session"], text(LINES)).code).to.equal(0);
  });

  it("tells of bad lines by their numbers, in order, and adds up what was done", () => {
    const records = LINES.map((line, i) => (i % 1000 === 777 ? "no JSON" : i % 1000 === 778 ? " " : line));
    const args = ["compress", "--lines", "--algorithm", "token-native", "--field", "/text"];
    const { code, stdout, stderr } = run([...args, "--stats"], text(records));
    expect(code).to.equal(3);
    expect([...stderr.matchAll(/^m2m: line (\d+): /gm)].map(([, line]) => Number(line))).to.deep.equal(
      Array.from({ length: 12 }, (_, i) => i * 1000 + 778),
    );
    expect(stderr).to.include(`${LINES.length - 24} messages, `);
    expect(stdout === alone(args, records)).to.equal(true);
    const json = run([...args, "--json"], text(records))
      .stdout.trimEnd()
      .split("\n");
    const numbers = json.map((line) => (JSON.parse(line) as { line: number }).line);
    expect(numbers).to.deep.equal(records.flatMap((record, i) => (record === " " ? [] : [i + 1])));
  });

  it("reads wires that build on each other between others", () => {
    const session = run(["compress", "--lines", "--session"], text(LINES.slice(0, 2000)))
      .stdout.trimEnd()
      .split("\n");
    const others = run(["compress", "--lines", "--algorithm", "none"], text(LINES))
      .stdout.trimEnd()
      .split("\n");
    const mixed = others.flatMap((wire, i) => (i % 6 === 0 ? [wire, session[i / 6]] : [wire]));
    const expected = LINES.flatMap((line, i) => (i % 6 === 0 ? [line, LINES[i / 6]] : [line]));
    const { code, stdout } = run(["decompress", "--lines"], text(mixed));
    expect([code, stdout === text(expected)]).to.deep.equal([0, true]);
  });
});
