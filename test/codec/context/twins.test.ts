import { expect } from "chai";
import fc from "fast-check";
import type { HistoryCoder, MessageCoder } from "../../../src/codec/context/coders.js";
import { createCoders, readPrior, sampleEvents, sampleMessages } from "./coders.js";

const MAX = 1 << 20;

/** What a history reads of an event whose bytes come in pieces. @param between what is done before each of them */
function readInPieces(
  history: HistoryCoder,
  bytes: Uint8Array,
  leastBits: number,
  size: number,
  between: () => unknown = () => undefined,
): object {
  let used = 0;
  for (let there = Math.min(size, bytes.length); ; there = Math.min(there + size, bytes.length)) {
    between();
    const read = history.decodeEvent(bytes.subarray(used, there), 4096, leastBits);
    if (read.kind === "long") return read;
    used += read.usedBytes;
    if (read.kind !== "starved") {
      const { usedBytes, ...rest } = read;
      expect(usedBytes).to.be.at.most(there);
      return rest;
    }
    if (there === bytes.length) return { kind: read.kind };
  }
}

describe("codec/context: the kernel and its TypeScript twin", function () {
  this.timeout(60_000);
  let script: MessageCoder;
  let kernel: MessageCoder;
  before(() => ({ script, kernel } = createCoders(readPrior())));

  const same = (content: Uint8Array): void => {
    const expected = script.encode(content, MAX)!;
    const coded = kernel.encode(content, MAX)!;
    expect(Buffer.compare(coded, expected), Buffer.from(content).toString("latin1").slice(0, 80)).to.equal(0);
    for (const coder of [script, kernel]) {
      const { content: back, neededBytes } = coder.decode(coded, MAX);
      expect(Buffer.compare(back!, content)).to.equal(0);
      expect(coded.length).to.be.at.most(neededBytes + 4);
    }
  };

  it("write the same bytes and read them", () => {
    for (const message of sampleMessages()) same(message);
  });

  it("do so for any bytes, text and JSON", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), same), { numRuns: 60 });
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
        same(Buffer.from(text));
      }),
      { numRuns: 60 },
    );
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (json) => {
        same(Buffer.from(json));
      }),
      { numRuns: 60 },
    );
  });

  it("forget a message altogether, refused ones too", () => {
    const [first] = sampleMessages().filter(({ length }) => length > 500);
    for (const coder of [script, kernel]) {
      const before = coder.encode(first, MAX)!;
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
          coder.decode(garbage, 3000);
          coder.encode(garbage, 10);
        }),
        { numRuns: 40 },
      );
      expect(Buffer.compare(coder.encode(first, MAX)!, before)).to.equal(0);
    }
  });

  it("stop where a cut message asks for more than a writer leaves out", () => {
    const [long] = sampleMessages().filter(({ length }) => length > 1000);
    const whole = script.encode(long, MAX)!;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 40 }),
          fc.nat({ max: 100 }).map((length) => whole.subarray(0, length)),
        ),
        (cut) => {
          for (const coder of [script, kernel]) {
            // One step may still ask for a few.
            expect(coder.decode(cut, MAX).neededBytes).to.be.at.most(cut.length + 32);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("read garbage alike", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (garbage) => {
        const a = script.decode(garbage, 2000).content;
        const b = kernel.decode(garbage, 2000).content;
        expect(b === undefined ? undefined : Buffer.from(b)).to.deep.equal(
          a === undefined ? undefined : Buffer.from(a),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("never pass a limit", () => {
    const content = Buffer.alloc(5000, "abc");
    for (const coder of [script, kernel]) {
      const coded = coder.encode(content, MAX)!;
      expect(coder.decode(coded, 4999).content).to.equal(undefined);
      expect(coder.decode(coded, 5000).content!.length).to.equal(5000);
      expect(coder.encode(Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 97) & 255)), 100)).to.equal(
        undefined,
      );
    }
  });

  it("keep the same history, also of several streams in turn", () => {
    const histories = (coder: MessageCoder): HistoryCoder[] =>
      [5000, 262_144, 0].map((size) => coder.createHistory(size));
    const writers = [histories(script), histories(kernel)];
    const readers = [histories(kernel), histories(script)];
    const inputs = [
      ...sampleEvents().map((event) => [true, event.subarray(0, 4096)] as const),
      ...sampleMessages().map((message) => [false, message] as const),
    ];
    inputs.forEach(([isEvent, content], round) => {
      const turn = round % 3;
      if (isEvent) {
        const check = Math.imul(round + 1, 0x9e3779b1);
        const least = round % 4 === 3 ? 9 : 0;
        const sent = writers.map((list) => list[turn].encodeEvent(content, check, least));
        expect(sent[0].checkBits).to.be.at.least(least);
        expect(sent[0]).to.deep.equal(sent[1]);
        for (const list of readers) {
          const read = readInPieces(list[turn], sent[0].bytes, least, (round % 5) + 1, () => {
            if (round % 2) [script, kernel].map((coder) => coder.encode(content.subarray(0, 50), MAX));
          });
          expect(read).to.deep.equal({
            kind: "event",
            content: Uint8Array.from(content),
            checkBits: sent[0].checkBits,
            check: check & ((1 << sent[0].checkBits) - 1),
          });
        }
      } else {
        const wires = writers.map((list) => list[turn].encodeMessage(content));
        expect(Buffer.compare(wires[0], wires[1])).to.equal(0);
        for (const list of readers)
          expect(Buffer.compare(list[turn].decodeMessage(wires[0], MAX).content!, content)).to.equal(0);
      }
      // Messages for themselves in between change nothing.
      if (round % 5 === 0) same(content.subarray(0, 300));
      if (round % 7 === 0)
        for (const list of [...writers, ...readers]) list[turn].absorb(content.subarray(0, 2000));
      if (round % 29 === 0) for (const list of [...writers, ...readers]) list[turn].restart();
    });
  });

  it("read events of garbage alike, in any pieces", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (garbage, size) => {
        const [a, b] = [script, kernel].map((coder) =>
          readInPieces(coder.createHistory(1000), garbage, 0, size),
        );
        expect(a).to.deep.equal(b);
        expect(readInPieces(kernel.createHistory(1000), garbage, 0, 99)).to.deep.equal(a);
      }),
      { numRuns: 60 },
    );
  });

  it("keep the largest window beside the largest messages", () => {
    const histories = [script, kernel].map((coder) => coder.createHistory(1 << 22));
    const large = Buffer.alloc(5 << 20, Buffer.from(script.prior.text.subarray(0, 60_000)));
    const last = Buffer.from('{"role":"user","content":"What was that?"}');
    for (const history of histories) {
      history.absorb(large);
      history.absorb(large.subarray(0, 3 << 20));
    }
    const [a, b] = histories.map((history) => history.encodeMessage(last));
    expect(Buffer.compare(a, b)).to.equal(0);
    same(last);
  });
});
