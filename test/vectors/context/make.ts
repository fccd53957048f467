// npx tsx test/vectors/context/make.ts: makes messages.json with the codec and the prior of this repository (README.md).
import { LEVEL_NAMES } from "../../../src/shared/algorithms.js";
import { writeFileSync } from "node:fs";
import { ContextCodec, priorName, readPackagedPrior, SessionEncoder, StreamEncoder } from "../../../src/codec/context/index.js";
import { looksRandom } from "../../../src/codec/context/history/randomness.js";
import { openPrior } from "../../../src/codec/context/prior/prior-file.js";
import { sampleEvents, sampleMessages } from "../../codec/context/coders.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const prior = priorName(openPrior(readPackagedPrior()).hash);
const write = (name: string, cases: readonly object[]): void => {
  const lines = cases.map((entry) => `    ${JSON.stringify(entry)}`);
  writeFileSync(new URL(name, import.meta.url), `{\n  "prior": "${prior}",\n  "cases": [\n${lines.join(",\n")}\n  ]\n}\n`);
};

const messages = sampleMessages().map((message) => message.subarray(0, 3000));
const good = LEVEL_NAMES.flatMap((level) => {
  const codec = new ContextCodec({ level });
  return messages.map((message, i) => ({
    name: `${level} ${i}`,
    level,
    input: base64(message),
    wire: hex(codec.encodeBinary(message)),
  }));
});
const codec = new ContextCodec();
const small = Buffer.from('{"model":"gpt-4o","messages":[]}');
const wire = codec.encodeBinary(small);
const fast = new ContextCodec({ level: "fast" }).encodeBinary(small);
const changed = (at: number, to: number): string => {
  const copy = wire.slice();
  copy[at] = to;
  return hex(copy);
};
write("messages.json", [
  ...good,
  { name: "empty", wire: "", error: "M2M_CONTEXT_TRUNCATED" },
  { name: "header cut", wire: hex(wire.subarray(0, 5)), error: "M2M_CONTEXT_TRUNCATED" },
  { name: "another opening", wire: changed(0, 0x7b), error: "M2M_WIRE_UNKNOWN" },
  { name: "another version", wire: changed(0, 0xb4), error: "M2M_VERSION_UNSUPPORTED" },
  { name: "another prior", wire: changed(1, wire[1] ^ 0xff), error: "M2M_PRIOR_MISSING" },
  { name: "checksum", wire: changed(2, wire[2] ^ 1), error: "M2M_CHECKSUM_MISMATCH" },
  { name: "bytes behind", wire: `${hex(fast)}00`, error: "M2M_CONTEXT_INVALID" },
]);

const stream = new StreamEncoder();
write("stream.json", [
  ...sampleEvents().map((event) => ({ input: base64(event), wire: hex(stream.push(event)) })),
  { end: true, wire: hex(stream.end()) },
]);
const session = new SessionEncoder({ windowBytes: 4096 });
write(
  "session.json",
  // Random ones take Brotli, whose bytes are not ours.
  messages
    .filter((message) => !looksRandom(message))
    .map((message) => ({ input: base64(message), wire: hex(session.encode(message)) })),
);
