// What the page of browser.test.ts runs: bundled for browsers, without anything of Node.
import { ContextCodec, PriorCache, SessionEncoder, StreamEncoder } from "../../../src/codec/context/index.js";
import { KernelCoder } from "../../../src/codec/context/kernel/kernel-coder.js";
import { ScriptCoder } from "../../../src/codec/context/script-coder.js";
import { decodeBase64, encodeBase64 } from "../../../src/shared/base64.js";

export interface BrowserTask {
  /** The prior's file, in base64, as the contents are. */
  readonly prior: string;
  readonly coder: "kernel" | "script";
  readonly messages: readonly string[];
  readonly events: readonly string[];
  readonly turns: readonly string[];
  readonly windowBytes: number;
}

/** The wires of each, in base64; `restored` says whether each message came back. */
export interface BrowserResult {
  readonly messages: string[];
  readonly restored: boolean;
  readonly events: string[];
  readonly turns: string[];
}

function run({ prior, coder, messages, events, turns, windowBytes }: BrowserTask): BrowserResult {
  const file = decodeBase64(prior);
  const priors = new PriorCache(
    [() => file],
    (one) => new (coder === "kernel" ? KernelCoder : ScriptCoder)(one),
  );
  const codec = new ContextCodec({ priors });
  const stream = new StreamEncoder({ priors });
  const session = new SessionEncoder({ priors, windowBytes });
  const wires = messages.map((content) => codec.encodeBinary(decodeBase64(content)));
  return {
    messages: wires.map(encodeBase64),
    restored: wires.every((wire, index) => encodeBase64(codec.decodeBinary(wire)) === messages[index]),
    events: events.map((event) => encodeBase64(stream.push(decodeBase64(event)))),
    turns: turns.map((turn) => encodeBase64(session.encode(decodeBase64(turn)))),
  };
}

Object.assign(globalThis, { runTask: run });
