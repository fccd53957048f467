import { strict as assert } from "node:assert";
import { SETTINGS, Simulator } from "../../transport/aitcp/flow/simulator.js";

export interface StreamFigures {
  /** Sequences of actions, each of which led to a state that was checked. */
  readonly sequences: number;
  readonly depth: number;
}

/** Two sides with a stream that is open, and what was acknowledged by the application of the second. */
class Run {
  readonly simulator = new Simulator({ a: SETTINGS, b: SETTINGS });
  readonly #taken = new Set<number>();
  readonly #done = new Set<string>();
  #sentByA = 0;
  #sentByB = 0;

  constructor() {
    this.simulator.open(this.simulator.a);
    this.send("a");
  }

  /** @param side who sends a message on the first stream: the second one of `a` needs two records */
  send(side: "a" | "b"): boolean {
    const count = side === "a" ? this.#sentByA++ : this.#sentByB++;
    if (count >= (side === "a" ? 2 : 1) || !this.simulator[side].known.has(0)) return false;
    this.simulator.send(this.simulator[side], 0, count === 0 ? 20 : 900, count === 0);
    return true;
  }

  /** The first side ends the stream, or gives it up: once. */
  once(what: "end" | "reset"): boolean {
    if (this.#done.has(what)) return false;
    this.#done.add(what);
    this.simulator[what](this.simulator.a, 0);
    return true;
  }

  acknowledge(): boolean {
    if (!this.simulator.acknowledge(this.simulator.b, 0)) return false;
    for (const { id } of this.simulator.b.given.get(0) ?? []) this.#taken.add(id);
    return true;
  }

  /** What has to hold now. */
  assertHolds(): void {
    this.simulator.assertBooks();
    for (const { id, by, message } of this.simulator.sent.values()) {
      if (by !== "a" || message.outcome !== "acknowledged") continue;
      assert.ok(
        this.#taken.has(id),
        `message ${id} is acknowledged, and the application did not say that it has taken it`,
      );
    }
  }

  /** A good continuation: from here all comes to its end. */
  assertContinues(): void {
    this.simulator.settle();
    // Settling takes and acknowledges.
    for (const { id } of this.simulator.b.given.get(0) ?? []) this.#taken.add(id);
    this.simulator.assertSettled();
    this.simulator.endAll();
  }
}

/** What may happen. Each says whether it has changed anything. */
const ACTIONS: Readonly<Record<string, (run: Run) => boolean>> = {
  "a sends": (run) => run.send("a"),
  "b sends": (run) => run.send("b"),
  "a ends": (run) => run.once("end"),
  "a gives up": (run) => run.once("reset"),
  "a writes": ({ simulator }) => simulator.fill(simulator.a, 700),
  "b writes": ({ simulator }) => simulator.fill(simulator.b, 700),
  "b hears": ({ simulator }) => simulator.isConnected && simulator.deliver(simulator.b),
  "a hears": ({ simulator }) => simulator.isConnected && simulator.deliver(simulator.a),
  "b takes": ({ simulator }) => simulator.take(simulator.b, 0),
  "b acknowledges": (run) => run.acknowledge(),
  cut: ({ simulator }) => {
    const { isConnected } = simulator;
    simulator.cut();
    return isConnected;
  },
  resume: ({ simulator }) => resume(simulator, 0),
  "resume with early frames": ({ simulator }) => resume(simulator, 400),
  "resume with early frames that are not taken": ({ simulator }) => resume(simulator, 401),
  "b restarts": ({ simulator }) => {
    simulator.die(simulator.b);
    return true;
  },
};

/**
 * Goes through all sequences of actions up to a depth, from a stream with one message. In each state that is come to, it is checked that nothing
 * came twice, out of order or from nowhere, that what is acknowledged was taken, and that from there all can come to a good end.
 */
export function checkStreams(depth: number): StreamFigures {
  let sequences = 0;
  const visit = (names: readonly string[]): void => {
    const run = replay(names);
    if (!run) return;
    sequences++;
    try {
      run.assertHolds();
      run.assertContinues();
      run.assertHolds();
    } catch (error) {
      throw new Error(`After ${names.join(", ")}: ${(error as Error).message}`, { cause: error });
    }
    if (names.length === depth) return;
    for (const name of Object.keys(ACTIONS)) visit([...names, name]);
  };
  visit([]);
  return { sequences, depth };
}

/** @returns `undefined` if the last action changes nothing: what follows it follows the sequence without it too */
function replay(names: readonly string[]): Run | undefined {
  const run = new Run();
  let hasChanged = true;
  for (const name of names) hasChanged = ACTIONS[name]?.(run) ?? false;
  return hasChanged ? run : undefined;
}

function resume(simulator: Simulator, earlyBytes: number): boolean {
  if (simulator.isConnected) return false;
  simulator.resume(earlyBytes);
  return true;
}
