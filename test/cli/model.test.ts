import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { FakeServer, file, redirect, sha256, stallAfter, status } from "../hub/hub-server.js";
import { ROOT } from "../helpers/package.js";
import { CliFolder, ended } from "../helpers/run-cli.js";
import { PUBLISHED_SHAPE, writeModelFolder, type ModelFolder } from "../security/hydra/random-model.js";

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

describe("m2m model", function () {
  this.timeout(60_000);
  let server: FakeServer;
  let model: ModelFolder;
  let cli: CliFolder;
  const config = '{"top_k": 2}';
  const card = "---\nlicense: apache-2.0\n---\n# A random model\n";

  before(async () => {
    server = await FakeServer.start();
    model = writeModelFolder(PUBLISHED_SHAPE, 1);
    writeFileSync(join(model.folder, "config.json"), config);
    writeFileSync(join(model.folder, "README.md"), card);
  });
  beforeEach(() => {
    cli = new CliFolder();
  });
  afterEach(() => {
    cli.remove();
    server.reset();
  });
  after(async () => {
    model.remove();
    await server.stop();
  });

  /** While the process runs, the server of this one has to answer. */
  async function run(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
    const child = cli.start(["model", ...args], env);
    child.stdin?.end();
    const [stdout, stderr, { code }] = await Promise.all([
      text(child.stdout!),
      text(child.stderr!),
      ended(child),
    ]);
    return { code, stdout, stderr };
  }
  const weights = (): Uint8Array => readFileSync(join(model.folder, "model.safetensors"));
  const installed = (name = ""): string => join(cli.path, ".m2m/models/hydra", name);

  function serveHub(bytes = weights()): void {
    const base = "/infernet/hydra/resolve/main";
    server.on(`${base}/config.json`, file(Buffer.from(config)));
    server.on(
      `${base}/model.safetensors`,
      redirect("/blob", { "x-linked-size": String(bytes.length), "x-linked-etag": `"${sha256(bytes)}"` }),
    );
    server.on("/blob", file(bytes));
  }

  it("download: from the hub, then the others work on it", async () => {
    serveHub();
    const env = { HF_ENDPOINT: server.url };
    const download = await run(["download", "--json"], env);
    expect(download).to.include({
      code: 0,
      stderr:
        "Not verified, because the source gives no SHA-256: config.json. Compare with `m2m model verify`.\n",
    });
    const result = JSON.parse(download.stdout) as Record<string, unknown>;
    expect(result).to.include({
      version: 1,
      name: "hydra",
      status: "downloaded",
      path: installed(),
      revision: "main",
    });
    expect(readdirSync(installed()).sort()).to.deep.equal([
      "config.json",
      "m2m-model.json",
      "model.safetensors",
    ]);

    const list = await run(["list"]);
    expect(list.stdout).to.match(/^hydra\tdownloaded\t\d+\tmain\twhole\t.*hydra$/m);
    const verify = await run(["verify", "--json"]);
    expect(verify.code).to.equal(0);
    expect(JSON.parse(verify.stdout)).to.deep.include({ version: 1, name: "hydra", ok: true });

    writeFileSync(installed("config.json"), "{}");
    const changed = await run(["verify"]);
    expect(changed.code).to.equal(1);
    expect(changed.stdout)
      .to.match(/^changed .* config\.json$/m)
      .and.match(/is damaged\.$/m);

    const remove = await run(["remove", "hydra", "--json"]);
    expect(JSON.parse(remove.stdout)).to.deep.include({ name: "hydra", path: installed() });
    expect((await run(["verify", "--dir", installed()])).code).to.equal(2);
  });

  it("download: from a folder, into another", async () => {
    const { code, stdout, stderr } = await run([
      "download",
      "hydra",
      "--from",
      model.folder,
      "--dir",
      "here",
    ]);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^hydra: 3 files, .* kB, in .*here\n$/);
    const info = JSON.parse((await run(["info", "--dir", "here", "--json"])).stdout) as {
      license: string;
      tensors: unknown[];
      parameterCount: number;
      config: { hiddenSize: number; labels: { security: string[] } };
    };
    expect(info.license).to.equal("apache-2.0");
    expect(info.config.hiddenSize).to.equal(PUBLISHED_SHAPE.hiddenSize);
    expect(info.config.labels.security).to.deep.equal(["SAFE", "UNSAFE"]);
    expect(info.tensors).to.have.length.greaterThan(20);
    const shown = await run(["info", "hydra", "--dir", "here"]);
    expect(shown.stdout)
      .to.match(/^Licence +apache-2\.0$/m)
      .and.match(/^Network +2 layers of 4 experts/m);
  });

  it("convert: beside the weights, or where it is told", async () => {
    expect((await run(["download", "--from", model.folder])).code).to.equal(0);
    for (const _ of ["new", "replaced"]) {
      const { code, stdout, stderr } = await run(["convert", "--json"]);
      expect(code, stderr).to.equal(0);
      const { output, sizeBytes } = JSON.parse(stdout) as { output: string; sizeBytes: number };
      expect(output).to.equal(installed("model.onnx"));
      expect(readFileSync(output)).to.have.length(sizeBytes);
    }
    const bytes = readFileSync(installed("model.onnx"));
    expect(cli.run(["model", "convert", "hydra", "--output", "-"]).stdout.equals(bytes)).to.equal(true);
    expect((await run(["convert", "--output", "x.onnx"])).code).to.equal(0);
    expect(readFileSync(join(cli.path, "x.onnx")).equals(bytes)).to.equal(true);
    expect((await run(["convert", "--output", "x.onnx"])).stderr).to.match(/--force/);
    expect((await run(["convert", "--output", "x.onnx", "--force"])).code).to.equal(0);
    expect((await run(["convert", "--output", "-", "--json"])).code).to.equal(2);
    // Made of the weights: it goes with them, and says nothing about their state.
    expect((await run(["verify"])).code).to.equal(0);
    expect((await run(["remove", "hydra"])).stdout).to.match(/^hydra: 5 files removed/);
  });

  it("convert: leaves the package as it was installed", async () => {
    const weights = join(ROOT, "models/hydra");
    const before = readdirSync(weights);
    const { code, stderr, stdout } = await run(["convert", "--json"]);
    expect(code, stderr).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ path: weights, output: join(cli.path, "model.onnx") });
    expect(readdirSync(weights)).to.deep.equal(before);
    expect((await run(["convert"])).stderr).to.match(/model\.onnx exists.\n.*--force/);
    expect((await run(["convert", "--force"])).code).to.equal(0);
  });

  it("download: what does not load takes nobody's place", async () => {
    expect((await run(["download", "--from", model.folder])).code).to.equal(0);
    const before = readFileSync(installed("model.safetensors"));
    serveHub(Buffer.from("these are no weights"));
    const { code, stderr } = await run(["download", "--force"], { HF_ENDPOINT: server.url });
    expect(code).to.equal(3);
    expect(stderr).to.match(/^m2m: What was fetched is no model that works: The /m);
    expect(readFileSync(installed("model.safetensors")).equals(before)).to.equal(true);
  });

  it("verify: weights that do not load, and a manifest that cannot be read", async () => {
    expect((await run(["download", "--from", model.folder])).code).to.equal(0);
    writeFileSync(installed("model.safetensors"), "these are no weights");
    const weightsGone = await run(["verify"]);
    expect(weightsGone.code).to.equal(1);
    expect(weightsGone.stdout).to.match(/^It does not load: /m);
    const env = { M2M_SECURITY_MODEL_DIR: installed() };
    const scan = cli.run(["scan", "x"], { env });
    expect([
      scan.code,
      scan.stderr.includes(installed()),
      scan.stderr.includes("m2m model verify"),
    ]).to.deep.equal([3, true, true]);
    writeFileSync(installed("m2m-model.json"), "{");
    const report = JSON.parse((await run(["verify", "--json"])).stdout) as { ok: boolean; problem: string };
    expect(report.ok).to.equal(false);
    expect(report.problem).to.match(/m2m-model\.json does not describe a model/);
    expect((await run(["list"])).stdout).to.match(/\tdamaged\t/);
  });

  it("verify, info and list: the weights that scans are told to take", async () => {
    const env = { M2M_SECURITY_MODEL_DIR: model.folder };
    for (const command of [["verify"], ["info"], ["info", "hydra"]]) {
      const found = JSON.parse((await run([...command, "--json"], env)).stdout) as object;
      expect(found, command.join(" ")).to.include({ path: model.folder, origin: "configured" });
      const missing = await run(command, { M2M_SECURITY_MODEL_DIR: cli.path });
      expect(missing.code).to.equal(2);
      expect(missing.stderr).to.include(`${cli.path}, which security.model_dir names`);
    }
    const used = async (env: Record<string, string>) => {
      const { stdout, stderr } = await run(["list", "--json"], env);
      const { models } = JSON.parse(stdout) as { models: { origin: string; path: string; used: boolean }[] };
      return { stderr, origins: models.map(({ origin, used }) => `${origin}${used ? " used" : ""}`) };
    };
    expect(await used({})).to.deep.equal({ stderr: "", origins: ["built-in used"] });
    expect(await used(env)).to.deep.equal({ stderr: "", origins: ["built-in", "configured used"] });
    expect((await run(["download", "--from", model.folder])).code).to.equal(0);
    expect((await used({})).origins).to.deep.equal(["built-in", "downloaded used"]);
    expect((await used(env)).origins).to.deep.equal(["built-in", "downloaded", "configured used"]);
    expect((await used({ M2M_SECURITY_MODEL_DIR: installed() })).origins).to.deep.equal([
      "built-in",
      "downloaded used",
    ]);
    const nothing = await used({ M2M_SECURITY_MODEL_DIR: cli.path });
    expect(nothing.origins).to.deep.equal(["built-in", "downloaded"]);
    expect(nothing.stderr).to.include(`names ${cli.path}, where no model is`);
  });

  it("convert: weights of the settings, though they have no configuration", async () => {
    const folder = join(cli.path, "bare");
    mkdirSync(folder);
    writeFileSync(join(folder, "model.safetensors"), weights());
    const env = { M2M_SECURITY_MODEL_DIR: folder };
    expect(await run(["convert"], env)).to.include({ code: 0, stderr: "" });
    expect(readdirSync(folder).sort()).to.deep.equal(["model.onnx", "model.safetensors"]);
  });

  it("download: exit codes and messages", async () => {
    server.on("/mirror/config.json", status(403));
    const refused = await run(["download", "--from", `${server.url}/mirror`]);
    expect(refused).to.include({ code: 4, stdout: "" });
    expect(refused.stderr).to.match(
      /answers 403: access is refused\.\n {2}If the model is not public, set HF_TOKEN/,
    );
    const offline = await run(["download", "--json"], { HF_ENDPOINT: "http://127.0.0.1:1" });
    expect(offline.code).to.equal(4);
    expect(JSON.parse(offline.stdout)).to.have.nested.property("error.code", "M2M_DOWNLOAD_OFFLINE");
    expect((await run(["download", "hydro"])).stderr).to.match(/Did you mean hydra\?/);
    expect((await run(["download", "--from", "x", "--revision", "y"])).code).to.equal(2);
    expect((await run(["download", "--from", model.folder])).code).to.equal(0);
    writeFileSync(installed("config.json"), "{}");
    const exists = await run(["download", "--from", model.folder]);
    expect(exists.code).to.equal(2);
    expect(exists.stderr).to.match(/--force/);
    expect((await run(["download", "--from", model.folder, "--force"])).code).to.equal(0);
  });

  it("download: Ctrl-C keeps what has arrived, and the next call goes on", async function () {
    if (process.platform === "win32") this.skip();
    const bytes = weights();
    const base = "/mirror";
    server.on(`${base}/config.json`, file(Buffer.from(config)));
    server.on(`${base}/model.safetensors`, stallAfter(bytes, 20_000));
    const child = cli.start(["model", "download", "--from", `${server.url}/mirror`]);
    const stderr = text(child.stderr!);
    const part = installed(".m2m-download/model.safetensors.part");
    const size = (): number => {
      try {
        return readFileSync(part).length;
      } catch {
        return 0;
      }
    };
    while (size() < 20_000) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    expect((await ended(child)).code, await stderr).to.equal(130);
    server.on(`${base}/model.safetensors`, file(bytes));
    const again = await run(["download", "--from", `${server.url}/mirror`, "--json"]);
    expect((JSON.parse(again.stdout) as { resumedBytes: number }).resumedBytes).to.be.within(
      20_000,
      20_000 + config.length,
    );
  });

  it("never shows the token", async () => {
    const HF_TOKEN = "hf_abcdefghijklmnop";
    server.on("/infernet/hydra/resolve/main/config.json", status(401));
    const { stdout, stderr } = await run(["download", "--verbose"], { HF_ENDPOINT: server.url, HF_TOKEN });
    expect(server.requests[0].headers.authorization).to.equal(`Bearer ${HF_TOKEN}`);
    expect(stdout + stderr).not.to.include(HF_TOKEN);
  });

  it("remove: leaves the built-in model and files of others alone", async () => {
    const none = await run(["remove", "hydra"]);
    expect(none.code).to.equal(2);
    expect((await run(["download", "--from", model.folder])).code).to.equal(0);
    mkdirSync(installed("mine"));
    const { stdout } = await run(["remove", "hydra"]);
    expect(stdout).to.match(/^hydra: 4 files removed from /);
    expect(readdirSync(installed())).to.deep.equal(["mine"]);
  });
});
