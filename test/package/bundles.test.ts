import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { build, type BuildOptions } from "esbuild";
import { WebSocket } from "ws";
import { SessionServer } from "../client/fixture.js";
import { ROOT } from "../helpers/package.js";

async function bundle(contents: string, options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...{ stdin: { contents, resolveDir: ROOT }, bundle: true, write: false, logLevel: "silent" },
    ...options,
  });
  return outputFiles?.[0].text ?? "";
}

describe("a bundle for browsers", function () {
  this.timeout(60_000);

  it("has the client, which talks over WebSocket and says that AI-TCP is not there", async () => {
    const exports =
      'export * from "m2m-protocol/client"; export { TokenizerCache } from "m2m-protocol/tokenizer";';
    const code = await bundle(exports, {
      ...{ platform: "browser", format: "iife", globalName: "m2m" },
    });
    expect(code).not.to.match(/(from|import\(|require\()\s*["'](node:|net|tls)/);
    const server = await SessionServer.start();
    const table = new Uint8Array(readFileSync(join(ROOT, "dist/ranks/cl100k_base.bin")));
    try {
      const browser: Record<string, unknown> = {
        ...{ TextEncoder, TextDecoder, performance, URL, crypto, WebSocket, fetch, queueMicrotask },
        ...{
          setTimeout,
          clearTimeout,
          AbortController,
          AbortSignal,
          table,
          url: server.url.replace("http", "ws"),
        },
      };
      const talk = `${code};
        (async () => {
          const client = new m2m.M2MClient({
            url,
            codec: { tokenizers: new m2m.TokenizerCache(() => table) },
            capabilities: { compression: { algorithms: ["token-native", "none"] } },
          });
          await client.connect();
          const { text } = await client.request("Hello from a page");
          await client.close();
          const aitcp = { identity: { sign() {} }, trust: { decide() {} } };
          const code = await new m2m.M2MClient({ url: "aitcp://127.0.0.1:1", aitcp }).connect().catch((error) => error.code);
          return [text, code];
        })()`;
      const results = (await runInNewContext(talk, browser)) as unknown[];
      expect([...results]).to.deep.equal(["Hello from a page", "M2M_PLATFORM_UNSUPPORTED"]);
    } finally {
      await server.close();
    }
  });
});

describe("a bundle for Node", function () {
  this.timeout(120_000);
  const program = `
    import { CodecEngine, countTokens, SecurityScanner } from "m2m-protocol";
    const engine = new CodecEngine();
    const say = async (run) => {
      try {
        console.log("fine", typeof (await run()));
      } catch (error) {
        console.log(error.code, error.hint);
      }
    };
    const all = async () => {
      await say(() => engine.compress("Hello", { algorithm: "token-native" }).data);
      await say(() => engine.compress("Hello", { algorithm: "dictionary" }).data);
      await say(() => countTokens("Hello"));
      await say(() => new SecurityScanner().scan("Hello"));
      await say(() => engine.compress("Hello ".repeat(500), { algorithm: "brotli" }).data);
    };
    void all();`;
  let folder: string;
  before(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), "m2m-bundle-")))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (name: string, code: string): string[] => {
    const file = join(folder, name);
    writeFileSync(file, code);
    const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8", cwd: folder });
    expect(stderr).to.equal("");
    return stdout.trimEnd().split("\n");
  };

  for (const [format, name] of [
    ["esm", "bundle.mjs"],
    ["cjs", "bundle.cjs"],
  ] as const) {
    it(`says what is wrong where the files of the package are not with it: ${format}`, async () => {
      const code = await bundle(program, { platform: "node", format, external: ["brotli-wasm"] });
      const lines = run(name, code);
      const codes = lines.map((line) => line.split(" ")[0]);
      expect(codes).to.deep.equal([
        ...["M2M_RANK_TABLE_INVALID", "M2M_PRIOR_INVALID", "M2M_RANK_TABLE_INVALID"],
        ...["M2M_WEIGHTS_MISSING", "fine"],
      ]);
      for (const line of lines.slice(0, 4)) expect(line).to.match(/bundled .* external/);
    });
  }

  it("works with the package left out", async () => {
    const code = await bundle(program, { platform: "node", format: "esm", external: ["m2m-protocol"] });
    const file = join(ROOT, "dist", ".bundle-test.mjs");
    writeFileSync(file, code);
    try {
      const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8", cwd: ROOT });
      expect(stderr).to.equal("");
      expect(
        stdout
          .trimEnd()
          .split("\n")
          .map((line) => line.split(" ")[0]),
      ).to.deep.equal(Array(5).fill("fine"));
    } finally {
      rmSync(file, { force: true });
    }
  });
});
