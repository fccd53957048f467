import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { Child } from "./child.js";
import { assertComplete, assertOnceInOrder } from "./transfer.js";

const run = (...args: string[]): boolean => {
  const [program = "", ...rest] = args;
  return spawnSync(program, rest, { stdio: "ignore" }).status === 0;
};

/** What a network does to packets of IP (tc-netem), where the kernel has it and the tests may make network namespaces. */
describe("AI-TCP over a network that loses, delays and reorders", function () {
  this.timeout(120_000);
  const namespace = `m2m-${process.pid}`;

  before(function () {
    if (!run("ip", "netns", "add", namespace)) this.skip();
    assert.ok(run("ip", "netns", "exec", namespace, "ip", "link", "set", "lo", "up"));
  });
  after(() => void run("ip", "netns", "del", namespace));

  for (const [what, ...faults] of [
    ["nothing"],
    ["5 % loss, 100 ms delay, reordering", "delay", "50ms", "loss", "5%", "reorder", "25%", "50%"],
  ] as const) {
    it(`a transfer both ways comes through, once and in order: ${what}`, async function () {
      const netem = ["tc", "qdisc", "replace", "dev", "lo", "root", "netem", ...faults];
      if (faults.length > 0 && !run("ip", "netns", "exec", namespace, ...netem)) this.skip();
      const child = new Child("./transfer-process.ts", [], ["ip", "netns", "exec", namespace]);
      assert.equal(await child.ended(), 0);
      const { came, unknown, streams, count } = JSON.parse(child.lines[0] ?? "{}") as {
        came: Record<string, string[]>;
        unknown: string[];
        streams: number;
        count: number;
      };
      for (const [sender, labels] of Object.entries(came)) {
        assertOnceInOrder(labels);
        assertComplete(labels, sender, streams, count);
      }
      assert.deepEqual(unknown, []);
    });
  }
});
