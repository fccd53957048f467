import { expect } from "chai";
import fc from "fast-check";
import { MessageMemory } from "../../../../src/transport/aitcp/flow/message-memory.js";

/** A message as a part of a record of its own. */
function inRecord(message: Uint8Array, recordBytes: number): Uint8Array {
  const record = new Uint8Array(Math.max(recordBytes, message.length + 7));
  record.set(message, 7);
  return record.subarray(7, 7 + message.length);
}

const message = fc.record({
  stream: fc.constantFrom(0, 2, 4),
  length: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 100, max: 30_000 })),
  recordBytes: fc.constantFrom(10, 1000, 65_000),
  seed: fc.nat(255),
});

describe("MessageMemory", () => {
  it("keeps each message as it came, and for one of them at most 16 times its length", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 80 }), (messages) => {
        const memory = new MessageMemory();
        const kept = messages.map(({ stream, length, recordBytes, seed }) => {
          const bytes = Uint8Array.from({ length }, (_, at) => at + seed);
          return { stream, bytes, mine: memory.keep(stream, inRecord(bytes, recordBytes)) };
        });
        const owners = new Map<ArrayBufferLike, number>();
        for (const { stream, bytes, mine } of kept) {
          expect(Buffer.compare(mine, bytes)).to.equal(0);
          expect(mine.buffer.byteLength).to.be.at.most(Math.max(16 * bytes.length, 10 + 7));
          // What is kept for a message of one stream is never full of those of another.
          if (bytes.length === 0) continue;
          expect(owners.get(mine.buffer) ?? stream).to.equal(stream);
          owners.set(mine.buffer, stream);
        }
      }),
    );
  });

  it("shares memory between short messages of a stream, and copies no message that is most of its record", () => {
    const memory = new MessageMemory();
    const short = Array.from({ length: 100 }, () => memory.keep(0, inRecord(new Uint8Array(300), 65_000)));
    expect(new Set(short.map(({ buffer }) => buffer)).size).to.be.below(15);
    const long = inRecord(new Uint8Array(20_000), 65_000);
    expect(memory.keep(0, long)).to.equal(long);
  });
});
