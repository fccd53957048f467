import fc from "fast-check";
import { SETTINGS, Simulator } from "./simulator.js";

interface Act {
  readonly name:
    "open" | "send" | "end" | "reset" | "fill" | "deliver" | "take" | "acknowledge" | "cut" | "die";
  readonly isInitiator: boolean;
  readonly pick: number;
  readonly size: number;
}

const size = fc.oneof(
  fc.nat({ max: 400 }),
  fc.nat({ max: SETTINGS.messageBytes }),
  fc.constant(SETTINGS.messageBytes),
);

function acts(weights: Partial<Record<Act["name"], number>>): fc.Arbitrary<Act[]> {
  const usual = { open: 2, send: 8, end: 1, fill: 8, deliver: 8, take: 4, acknowledge: 3, ...weights };
  const names = Object.entries(usual).map(([name, weight]) => ({
    arbitrary: fc.constant(name as Act["name"]),
    weight,
  }));
  const act = fc.record({
    name: fc.oneof(...names),
    isInitiator: fc.boolean(),
    pick: fc.nat({ max: 7 }),
    size,
  });
  return fc.array(act, { maxLength: 150, size: "max" });
}

function play(simulator: Simulator, { name, isInitiator, pick, size: bytes }: Act): void {
  const side = isInitiator ? simulator.a : simulator.b;
  switch (name) {
    case "open":
      return simulator.open(side);
    case "send":
      return simulator.send(side, pick, bytes, bytes % 2 === 0);
    case "end":
      return simulator.end(side, pick);
    case "reset":
      return simulator.reset(side, pick);
    case "fill":
      return void simulator.fill(side, 150 + (bytes % 1500));
    case "deliver":
      return void simulator.deliver(side);
    case "take":
      return void simulator.take(side, pick);
    case "acknowledge":
      return void simulator.acknowledge(side, pick);
    case "cut":
      return simulator.isConnected ? simulator.cut() : simulator.resume(bytes);
    case "die":
      return simulator.die(side);
  }
}

function holds(weights: Partial<Record<Act["name"], number>>, numRuns: number): void {
  fc.assert(
    fc.property(acts(weights), (list) => {
      const simulator = new Simulator();
      for (const act of list) {
        play(simulator, act);
        simulator.assertBooks();
      }
      simulator.settle();
      simulator.assertSettled();
      simulator.endAll();
    }),
    { numRuns },
  );
}

describe("aitcp streams, simulated", () => {
  it("over one connection everything comes, once and in order", () => holds({}, 300));
  it("over connections that are cut everything comes, once and in order", () => holds({ cut: 2 }, 500));
  it("with streams that are given up nothing comes twice, and all is decided", () =>
    holds({ reset: 1, cut: 2 }, 500));
  it("with processes that end nothing comes twice, and all is decided", () => holds({ cut: 2, die: 1 }, 500));
  it("with all of it", () => holds({ reset: 1, cut: 2, die: 1 }, 700));
});
