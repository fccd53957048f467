import { expect } from "chai";
import { build } from "esbuild";
import { chromium, type Browser, type Page } from "playwright-core";
import { readPackagedPrior } from "../../../src/codec/context/index.js";
import { requirePeer } from "../../helpers/peers.js";
import { readVectors } from "../../helpers/vectors.js";
import type { BrowserResult, BrowserTask } from "./browser-entry.js";

interface Vector {
  readonly input?: string;
  readonly wire: string;
  readonly level?: string;
}

const ARGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];

describe("codec/context: in a browser", function () {
  this.timeout(120_000);
  let browser: Browser;
  let page: Page;
  before(async function () {
    requirePeer(this, "chromium");
    const { outputFiles } = await build({
      entryPoints: [new URL("browser-entry.ts", import.meta.url).pathname],
      bundle: true,
      platform: "browser",
      write: false,
      logLevel: "silent",
    });
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGS });
    page = await browser.newPage();
    await page.addScriptTag({ content: outputFiles[0].text });
  });
  after(() => browser?.close());

  for (const coder of ["kernel", "script"] as const) {
    it(`writes the bytes of Node, by the ${coder}`, async () => {
      // Brotli and deflate are Node's.
      const messages = readVectors<Vector>("context/messages.json").filter(
        ({ input, level, wire }) => input !== undefined && level === "default" && /^b[01]/.test(wire),
      );
      const events = readVectors<Vector>("context/stream.json").filter(({ input }) => input !== undefined);
      const turns = readVectors<Vector>("context/session.json").filter(({ wire }) => wire.startsWith("b9"));
      const inputsOf = (vectors: readonly Vector[]): string[] => vectors.map(({ input }) => input!);
      const task: BrowserTask = {
        prior: Buffer.from(readPackagedPrior()).toString("base64"),
        coder,
        messages: inputsOf(messages),
        events: inputsOf(events),
        turns: inputsOf(turns),
        windowBytes: 4096,
      };
      const result = await page.evaluate<BrowserResult>(`runTask(${JSON.stringify(task)})`);
      const hex = (wires: readonly string[]): string[] =>
        wires.map((wire) => Buffer.from(wire, "base64").toString("hex"));
      expect(result.restored).to.equal(true);
      expect(messages.length).to.be.greaterThan(20);
      expect(hex(result.messages)).to.deep.equal(messages.map(({ wire }) => wire));
      expect(hex(result.events)).to.deep.equal(events.map(({ wire }) => wire));
      expect(hex(result.turns)).to.deep.equal(turns.map(({ wire }) => wire));
    });
  }
});
