import { expect } from "chai";
import type { Terminal } from "../../src/cli/terminal.js";
import { formatProgress, Progress, wantsProgress } from "../../src/cli/progress.js";
import type { CommandContext } from "../../src/cli/context.js";

const TERMINAL: Terminal = {
  stdinIsTerminal: false,
  stdoutIsTerminal: false,
  stderrIsTerminal: true,
  columns: undefined,
};
const WATCHED = { env: {}, json: false, quiet: false, terminal: TERMINAL };

describe("progress", () => {
  it("is for somebody who watches stderr", () => {
    expect(wantsProgress(WATCHED)).to.equal(true);
    expect(wantsProgress({ ...WATCHED, json: true })).to.equal(false);
    expect(wantsProgress({ ...WATCHED, quiet: true })).to.equal(false);
    expect(wantsProgress({ ...WATCHED, env: { CI: "true" } })).to.equal(false);
    expect(wantsProgress({ ...WATCHED, env: { TERM: "dumb" } })).to.equal(false);
    expect(wantsProgress({ ...WATCHED, terminal: { ...TERMINAL, stderrIsTerminal: false } })).to.equal(false);
  });

  it("touches nothing for work that is short, or that nobody watches", async () => {
    // A context of which nothing may be asked.
    const context = new Proxy({} as CommandContext, {
      get: (_, key) => expect.fail(`${String(key)} was asked for`),
    });
    for (const wanted of [true, false]) {
      const progress = new Progress(context, wanted);
      for (let i = 0; i < 100; i++) await progress.tick("lines", i);
      progress.clear();
      progress.stop();
    }
  });

  it("tells what is done and how fast", () => {
    expect(formatProgress("3 lines", 5_000_000, 2000)).to.equal("3 lines, 5.0 MB, 2.5 MB/s");
  });
});
