import { LEVEL_NAMES } from "../../../src/shared/algorithms.js";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import fc from "fast-check";
import { ContextCodec, SessionEncoder, StreamEncoder } from "../../../src/codec/context/index.js";
import { M2MError } from "../../../src/shared/errors.js";
import { requirePeer } from "../../helpers/peers.js";
import { readVectors } from "../../helpers/vectors.js";

const READER = fileURLToPath(new URL("decoder.py", import.meta.url));
const PRIOR = fileURLToPath(new URL("../../../models/prior/m2m.prior", import.meta.url));

/** One line for the reader, and what it has to answer. */
interface Question {
  readonly name: string;
  readonly line: object;
  readonly expected: {
    readonly content?: string;
    readonly contents?: string[];
    /** Events put together: a reader gives a long one in pieces. */
    readonly joined?: string;
    readonly error?: string;
    readonly isRefused?: true;
  };
}
interface Answer {
  content?: string;
  contents?: string[];
  events?: string[];
  error?: string;
  message?: string;
}
interface MessageVector {
  readonly name: string;
  readonly input?: string;
  readonly wire: string;
  readonly error?: string;
}
interface HistoryVector {
  readonly input?: string;
  readonly wire: string;
}

const REQUEST = '{"model":"gpt-4o","messages":[{"role":"user","content":"What is the capital of France?"}]}';
const FIXED: readonly (string | Uint8Array)[] = [
  "",
  "a",
  "\n\n",
  REQUEST,
  `${REQUEST}\n`,
  REQUEST.slice(0, -7),
  `[${Array.from({ length: 12 }, (_, i) => `{"id":${i * 7919},"name":"item ${i % 3}","tags":["a","b"]}`).join(",")}]`,
  '{"id":"call_9f3c0a7be1d24485b6c2","data":"q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEg==","Key":"AKzQ7pR2xLm0TtYw"}',
  "Not JSON: a sentence, é, 日本, and 👋🏽; then another sentence, é, 日本, and 👋🏽.",
  "ab".repeat(300),
  `{"a":"\\"\\\\\\u0041","b":[[[{"c":null}]]],"d":-1.5e3}}}]]`,
  Uint8Array.from({ length: 256 }, (_, i) => (i * 167) & 255),
];

/** Contents with parts that come again, some of them with a byte changed: guesses, repetitions, runs and their failures. */
const contents = fc
  .array(
    fc.oneof(
      fc.json({ maxDepth: 3 }).map((json) => Buffer.from(json)),
      fc.string({ unit: "grapheme", maxLength: 60 }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc
        .uint8Array({ minLength: 6, maxLength: 30 })
        .map((bytes) => Buffer.from(Buffer.from(bytes).toString("hex"))),
      fc.constantFrom(...FIXED.slice(3, 8)).map((text) => Buffer.from(text)),
      fc.nat(8).map((back) => back),
    ),
    { maxLength: 9 },
  )
  .map((parts) => {
    const all: Buffer[] = [];
    for (const part of parts) {
      if (typeof part !== "number") all.push(part);
      else if (part < all.length) {
        const again = Buffer.from(all[part]);
        if (again.length > 60) again[again.length >> 1] ^= 1;
        all.push(again);
      }
    }
    return Buffer.concat(all).subarray(0, 700);
  });

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const isBrotli = (wire: Uint8Array): boolean => wire[0] === 0xb2;

/** One wire, to be read as `content` or, if that is an error's code, refused with it. */
function askMessage(name: string, wire: Uint8Array, content: Uint8Array | string): Question[] {
  // The reader has Python's standard library alone, and that reads no Brotli.
  if (isBrotli(wire)) return [];
  const expected = typeof content === "string" ? { error: content } : { content: base64(content) };
  return [{ name, line: { wire: base64(wire) }, expected }];
}

function askVectors(): Question[] {
  const messages = readVectors<MessageVector>("context/messages.json");
  const events = readVectors<HistoryVector>("context/stream.json");
  const session = readVectors<HistoryVector>("context/session.json");
  const join = (parts: string[], encoding: BufferEncoding): Buffer =>
    Buffer.concat(parts.map((part) => Buffer.from(part, encoding)));
  return [
    ...messages.flatMap(({ name, wire, input, error }) =>
      askMessage(name, Buffer.from(wire, "hex"), error ?? Buffer.from(input ?? "", "base64")),
    ),
    {
      name: "stream",
      line: {
        stream: base64(
          join(
            events.map(({ wire }) => wire),
            "hex",
          ),
        ),
      },
      expected: {
        joined: base64(
          join(
            events.map(({ input }) => input ?? ""),
            "base64",
          ),
        ),
      },
    },
    {
      name: "session",
      line: { session: session.map(({ wire }) => base64(Buffer.from(wire, "hex"))), windowBytes: 4096 },
      expected: { contents: session.map(({ input }) => input ?? "") },
    },
  ];
}

function askMessages(all: readonly Buffer[]): Question[] {
  return LEVEL_NAMES.flatMap((level) => {
    const codec = new ContextCodec({ level });
    return all.flatMap((content, i) => askMessage(`${level} ${i}`, codec.encodeBinary(content), content));
  });
}

/** A session of the contents that the model takes: the others take Brotli, which the reader has not. */
function encodeSession(
  all: readonly Buffer[],
  windowBytes: number,
): { contents: readonly Buffer[]; wires: readonly Uint8Array[] } {
  for (let contents = all; ;) {
    const session = new SessionEncoder({ windowBytes });
    const wires = contents.map((content) => session.encode(content));
    const inBrotli = wires.findIndex(([opening]) => opening === 0xba);
    if (inBrotli < 0) return { contents, wires };
    contents = contents.filter((_, index) => index !== inBrotli);
  }
}

function askHistories(all: readonly Buffer[]): Question[] {
  const encoder = new StreamEncoder();
  const events = all.map((content, i) => (i % 2 ? content : Buffer.concat([content, Buffer.from("\n\n")])));
  const wire = Buffer.concat([...events.map((event) => encoder.push(event)), encoder.end()]);
  const stream = {
    name: "stream",
    line: { stream: base64(wire) },
    expected: { joined: base64(Buffer.concat(events)) },
  };
  // A window that moves, and one that holds everything.
  const sessions = [500, 262_144].map((windowBytes) => {
    const { contents, wires } = encodeSession(all, windowBytes);
    return {
      name: `session with a window of ${windowBytes} bytes`,
      line: { session: wires.map(base64), windowBytes },
      expected: { contents: contents.map(base64) },
    };
  });
  return [stream, ...sessions];
}

/** Wires that were changed: the answer of our own decoder, a content or a refusal of whatever code. */
function askChanged(changes: readonly (readonly [Buffer, number, number])[]): Question[] {
  const codec = new ContextCodec();
  return changes.flatMap(([content, at, to]) => {
    const wire = codec.encodeBinary(content);
    if (at % 3 === 0) wire[at % wire.length] = to;
    const changed = at % 3 === 0 ? wire : wire.subarray(0, at % wire.length);
    if (isBrotli(changed)) return [];
    let expected: Question["expected"] = { isRefused: true };
    try {
      expected = { content: base64(codec.decodeBinary(changed)) };
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
    }
    return [{ name: Buffer.from(changed).toString("hex"), line: { wire: base64(changed) }, expected }];
  });
}

/** What the reader gave, in the terms of what was expected of it. */
function compare({ name, expected }: Question, answer: Answer): void {
  const { content, contents, events, error, message } = answer;
  const told = `${name}: ${error} ${message}`;
  if (expected.isRefused) expect(error, told).to.be.a("string");
  else if (expected.error !== undefined) expect(error, told).to.equal(expected.error);
  else if (expected.joined !== undefined) {
    const parts = events?.map((event) => Buffer.from(event, "base64"));
    expect(parts && base64(Buffer.concat(parts)), told).to.equal(expected.joined);
  } else if (expected.contents !== undefined) expect(contents, told).to.deep.equal(expected.contents);
  else expect(content, told).to.equal(expected.content);
}

/**
 * A reader that was written from docs/spec/context.md alone: what the page leaves out or has wrong, it cannot read. It is
 * asked everything at once, in one process.
 */
describe("codec/context: a reader in Python, written from the specification", function () {
  this.timeout(240_000);
  const groups = new Map<string, Question[]>();
  const answers = new Map<Question, Answer>();
  const seed = Date.now() % 0x7fffffff;

  before(function () {
    const python = requirePeer(this, "python3");
    const random = fc.sample(contents, { seed, numRuns: 16 });
    const change = fc.tuple(contents, fc.nat(2000), fc.nat(255));
    groups.set("vectors", askVectors());
    groups.set("fixed", askMessages(FIXED.map((content) => Buffer.from(content))));
    groups.set("random", askMessages(random));
    groups.set("histories", askHistories(random));
    groups.set("changed", askChanged(fc.sample(change, { seed, numRuns: 40 })));
    const questions = [...groups.values()].flat();
    const run = spawnSync(python, [READER, "--prior", PRIOR, "--lines"], {
      input: questions.map(({ line }) => `${JSON.stringify(line)}\n`).join(""),
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    expect(run.stderr).to.equal("");
    const lines = run.stdout.trimEnd().split("\n");
    expect(lines).to.have.length(questions.length);
    questions.forEach((question, i) => answers.set(question, JSON.parse(lines[i]) as Answer));
  });

  for (const [group, what] of [
    ["vectors", "reads or refuses every vector, but for Brotli"],
    ["fixed", "reads messages of each kind, at every level"],
    ["random", "reads random messages, at every level"],
    ["histories", "reads random streams and sessions"],
    ["changed", "refuses what our decoder refuses, and reads the rest as it does"],
  ]) {
    it(what, () => {
      const questions = groups.get(group) ?? [];
      expect(questions).to.not.have.length(0);
      for (const question of questions) {
        const answer = answers.get(question);
        if (answer === undefined) throw new Error(`No answer to ${question.name}`);
        compare({ ...question, name: `${question.name} (seed ${seed})` }, answer);
      }
    });
  }

  it("was asked of the three kinds that it reads", () => {
    const fixed = FIXED.map((content) => Buffer.from(content));
    const kinds = LEVEL_NAMES.flatMap((level) =>
      fixed.map((content) => new ContextCodec({ level }).encodeBinary(content)[0]),
    );
    expect(kinds).to.include.members([0xb0, 0xb1, 0xb3]);
  });
});
