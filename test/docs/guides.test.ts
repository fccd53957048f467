import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { loadConfig } from "../../src/config/index.js";
import { findDifference, findMissingLine, readJsonValues } from "../helpers/guide-output.js";
import { GuideStage } from "../helpers/guide-stage.js";
import { readCodeBlocks, type CodeBlock } from "../helpers/markdown.js";
import { ROOT } from "../helpers/package.js";
import { requirePeer } from "../helpers/peers.js";
import { RedisServer } from "../helpers/redis-server.js";
import { ScriptedUpstream } from "../helpers/scripted-upstream.js";

const FOLDER = join(ROOT, "docs/guides");
const PAGES = readdirSync(FOLDER).filter((name) => name.endsWith(".md"));
const STARTS = /^(?:\w+=(?:\$\([^)]*\)|"[^"]*"|\S+) )*m2m (?:server|proxy)\b/;
const KEYS = { OPENAI_API_KEY: "sk-guide", ANTHROPIC_API_KEY: "sk-ant-guide" };

interface Step extends CodeBlock {
  readonly language: string;
  /** What stands behind the language: a file name, a peer, or `install` for what is not run here. */
  readonly note: string | undefined;
  /** The block that shows the output of this one. */
  readonly shown?: CodeBlock;
}

function readSteps(page: string): Step[] {
  const blocks = readCodeBlocks(page);
  return blocks.flatMap((block, index) => {
    const [language, note] = block.info.split(" ");
    if (/^(json|text)\b/.test(block.info)) return [];
    const next = blocks.at(index + 1);
    return [{ ...block, language, note, shown: next && /^(json|text)\b/.test(next.info) ? next : undefined }];
  });
}

type Follow = (stage: GuideStage, step: Step, test: Mocha.Context) => void | Promise<void>;

/** What it is to follow a block, by its language. */
const FOLLOW: Readonly<Record<string, Follow>> = {
  async sh(stage, { code, note, shown }) {
    if (STARTS.test(code)) {
      const lines = shown?.code.split("\n") ?? [];
      const said = await stage.start(code, lines.length);
      expect(findMissingLine(lines, said), said).to.equal(undefined);
      return;
    }
    const {
      code: status,
      stdout,
      stderr,
    } = await stage.run("bash", [...(note === "install" ? ["-n"] : ["-eo", "pipefail"]), "-c", code]);
    expect(status, stderr).to.equal(0);
    if (shown) expectOutput(shown, stdout);
  },
  async js(stage, { code, note, line }) {
    const file = note ?? `line-${line}.mjs`;
    stage.write(file, code);
    await expectPrinted(stage, "node", file, [...code.matchAll(/\/\/ => (.*)$/gm)]);
  },
  async python(stage, { code, line }, test) {
    const file = `line-${line}.py`;
    stage.write(file, code);
    await expectPrinted(stage, requirePeer(test, "python"), file, [...code.matchAll(/# => (.*)$/gm)]);
  },
  async toml(stage, { code, note = "~/other.toml" }) {
    stage.write(note, code);
    const M2M_CONFIG = join(stage.folder, note.slice(2));
    const { ignored } = await loadConfig({ cwd: stage.folder, home: stage.folder, env: { M2M_CONFIG } });
    expect(ignored).to.deep.equal([]);
  },
  async yaml(stage, { code, note }, test) {
    const script = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.argv[1]))))";
    const {
      code: status,
      stdout,
      stderr,
    } = await stage.run(requirePeer(test, "python"), ["-c", script, code]);
    expect(status, stderr).to.equal(0);
    if (note === undefined) return;
    const documents = JSON.parse(stdout) as Manifest[];
    for (const document of documents) await checkManifest(stage, document);
  },
  async ini(stage, { code, note }, test) {
    if (note === undefined) return;
    if (spawnSync("systemd-analyze", ["--version"]).status !== 0) test.skip();
    // It looks whether the command is there.
    stage.write(note, code.replace("/usr/local/bin/m2m", join(stage.folder, "bin/m2m")));
    const { code: status, stderr } = await stage.run("systemd-analyze", ["verify", `./${note}`]);
    expect(stderr).to.equal("");
    expect(status).to.equal(0);
  },
  dockerfile(_stage, { code }) {
    expect(code).to.match(/^FROM node:20-slim$/m);
  },
};

function expectOutput(shown: CodeBlock, output: string): void {
  if (shown.info === "json") {
    const difference = findDifference(readJsonValues(shown.code), readJsonValues(output));
    expect(difference, output).to.equal(undefined);
  } else expect(findMissingLine(shown.code.split("\n"), output), output).to.equal(undefined);
}

async function expectPrinted(
  stage: GuideStage,
  program: string,
  file: string,
  marks: RegExpMatchArray[],
): Promise<void> {
  const { code, stdout, stderr } = await stage.run(program, [file]);
  expect(code, stderr).to.equal(0);
  expect(
    findMissingLine(
      marks.map((mark) => mark[1]),
      stdout,
    ),
    stdout,
  ).to.equal(undefined);
}

/** As much of a manifest of Kubernetes as is checked. */
interface Manifest {
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template?: { readonly spec: { readonly containers: readonly Container[] } } };
}

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string }[];
  readonly readinessProbe: { readonly httpGet: { readonly path: string } };
}

/** The settings are ours, and the probes are answered by what the arguments start. */
async function checkManifest(stage: GuideStage, { data, spec }: Manifest): Promise<void> {
  for (const [name, text] of Object.entries(data ?? {})) stage.write(`~/.m2m/${name}`, text);
  for (const { args, env, readinessProbe } of spec?.template?.spec.containers ?? []) {
    const settings = env.filter(({ name }) => /_TOKEN$/.test(name)).map(({ name }) => `${name}=of-a-secret `);
    await stage.start(`${settings.join("")}m2m ${args.join(" ")}`);
    const port = args[0] === "proxy" ? 8080 : 3000;
    const { code } = await stage.run("curl", [
      "-sf",
      `http://localhost:${port}${readinessProbe.httpGet.path}`,
    ]);
    expect(code).to.equal(0);
  }
}

/** Links of a page to files of the repository that are not there, and to headings of the guides that are not. */
function brokenLinks(page: string): string[] {
  return [...page.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].flatMap(([, path, heading]) => {
    const file = join(FOLDER, path);
    if (!existsSync(file)) return [path];
    if (heading === undefined) return [];
    const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map((match) =>
      match[1]
        .toLowerCase()
        .replace(/[^\w\s-]/g, "")
        .replace(/\s/g, "-"),
    );
    return headings.includes(heading) ? [] : [`${path}#${heading}`];
  });
}

describe("docs/guides", function () {
  this.timeout(40_000);
  let openai: ScriptedUpstream;
  let anthropic: ScriptedUpstream;
  let redis: RedisServer | undefined;

  before(async () => {
    openai = await ScriptedUpstream.start();
    anthropic = await ScriptedUpstream.start();
  });
  after(async () => {
    await Promise.all([openai.stop(), anthropic.stop(), redis?.stop()]);
  });

  for (const name of PAGES) {
    describe(name, () => {
      const page = readFileSync(join(FOLDER, name), "utf8");
      const steps = readSteps(page);
      const stage = new GuideStage(KEYS);

      before(() => {
        stage.place("https://api.openai.com", openai.url);
        stage.place("https://api.anthropic.com", anthropic.url);
      });
      after(() => stage.remove());

      it("links to what is there", () => {
        expect(brokenLinks(page)).to.deep.equal([]);
      });

      for (const step of steps) {
        const { language, line, note, code } = step;
        it(`line ${line}: ${language} ${code.split("\n")[0].slice(0, 70)}`, async function () {
          expect(language).to.be.oneOf(Object.keys(FOLLOW));
          if (note === "quic") requirePeer(this, "quic");
          if (note === "redis") {
            redis ??= await RedisServer.start(requirePeer(this, "redis"));
            stage.place("127.0.0.1:6379", `127.0.0.1:${redis.port}`);
          }
          await FOLLOW[language](stage, step, this);
        });
      }
    });
  }
});
