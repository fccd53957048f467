import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  checkFiles,
  downloadModel,
  findModel,
  listModels,
  modelFolder,
  removeModel,
  resolveSource,
  sizeState,
} from "../../src/hub/index.js";
import { catchM2MError, rejection } from "../helpers/catch-error.js";
import { bytesOf, CONFIG, Fixture, MODEL, PATIENCE, WEIGHTS } from "./fixture.js";
import { sha256, status } from "./hub-server.js";

describe("models from a local folder", () => {
  let root: string;
  let source: string;
  let target: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "m2m-store-"));
    source = join(root, "source");
    target = join(root, "home/models/hydra");
    mkdirSync(source);
    writeFileSync(join(source, "config.json"), CONFIG);
    writeFileSync(join(source, "model.safetensors"), WEIGHTS);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const environment = (): { cwd: string; env: Record<string, string>; home: string } => ({
    cwd: root,
    env: { M2M_HOME: join(root, "home") },
    home: root,
  });
  const take = (force = false, folder = target) =>
    downloadModel({
      model: MODEL,
      source: resolveSource(MODEL, { from: "source" }, { cwd: root, env: {} }),
      folder,
      force,
      // Nothing of it is read: no server is asked.
      env: { HF_ENDPOINT: "nonsense", HTTP_PROXY: ":::" },
      patience: PATIENCE,
    });
  const writeSums = (weights: Uint8Array): void =>
    writeFileSync(
      join(source, "SHA256SUMS"),
      `${sha256(CONFIG)}  config.json\n${sha256(weights)}  model.safetensors\n`,
    );

  it("are copied, and verified where there are sums", async () => {
    expect((await take()).files.map(({ verifiedBy }) => verifiedBy)).to.deep.equal([undefined, undefined]);
    writeSums(WEIGHTS);
    expect(await take()).to.include({ status: "unchanged" });
    const { files } = await take(true);
    expect(files.map(({ verifiedBy }) => verifiedBy)).to.deep.equal(["manifest", "manifest"]);
    expect(readdirSync(target).sort()).to.deep.equal(["config.json", "m2m-model.json", "model.safetensors"]);
  });

  it("are a source for the next", async () => {
    await take();
    const result = await downloadModel({
      model: MODEL,
      source: { kind: "folder", path: target },
      folder: join(root, "second"),
      force: false,
      env: {},
    });
    expect(result.files.map(({ verifiedBy }) => verifiedBy)).to.deep.equal(["manifest", "manifest"]);
  });

  it("are refused where the sums are of others", async () => {
    writeSums(bytesOf(5));
    expect(await rejection(take())).to.include({ code: "M2M_CHECKSUM_MISMATCH" });
    expect(existsSync(join(target, "model.safetensors"))).to.equal(false);
  });

  it("must be there, and be files", async () => {
    rmSync(join(source, "model.safetensors"));
    expect((await rejection(take())).message).to.match(/model\.safetensors: there is no such file/);
    mkdirSync(join(source, "model.safetensors"));
    expect(await rejection(take())).to.include({ code: "M2M_FILE_READ" });
  });

  it("cannot be their own source", async () => {
    expect(await rejection(take(true, source))).to.include({ code: "M2M_USAGE" });
    symlinkSync(source, join(root, "link"), "junction");
    expect(await rejection(take(true, join(root, "link")))).to.include({ code: "M2M_USAGE" });
    expect(existsSync(join(source, "model.safetensors"))).to.equal(true);
  });

  it("are found, listed and removed", async () => {
    const { env } = environment();
    expect(modelFolder(environment(), MODEL)).to.equal(join(env.M2M_HOME, "models", "hydra"));
    await take();
    const found = findModel(environment(), MODEL);
    expect(found).to.include({ name: "hydra", origin: "downloaded", path: target });
    expect(found.sizeBytes).to.equal(CONFIG.length + WEIGHTS.length);
    expect(sizeState(found)).to.equal("whole");
    expect(listModels(environment()).map(({ path }) => path)).to.include(target);
    expect(checkFiles(target, found.manifest).map(({ state }) => state)).to.deep.equal(["ok", "ok"]);

    writeFileSync(join(target, "config.json"), "{}");
    expect(sizeState(findModel(environment(), MODEL))).to.equal("damaged");
    expect(checkFiles(target, found.manifest).map(({ state }) => state)).to.deep.equal(["changed", "ok"]);

    writeFileSync(join(target, "notes.txt"), "mine");
    writeFileSync(join(target, "model.onnx"), "made of it");
    const { removed } = removeModel(environment(), MODEL);
    expect(removed).to.have.members(["config.json", "model.safetensors", "model.onnx", "m2m-model.json"]);
    expect(readdirSync(target)).to.deep.equal(["notes.txt"]);
  });

  it("are removed with their folder, and only where they are", async () => {
    await take();
    expect(removeModel(environment(), MODEL).path).to.equal(target);
    expect(existsSync(target)).to.equal(false);
    // What is left is the built-in one, if this checkout has it.
    expect(catchM2MError(() => removeModel(environment(), MODEL)).code).to.be.oneOf([
      "M2M_USAGE",
      "M2M_WEIGHTS_MISSING",
    ]);
    expect(catchM2MError(() => removeModel(environment(), MODEL, join(root, "nowhere"))).code).to.equal(
      "M2M_WEIGHTS_MISSING",
    );
  });

  it("whose manifest or weights are damaged can still be seen and removed", async () => {
    await take();
    rmSync(join(target, "model.safetensors"));
    const found = findModel(environment(), MODEL);
    expect(sizeState(found)).to.equal("damaged");
    expect(checkFiles(target, found.manifest).map(({ state }) => state)).to.deep.equal(["ok", "missing"]);
    writeFileSync(join(target, "m2m-model.json"), "{");
    const damaged = findModel(environment(), MODEL);
    expect(sizeState(damaged)).to.equal("damaged");
    expect(damaged.problem).to.match(/no JSON/);
    expect(removeModel(environment(), MODEL).removed).to.deep.equal(["config.json", "m2m-model.json"]);
  });

  it("that somebody else put into a folder are not removed", () => {
    writeFileSync(join(source, "README.md"), "mine");
    expect(catchM2MError(() => removeModel(environment(), MODEL, source)).code).to.equal("M2M_USAGE");
    expect(readdirSync(source)).to.include.members(["README.md", "config.json", "model.safetensors"]);
  });

  it("have no place without a home folder", () => {
    const homeless = { cwd: root, env: {}, home: "" };
    expect(catchM2MError(() => modelFolder(homeless, MODEL)).code).to.equal("M2M_CONFIG_INVALID");
    expect(() => listModels(homeless)).not.to.throw();
  });

  it("come from an address or a path, and a revision from the hub", () => {
    const place = { cwd: root, env: {} };
    const codeOf = (from: string, revision?: string): string =>
      catchM2MError(() => resolveSource(MODEL, { from, revision }, place)).code;
    expect(codeOf("ftp://host/folder")).to.equal("M2M_USAGE");
    expect(codeOf("nowhere")).to.equal("M2M_FILE_READ");
    expect(codeOf("source/config.json")).to.equal("M2M_USAGE");
    expect(codeOf("source", "main")).to.equal("M2M_USAGE");
    expect(catchM2MError(() => resolveSource(MODEL, { revision: " " }, place)).code).to.equal("M2M_USAGE");
    const hub = resolveSource(MODEL, {}, place);
    expect(hub).to.deep.include({ kind: "hub", repository: "infernet/hydra", revision: "main" });
    expect(hub.kind === "hub" && hub.endpoint.href).to.equal("https://huggingface.co/");
  });
});

describe("two downloads into one folder", () => {
  it("do not meet: the second is refused, and a lock of the dead does not count", async () => {
    const fixture = await Fixture.start();
    try {
      fixture.serveMirror();
      const staging = join(fixture.folder, ".m2m-download");
      const lockOf = (pid: number): string => join(staging, `lock-${pid}-1-${randomUUID()}`);
      mkdirSync(staging, { recursive: true });
      const living = lockOf(process.ppid);
      writeFileSync(living, "");
      const error = await rejection(fixture.download());
      expect(error.code).to.equal("M2M_FILE_WRITE");
      expect(error.message).to.include(`process ${process.ppid}`);
      expect(existsSync(living)).to.equal(true);
      rmSync(living);
      writeFileSync(lockOf(4194305), "");
      fixture.server.on("/mirror/model.safetensors", status(404));
      expect(await rejection(fixture.download())).to.include({ code: "M2M_DOWNLOAD_FAILED" });
      expect(readdirSync(staging).filter((name) => name.startsWith("lock"))).to.deep.equal([]);
    } finally {
      await fixture.stop();
    }
  });

  it("of one process do not meet either", async () => {
    const fixture = await Fixture.start();
    try {
      fixture.serveMirror();
      const [first, second] = await Promise.allSettled([fixture.download(), fixture.download()]);
      expect(first.status).to.equal("fulfilled");
      expect(second).to.deep.include({ status: "rejected" });
      expect(String((second as PromiseRejectedResult).reason)).to.include(`process ${process.pid}`);
      expect(fixture.files()).not.to.include(".m2m-download");
    } finally {
      await fixture.stop();
    }
  });

  it("that cannot put the new files in place put the old back", async () => {
    const fixture = await Fixture.start();
    try {
      fixture.serveMirror();
      await fixture.download();
      const newer = bytesOf(1000, 5);
      fixture.serveMirror(newer);
      // Where the old weights would be laid aside stands a folder: the rename fails after that of the configuration.
      await rejection(
        fixture.download({
          force: true,
          check: (ready) => {
            mkdirSync(join(ready, "../model.safetensors.old/full"), { recursive: true });
            return Promise.resolve();
          },
        }),
      );
      expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
      expect(checkFiles(fixture.folder, undefined, ["config.json", "m2m-model.json"])).to.have.length(2);
    } finally {
      await fixture.stop();
    }
  });
});
