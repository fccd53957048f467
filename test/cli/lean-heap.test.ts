import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const MODULE = new URL("../../dist/cli/lean-heap.js", import.meta.url).href;

/** Says how large a half of its young heap is, MiB, when much of what is young has survived, turn by turn. */
const PROGRAM = `
import { getHeapSpaceStatistics } from "node:v8";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
const { keepHeapLean } = await import(process.argv[1]);
if (process.argv[2] === "lean") keepHeapLean();
await delay(1100);
const kept = [];
for (let round = 0; round < 3000; round++) {
  for (let at = 0; at < 200; at++) kept[(round * 200 + at) % 100000] = { round, at, more: [at] };
  if (round % 10 === 0) await turn();
}
const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
console.log((space.space_used_size + space.space_available_size) / 2 ** 20);
`;

function youngMiB(mode: "lean" | "usual"): number {
  const args = ["--input-type=module", "--eval", PROGRAM, MODULE, mode];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    encoding: "utf8",
  });
  expect(stderr).to.equal("");
  return Number(stdout);
}

describe("the heap of a process that serves", () => {
  it("grows young to 4 MiB, and no further", () => {
    // Pages of 256 KiB have a head each.
    expect(youngMiB("lean")).to.be.within(3.5, 4);
    expect(youngMiB("usual")).to.be.greaterThan(7);
  });
});
