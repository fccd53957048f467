import { expect } from "chai";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { printable } from "../../src/cli/terminal.js";
import { requirePeer } from "../helpers/peers.js";
import { BINARY, CliFolder, isolatedEnvironment } from "../helpers/run-cli.js";

describe("a terminal", function () {
  let folder: CliFolder;
  let python: string;
  before(function () {
    if (process.platform === "win32") this.skip();
    python = requirePeer(this, "python3");
    folder = new CliFolder();
  });
  after(() => folder?.remove());

  /** What is shown on a terminal that has no size, as that of `script` and of some CI. */
  const show = (...args: string[]): string =>
    spawnSync(python, ["-c", "import pty, sys; pty.spawn(sys.argv[1:])", process.execPath, BINARY, ...args], {
      cwd: folder.path,
      env: isolatedEnvironment(folder.path),
    }).stdout.toString();

  it("without a width is taken for one of 80 columns", () => {
    expect(show("models", "list").split("\n")[0]).to.include("MODEL").and.to.include("CONTEXT");
  });

  it("shows the tokens of a request once", () => {
    const request = '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}';
    const shown = show("tokens", "--chat", request);
    expect(shown).to.match(/^8\r\nmessages \d+, tools 0, overhead \d+ \(o200k_base\); /);
  });
});

describe("printable", () => {
  it("shows what would act on a terminal", () => {
    expect(printable("a\x1b]0;b\x07\r\n\tc")).to.equal("a\\x1b]0;b\\x07\\r\\n\\tc");
    expect(printable("\x9b31m\x7f")).to.equal("\\x9b31m\\x7f");
    expect(printable("a\u202eb\u2066c\u2028d\ufeff")).to.equal("a\\u{202e}b\\u{2066}c\\u{2028}d\\u{feff}");
    expect(printable("\ud800")).to.equal("\\u{d800}");
  });

  it("leaves text as it is", () => {
    for (const text of ["", "größe", "日本語", "👩‍💻", "می‌خواهم", "C:\\x1b"]) {
      expect(printable(text)).to.equal(text);
    }
  });

  it("leaves no control character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.to.match(/[\0-\x1f\x7f-\x9f]/);
      }),
    );
  });
});
