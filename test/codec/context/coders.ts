import { KernelCoder } from "../../../src/codec/context/kernel/kernel-coder.js";
import { openPrior } from "../../../src/codec/context/prior/prior-file.js";
import type { Prior } from "../../../src/codec/context/prior/prior.js";
import { readPackagedPrior } from "../../../src/codec/context/index.js";
import { ScriptCoder } from "../../../src/codec/context/script-coder.js";
import { readVectors } from "../../helpers/vectors.js";

/** The prior of this package. */
export function readPrior(): Prior {
  return openPrior(readPackagedPrior());
}

/** Both implementations. */
export function createCoders(prior: Prior): { script: ScriptCoder; kernel: KernelCoder } {
  return { script: new ScriptCoder(prior), kernel: new KernelCoder(prior) };
}

const event = (id: number, delta: string): string =>
  `data: {"id":"chatcmpl-9xKd02","object":"chat.completion.chunk","created":1712345678,"model":"gpt-4o-mini","choices":[{"index":${id % 2},"delta":{"content":"${delta}"},"finish_reason":null}]}\n\n`;

/** Messages of every kind: traffic, text, identifiers, binary, and the shapes that codecs trip over. */
export function sampleMessages(): Uint8Array[] {
  const texts = [
    "",
    "{",
    "a",
    "null\n",
    '{"a":1}',
    "x".repeat(3000),
    '"\\"'.repeat(300),
    "[".repeat(500),
    "]".repeat(100),
    "é漢字🙂\u0000\u2028".repeat(40),
    '{"id":"resp_0a8F3kd92LLx7Qpz81mmVbTT03","key":"AbC9/+==","n":[1.25e-3,-7,99999999]}',
    "The quick brown fox jumps over the lazy dog. ".repeat(60),
    Array.from({ length: 40 }, (_, i) => event(i, ["Hel", "lo", " wor", "ld!"][i % 4])).join(""),
    JSON.stringify({
      model: "gpt-4o",
      messages: Array.from({ length: 12 }, (_, i) => ({
        role: i % 2 ? "assistant" : "user",
        content: `Turn ${i}`,
      })),
      stream: true,
    }),
    ...readVectors<{ input: string }>("wire-v3/wire-v3.json").map(({ input }) => input),
  ];
  const bytes = texts.map((text) => Buffer.from(text));
  bytes.push(
    Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * i * 7919) & 255)),
    Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
    // So likely that a coder writes nothing but zeroes for thousands of bytes.
    Buffer.alloc(20_000, "A"),
    Buffer.alloc(19_000, 0xff),
  );
  return bytes;
}

/** Events of one stream, with some that end in no blank line or have several. */
export function sampleEvents(): Uint8Array[] {
  const texts = [
    ...Array.from({ length: 30 }, (_, i) => event(i, `w${i}`)),
    ": ping\n\n",
    "data: [DONE]",
    "\n\n\n\n",
    "\n",
    "data: cut",
    "z".repeat(40_000),
    event(1, "again"),
  ];
  return texts.map((text) => Buffer.from(text));
}
