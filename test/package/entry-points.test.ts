import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { build } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import ts from "typescript";
import { createConsumer, ROOT, type Consumer } from "../helpers/package.js";
import { typeCheck } from "../helpers/type-check.js";

const SUBPATHS = [
  "m2m-protocol",
  "m2m-protocol/codec",
  "m2m-protocol/tokenizer",
  "m2m-protocol/models",
  "m2m-protocol/session",
  "m2m-protocol/client",
];

/** Addresses of all modules that importing `specifier` loads, ES modules and CommonJS. */
function loadedModules(specifier: string): string[] {
  const hooks = `
    import { writeSync } from "node:fs";
    export async function load(url, context, next) {
      writeSync(1, url + "\\n");
      return next(url, context);
    }`;
  const script = `
    import { createRequire, register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hooks)}));
    await import(${JSON.stringify(specifier)});
    console.log(Object.keys(createRequire(process.cwd() + "/x.js").cache).join("\\n"));`;
  const child = spawnSync(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  expect(child.status, child.stderr).to.equal(0);
  return child.stdout.split("\n").filter((line) => line !== "" && !line.startsWith("node:"));
}

describe("importing the library", function () {
  this.timeout(60_000);

  for (const specifier of SUBPATHS) {
    it(`${specifier} loads no package and nothing of the command line`, () => {
      const modules = loadedModules(specifier);
      expect(modules.some((module) => module.includes("/dist/"))).to.equal(true);
      expect(modules.filter((module) => /[\\/]node_modules[\\/]/.test(module))).to.deep.equal([]);
      expect(modules.filter((module) => /\/dist\/(cli|commands|config)\//.test(module))).to.deep.equal([]);
    });
  }

  it("a subpath loads only its room and those below", () => {
    expect(
      loadedModules("m2m-protocol/models").filter((m) => /\/dist\/(codec|tokenizer)\//.test(m)),
    ).to.deep.equal([]);
    expect(loadedModules("m2m-protocol/tokenizer").filter((m) => m.includes("/dist/codec/"))).to.deep.equal(
      [],
    );
  });

  it("offers nothing that exports does not list", () => {
    const script = 'await import("m2m-protocol/dist/cli/main.cjs")';
    const child = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect(child.status).not.to.equal(0);
    expect(child.stderr).to.include("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  it("works in a bundle for browsers, without Node's globals", async () => {
    const bundle = await build({
      stdin: { contents: 'export * from "m2m-protocol";', resolveDir: ROOT },
      bundle: true,
      write: false,
      platform: "browser",
      format: "iife",
      globalName: "m2m",
      external: ["brotli-wasm"],
      logLevel: "silent",
    });
    const code = bundle.outputFiles[0].text;
    expect(code).not.to.match(/(from|import\(|require\()\s*["']node:/);
    const browser = { TextEncoder, TextDecoder, performance, result: "" };
    const request = '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}';
    runInNewContext(
      `${code};
      const wire = new m2m.CodecEngine().compress(${JSON.stringify(request)}, { algorithm: "token" }).data;
      result = new m2m.CodecEngine().decompress(wire).text;`,
      browser,
    );
    expect(browser.result).to.equal(request);
  });
});

describe("the types of the library", function () {
  this.timeout(120_000);
  let consumer: Consumer;

  before(() => {
    consumer = createConsumer();
    writeFileSync(join(consumer.folder, "package.json"), '{"type":"module"}');
    writeFileSync(
      join(consumer.folder, "use.ts"),
      `import { CodecEngine, countTokens, M2MError, ModelRegistry, TokenNativeCodec } from "m2m-protocol";
       import { CodecEngine as Engine } from "m2m-protocol/codec";
       import { countTokens as count } from "m2m-protocol/tokenizer";
       import { ModelRegistry as Registry } from "m2m-protocol/models";
       import { Session, type Reception } from "m2m-protocol/session";
       import { M2MClient } from "m2m-protocol/client";
       const heard: AsyncIterable<{ text: string }> = new M2MClient({ url: "ws://127.0.0.1" });
       const met: Promise<Reception> = new Session({ role: "responder" }).receive("{}");
       const engine: Engine = new CodecEngine();
       const tokens: number = countTokens("a") + count("b");
       const registries: ModelRegistry[] = [new Registry()];
       const bytes: Uint8Array = engine.decompress(new TokenNativeCodec().encodeText(new Uint8Array([65]))).bytes;
       // @ts-expect-error: the types are real, not any
       engine.compress(tokens);
       export { bytes, heard, M2MError, met, registries };`,
    );
  });
  after(() => consumer.remove());

  for (const [name, module, moduleResolution] of [
    ["nodenext", ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext],
    ["bundler", ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
  ] as const) {
    it(`resolve under ${name}, without the types of Node`, () => {
      const files = [join(consumer.folder, "use.ts")];
      expect(typeCheck(files, { module, moduleResolution })).to.deep.equal([]);
    });
  }

  it("are correct themselves, for a consumer who checks everything", () => {
    const file = join(consumer.folder, "all.ts");
    const entries = [...SUBPATHS, "m2m-protocol/security", "m2m-protocol/transport", "m2m-protocol/errors"];
    writeFileSync(file, entries.map((entry, at) => `export * as entry${at} from "${entry}";`).join("\n"));
    const options = {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      types: ["node"],
      typeRoots: [join(consumer.folder, "node_modules", "@types")],
    };
    expect(typeCheck([file], options)).to.deep.equal([]);
  });

  it("pass publint", async () => {
    const found = await publint({ pkgDir: ROOT, pack: false, strict: true });
    // A condition in place of `browser` would have the sources import what was built.
    const messages = found.messages.filter(({ code }) => code !== "USE_EXPORTS_OR_IMPORTS_BROWSER");
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Record<string, unknown>;
    expect(messages.map((message) => formatMessage(message, manifest))).to.deep.equal([]);
  });
});
