import { parseArgs } from "node:util";
import { fail } from "../support.js";

export interface ProxyBenchOptions {
  readonly rounds: number;
  /** Requests of one client in a round. */
  readonly sequential: number;
  readonly warmUp: number;
  readonly openLoopMs: number;
  readonly throughputMs: number;
  /** Requests after which memory is looked at. */
  readonly requests: number;
  readonly soakS: number;
  /** Folder in whose node_modules @portkey-ai/gateway is installed. */
  readonly portkey?: string;
  /** Virtual environment of Python in which litellm[proxy] is installed. */
  readonly litellm?: string;
}

export function readProxyOptions(): ProxyBenchOptions {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean" },
      rounds: { type: "string" },
      requests: { type: "string" },
      soak: { type: "string" },
      portkey: { type: "string" },
      litellm: { type: "string" },
      corpus: { type: "string" },
    },
  });
  const { quick = false, portkey, litellm } = values;
  return {
    rounds: count("rounds", values.rounds, quick ? 2 : 9),
    sequential: quick ? 40 : 200,
    warmUp: quick ? 20 : 300,
    openLoopMs: quick ? 1000 : 3000,
    throughputMs: 1000,
    requests: count("requests", values.requests, quick ? 2000 : 100_000),
    soakS: count("soak", values.soak, 0),
    portkey,
    litellm,
  };
}

function count(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^\d+$/u.test(text)) fail(`--${name} takes a whole number, not ${text}.`);
  return Number(text);
}
