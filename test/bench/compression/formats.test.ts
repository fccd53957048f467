import { expect } from "chai";
import { FORMATS } from "./formats.js";
import { measureSizes, openFormats, type OpenFormat } from "./measure.js";
import { measureSessions, sessionFormats } from "./sessions.js";
import { measureStreams, streamFormats } from "./streams.js";

const body = (text: string) => ({ kind: "unknown", text, bytes: Buffer.from(text) });
const bodies = [
  body('{"model":"gpt-4o","messages":[{"role":"user","content":"Grüße, 世界"}]}'),
  body("data: no JSON\n\n"),
  body(`[${"1234567890,".repeat(2000)}0]`),
];
const dictionary = Buffer.from('{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}'.repeat(4));
const dictionaries = { deflate: dictionary, zstd: dictionary };

describe("compared formats", () => {
  let opened: OpenFormat[];
  before(async () => {
    opened = await openFormats(dictionaries);
  });

  it("give every message back", () => {
    expect(opened.map(({ format }) => format)).to.deep.equal(FORMATS);
    for (const one of opened) expect(measureSizes(one, bodies).wires).to.have.lengthOf(bodies.length);
  });

  it("have names of their own", () => {
    expect(new Set(FORMATS.map(({ name }) => name)).size).to.equal(FORMATS.length);
  });

  it("are left out without the dictionary that they need", async () => {
    const without = await openFormats({});
    expect(without.map(({ format }) => format)).to.deep.equal(FORMATS.filter((format) => !format.dictionary));
  });

  it("are smaller with a dictionary of the same kind", () => {
    const sizes = new Map(opened.map((one) => [one.format.name, measureSizes(one, bodies).wires[0].length]));
    for (const name of ["deflate 9", "zstd 3", "zstd 19"]) {
      expect(sizes.get(`${name} + dictionary`), name).to.be.below(sizes.get(name)! / 1.5);
    }
  });

  it("are refused if a message changes on the way", () => {
    const [one] = opened;
    const coder = { ...one.coder, decompress: (wire: Uint8Array) => wire.subarray(1) };
    expect(() => measureSizes({ format: one.format, coder }, bodies)).to.throw(
      "message 0 does not come back",
    );
  });
});

describe("formats for streams", () => {
  const events = ["a", "b", "c"].map((delta) => Buffer.from(`data: {"choices":[{"delta":"${delta}"}]}\n\n`));

  it("give each event back from what came so far", async () => {
    const totals = await measureStreams(await streamFormats(dictionaries), [events, events]);
    const bytes = new Map(totals.map(({ name, wireBytes }) => [name, wireBytes]));
    expect(bytes.get("brotli 11, flushed")).to.be.below(bytes.get("brotli 11, each event alone")!);
  });

  it("are refused if an event is held back", async () => {
    const held = { name: "held", open: () => ({ push: () => new Uint8Array() }) };
    const format = { ...held, openReader: () => ({ push: (chunk: Uint8Array) => chunk }) };
    const error = await measureStreams([format], [events]).catch((reason: unknown) => reason);
    expect(String(error)).to.contain("held: an event does not come back");
  });
});

describe("formats for conversations", () => {
  const turns = [1, 2, 3].map((count) =>
    Buffer.from(
      JSON.stringify({ messages: Array.from({ length: count * 9 }, (_, id) => ({ id, of: id * id })) }),
    ),
  );

  it("give every turn back, and know the turn before", async () => {
    const totals = measureSessions(await sessionFormats(dictionaries), [turns, turns]);
    const later = new Map(totals.map(({ name, laterBytes }) => [name, laterBytes]));
    for (const name of ["deflate 9", "zstd 19"]) {
      expect(later.get(`${name} after the message before`), name).to.be.below(
        later.get("brotli 11, each message alone")!,
      );
    }
  });

  it("are refused if a turn changes", () => {
    const end = { send: (message: Uint8Array) => message, receive: (wire: Uint8Array) => wire.subarray(1) };
    expect(() => measureSessions([{ name: "lossy", open: () => end }], [turns])).to.throw(
      "lossy: turn 1 of a conversation does not come back",
    );
  });
});
