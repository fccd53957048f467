// Processor time of POST /compress (token-native, 300 bytes) by what serves the routes, beside a bare JSON echo.
// Usage: npm run build && node --import tsx test/bench/http-framework.ts [--rounds 6] [--seconds 2] [--hono FOLDER] [--fastify FOLDER]
// The folders hold node_modules with hono and @hono/node-server, or fastify. wrk must be installed. docs/decisions/2026-11-29-http-framework.md
import { execFileSync, fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";

const CONTENT = JSON.stringify({
  model: "gpt-4o",
  messages: [
    {
      role: "system",
      content: "You are a helpful assistant that answers in one short sentence, without lists.",
    },
    {
      role: "user",
      content: "What should somebody look at who has one rainy afternoon in the old town of Prague?",
    },
  ],
  temperature: 0.7,
  max_tokens: 120,
  user: "abc",
});
const BODY = JSON.stringify({ content: CONTENT, algorithm: "tokennative" });
const CONNECTIONS = 16;

const { values } = parseArgs({
  options: {
    serve: { type: "string" },
    folder: { type: "string" },
    rounds: { type: "string", default: "6" },
    seconds: { type: "string", default: "2" },
    hono: { type: "string" },
    fastify: { type: "string" },
  },
});

/** What ships is measured: the loader of TypeScript adds a call to every function that is made. Run `npm run build` before. */
const built = (room: string) => import(new URL(`../../dist/${room}/index.js`, import.meta.url).href);
const { CodecEngine, DEFAULT_LIMITS } = (await built("codec")) as typeof import("../../src/codec/index.js");
const { createLogger, readBody } = (await built("http")) as typeof import("../../src/http/index.js");
const { ModelRegistry } = (await built("models")) as typeof import("../../src/models/index.js");
const { RuleSet, SecurityScanner } = (await built(
  "security",
)) as typeof import("../../src/security/index.js");
const { apiRoutes, startServer } = (await built("server")) as typeof import("../../src/server/index.js");

const engine = new CodecEngine({ limits: DEFAULT_LIMITS });
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
  apiRoutes().find(({ path }) => path === "/compress")?.body as object,
);

function compress(body: unknown): object {
  if (!validate(body)) throw new Error("The body is not valid.");
  const { algorithm, compressedBytes, data, originalBytes, ratio } = engine.compress(
    (body as { content: string }).content,
    { algorithm: "token-native" },
  );
  return { data, algorithm, original_bytes: originalBytes, compressed_bytes: compressedBytes, ratio };
}

async function startTable(isEnabled: boolean): Promise<number> {
  const scanner = new SecurityScanner({ detector: "rules", rules: RuleSet.builtin() });
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    version: "bench",
    // As a server logs unless it is told otherwise: no line a request.
    logger: createLogger({ level: "info", json: false, write: () => {} }),
    engine: { limits: DEFAULT_LIMITS, encoding: "cl100k_base" },
    defaultAlgorithm: "auto",
    models: new ModelRegistry(),
    openScanner: () => Promise.resolve({ scanner, threshold: 0.8 }),
    security: { isEnabled, isBlocking: false },
    store: "memory",
    maxBodyBytes: 1024 * 1024,
    requestsPerMinute: 0,
  });
  return server.port;
}

/** A package of a folder that is none of this repository's, as far as it is used here. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function load(name: string): Promise<any> {
  const require = createRequire(join(resolve(values.folder ?? "."), "package.json"));
  return import(pathToFileURL(require.resolve(name)).href);
}

/** What can be measured, and on which port it serves. */
const SERVERS: Record<string, () => Promise<number>> = {
  async echo() {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const text = JSON.stringify(JSON.parse(Buffer.concat(chunks).toString()));
        response.writeHead(200, {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(text),
        });
        response.end(text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  },
  async "node:http"() {
    const server = createServer((request, response) => {
      void readBody(request, DEFAULT_LIMITS.maxInputBytes).then((bytes) => {
        const text = JSON.stringify(compress(JSON.parse(bytes.toString())));
        response.writeHead(200, {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(text),
        });
        response.end(text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  },
  "m2m server": () => startTable(false),
  "m2m server, rules scan": () => startTable(true),
  async hono() {
    const [{ Hono }, { serve }] = [await load("hono"), await load("@hono/node-server")];
    const app = new Hono();
    app.post("/compress", async (context: Awaited<ReturnType<typeof load>>) =>
      context.json(compress(await context.req.json())),
    );
    return new Promise((resolve) =>
      serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }: AddressInfo) => resolve(port)),
    );
  },
  async fastify() {
    const { default: fastify } = await load("fastify");
    const app = fastify();
    app.post("/compress", async (request: Awaited<ReturnType<typeof load>>) => compress(request.body));
    await app.listen({ port: 0, host: "127.0.0.1" });
    return (app.server.address() as AddressInfo).port;
  },
};

if (values.serve !== undefined) {
  process.send?.(await SERVERS[values.serve]());
  process.on("message", () => {
    const { system, user } = process.cpuUsage();
    process.send?.(system + user);
  });
} else {
  await measure(Number(values.rounds), Number(values.seconds));
}

async function measure(rounds: number, seconds: number): Promise<void> {
  const folders: Record<string, string | undefined> = { hono: values.hono, fastify: values.fastify };
  const names = Object.keys(SERVERS).filter((name) => !(name in folders) || folders[name] !== undefined);
  const temporary = mkdtempSync(join(tmpdir(), "m2m-bench-"));
  const script = join(temporary, "post.lua");
  const headers = 'wrk.headers["Content-Type"] = "application/json"';
  writeFileSync(script, `wrk.method = "POST"\n${headers}\nwrk.body = [==[${BODY}]==]\n`);
  const servers = new Map<string, { readonly child: ChildProcess; readonly port: number }>();
  for (const name of names) {
    const child = fork(fileURLToPath(import.meta.url), ["--serve", name, "--folder", folders[name] ?? "."], {
      execArgv: ["--import", "tsx"],
    });
    servers.set(name, { child, port: await answerOf(child) });
  }
  const found = new Map<string, Sample[]>(names.map((name) => [name, []]));
  // Round 0 warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, { child, port }] of servers) {
      const before = await cpuOf(child);
      const { perSecond, requests } = runWrk(script, port, seconds);
      const cpuUs = ((await cpuOf(child)) - before) / requests;
      if (round > 0) found.get(name)?.push({ perSecond, cpuUs });
    }
  }
  for (const { child } of servers.values()) child.kill();
  rmSync(temporary, { recursive: true });
  print(found);
}

interface Sample {
  readonly perSecond: number;
  /** Of the server, for one request. */
  readonly cpuUs: number;
}

function answerOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => child.once("message", (answer) => resolve(answer as number)));
}

/** Microseconds of processor time that a server has taken: others on the machine change it less than the time that passes. */
function cpuOf(child: ChildProcess): Promise<number> {
  const answer = answerOf(child);
  child.send("cpu");
  return answer;
}

function print(found: ReadonlyMap<string, readonly Sample[]>): void {
  const cpu = (name: string) => median((found.get(name) ?? []).map(({ cpuUs }) => cpuUs));
  const rows = [...found].map(([name, samples]) => {
    const cpuUs = samples.map((sample) => sample.cpuUs).sort((a, b) => a - b);
    const spread = `${cpuUs[0].toFixed(0)} to ${cpuUs.at(-1)?.toFixed(0)}`;
    const share = ((cpu("echo") / cpu(name)) * 100).toFixed(0);
    const perSecond = median(samples.map((sample) => sample.perSecond)).toFixed(0);
    return `| ${name} | ${cpu(name).toFixed(0)} | ${spread} | ${share} % | ${perSecond} |`;
  });
  const head =
    "| served by | CPU µs a request | least and most | throughput by it, of the echo | requests/s |";
  process.stdout.write(`${head}\n| --- | ---: | ---: | ---: | ---: |\n${rows.join("\n")}\n`);
}

function runWrk(script: string, port: number, seconds: number) {
  const args = [
    "-t1",
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    "-s",
    script,
    `http://127.0.0.1:${port}/compress`,
  ];
  const report = execFileSync("wrk", args, { encoding: "utf8" });
  if (/Non-2xx/.test(report)) throw new Error(report);
  const numberIn = (pattern: RegExp) => Number(pattern.exec(report)?.[1]);
  return { perSecond: numberIn(/Requests\/sec:\s+([\d.]+)/), requests: numberIn(/(\d+) requests in/) };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
