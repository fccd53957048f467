import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const urlOf = (path: string): string => new URL(`../../../src/${path}`, import.meta.url).href;

/** Sends requests through an upstream, and multiplies matrices in WebAssembly for two seconds. */
const PROGRAM = `
import { createServer } from "node:http";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
const { Upstream } = await import(${JSON.stringify(urlOf("proxy/upstream/upstream.ts"))});
const { KernelMemory } = await import(${JSON.stringify(urlOf("security/hydra/kernels/memory.ts"))});
const { createKernels } = await import(${JSON.stringify(urlOf("security/hydra/kernels/kernels.ts"))});
console.log("loaded");
const server = createServer((_, response) => response.end("x".repeat(300)));
await once(server.listen(0, "127.0.0.1"), "listening");
const origin = "http://127.0.0.1:" + server.address().port;
const times = { connectTimeoutMs: 10000, headersTimeoutMs: 10000, idleTimeoutMs: 10000 };
const upstream = new Upstream({ name: "a", target: { origin, basePath: "" } }, times, { failures: 5, openMs: 100 });
const nothing = () => {};
for (let sent = 0; sent < 3000; sent++)
  await new Promise((onResponseEnd, reject) => {
    const handler = { onRequestStart: nothing, onResponseStart: nothing, onResponseData: nothing };
    upstream.dispatch(
      { method: "GET", path: "/", headers: { "x-name": "value" }, body: null },
      { ...handler, onResponseEnd, onResponseError: (_, error) => reject(error) },
    );
  });
const memory = new KernelMemory(2 ** 20);
const kernels = createKernels(memory);
const matrix = { at: memory.allocate(64 * 64 * 4), rows: 64, cols: 64 };
const [from, to, xs, ys] = [5 * 256, 5 * 256, 16, 16].map((bytes) => memory.allocate(bytes + 16));
for (let i = 0; i < 5; i++) {
  memory.ints[xs / 4 + i] = from + i * 256;
  memory.ints[ys / 4 + i] = to + i * 256;
}
for (const endMs = performance.now() + 2000; performance.now() < endMs;) {
  for (let i = 0; i < 100; i++) kernels.multiply(matrix, xs, ys, 5);
  await turn();
}
// V8 keeps what it says in a buffer, which is written out at the end of a process and not when it is killed.
process.exit();
`;

/** Number of the function that multiplies five vectors in the kernels' module; of the parser's, 48 is optimized first. */
const KERNEL = 4;

/** One large function. */
function isParser(name: string): boolean {
  return Number(/of (\d+)/.exec(name)![1]) > 20_000;
}

describe("the parser of an upstream's answers", () => {
  it("is not optimized, and what is compiled after it is", async () => {
    // With threads V8 mixes the lines of one with those of another.
    const args = [
      "--trace-wasm-compilation-times",
      "--single-threaded",
      "--import=tsx",
      "--input-type=module",
      "--eval",
      PROGRAM,
    ];
    const child = spawn(process.execPath, args, {
      cwd: fileURLToPath(new URL("../../..", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const liftoff: string[] = [];
    const turboFan: string[] = [];
    /** Node has modules of its own, which read the program. */
    const ofNode = new Set<string>();
    let isLoaded = false;
    for await (const line of createInterface({ input: child.stdout })) {
      isLoaded ||= line === "loaded";
      const [, number, compiler, size] = /#(\d+)\S* using (\w+).* bodysize (\d+)/.exec(line) ?? [];
      const name = `${number} of ${size} bytes`;
      if (!isLoaded) ofNode.add(name);
      else if (compiler === "Liftoff") liftoff.push(name);
      else if (compiler === "TurboFan" && !ofNode.has(name)) turboFan.push(name);
    }
    expect(liftoff.some(isParser)).to.equal(true);
    expect(turboFan.some((name) => name.startsWith(`${KERNEL} of `))).to.equal(true);
    expect(turboFan.filter((name) => isParser(name) || name.startsWith("48 of "))).to.deep.equal([]);
  });
});
