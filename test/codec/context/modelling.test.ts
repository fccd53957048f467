import { expect } from "chai";
import fc from "fast-check";
import { growTrees, TREE_VALUES } from "../../../src/codec/context/binarisation/code-trees.js";
import { indexText, MatchModel } from "../../../src/codec/context/dictionary/match-model.js";
import { ByteContexts } from "../../../src/codec/context/modelling/byte-contexts.js";
import { Followers, HABITS } from "../../../src/codec/context/modelling/followers.js";
import { checkOf, lineOf, placeOf } from "../../../src/codec/context/modelling/node-place.js";
import { SlotTable } from "../../../src/codec/context/modelling/slot-table.js";
import { readPrior } from "./coders.js";

describe("codec/context/modelling", () => {
  it("takes writes to the slots back, however many", () => {
    const fill = (slots: Int32Array): void => {
      slots.forEach((_, i) => (slots[i] = i * 7));
    };
    const table = new SlotTable(2, fill);
    const before = Array.from(table.slots);
    const write = fc.tuple(fc.integer({ min: 0, max: 63 }), fc.integer());
    fc.assert(
      fc.property(fc.array(write, { maxLength: 300 }), (writes) => {
        for (const [slot, value] of writes) table.set(slot, value | 0);
        table.restore();
        expect(Array.from(table.slots)).to.deep.equal(before);
      }),
    );
    for (let i = 0; i < 1_200_000; i++) table.set(i & 63, i);
    table.restore();
    expect(Array.from(table.slots)).to.deep.equal(before);
  });

  it("keeps lines within the table and checks from 1 to 255", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer(), (seed, node, group) => {
        const line = lineOf(seed, group, 32 - 17);
        expect(line % 16).to.equal(0);
        expect(line).to.be.within(0, (1 << 21) - 16);
        const place = placeOf(seed, node);
        expect(place).to.be.within(0, (1 << 24) - 1);
        expect(checkOf(place) >> 8).to.be.within(1, 255);
        expect(checkOf(place) & 255).to.equal(0);
      }),
    );
  });

  it("walks from every root to every byte by its canonical code", () => {
    const { lengths } = readPrior().trees;
    const { codes, zeroes, ones } = growTrees(lengths);
    for (let tree = 0; tree < TREE_VALUES / 256; tree++) {
      const base = tree * 256;
      // Canonical: in order of length, then byte, each code is the one before plus one.
      const order = Array.from({ length: 256 }, (_, byte) => byte).sort(
        (a, b) => lengths[base + a] - lengths[base + b] || a - b,
      );
      let code = 0;
      order.forEach((byte, i) => {
        if (i > 0) code = (code + 1) * 2 ** (lengths[base + byte] - lengths[base + order[i - 1]]);
        expect(codes[base + byte]).to.equal(code);
        let node = 0;
        for (let bit = lengths[base + byte] - 1; bit >= 0; bit--) {
          node = (((code >>> bit) & 1) === 0 ? zeroes : ones)[base + node];
        }
        expect(node).to.equal(-1 - byte);
      });
      expect(code + 1).to.equal(2 ** lengths[base + order[255]]);
    }
  });

  it("repeats only what stands there, over any bytes and any window", () => {
    const text = Buffer.from('{"model":"gpt-4o","messages":[{"role":"user","content":"');
    const alphabet = fc.constantFrom(...Buffer.from('ab"{}:,01'));
    fc.assert(
      fc.property(
        fc.array(alphabet, { maxLength: 400 }),
        fc.integer({ min: 0, max: 200 }),
        (bytes, windowBytes) => {
          const match = new MatchModel(indexText(text, 8));
          const contexts = new ByteContexts();
          bytes.forEach((byte, i) => {
            match.reserve(1);
            contexts.append(byte);
            match.append(byte, contexts);
            if (i % 97 === 96) match.slide(windowBytes);
            expect(match.pointer).to.be.at.most(match.position);
            const kept = Math.min(match.length, match.pointer, match.position, 40);
            for (let back = 1; back <= Math.min(kept, match.position - match.base); back++) {
              expect(match.buffer[match.pointer - back]).to.equal(match.buffer[match.position - back]);
            }
          });
        },
      ),
    );
  });

  it("remembers which byte last followed each word, three bytes and text behind a key, and how often in a row", () => {
    const contexts = new ByteContexts();
    const followers = new Followers();
    const text = '{"name":"ann","role":"nurse"},{"name":"ann","role":"nun"},{"name":"bob","role":"nurse"}';
    const slow = Array.from({ length: HABITS }, () => new Map<number, [byte: number, count: number]>());
    let found = 0;
    for (const byte of Buffer.from(text)) {
      followers.find(contexts);
      slow.forEach((entries, i) => {
        const value = contexts.followed(i) | 0;
        const [expected, count] = entries.get(value) ?? [-1, 0];
        expect(followers.bytes[i]).to.equal(expected);
        expect(followers.guessValue(i, true, 0)).to.equal((i * 16 + count) * 32 + 16);
        if (expected >= 0) found++;
        entries.set(value, [byte, byte === expected ? Math.min(15, count + 1) : 1]);
      });
      followers.append(byte, contexts);
      contexts.append(byte);
    }
    expect(found).to.be.above(text.length);
    followers.forget();
    followers.find(contexts);
    expect(Array.from(followers.bytes)).to.deep.equal([-1, -1, -1, -1]);
  });

  it("tells how a JSON text is laid out from the first comma, colon and bracket on", () => {
    const hashesBehind = (text: string): number[] => {
      const contexts = new ByteContexts();
      for (const byte of Buffer.from(text)) contexts.append(byte);
      contexts.hash(false);
      return Array.from(contexts.hashes.subarray(4));
    };
    const behind = hashesBehind('{"a": 1, "b": 2, "c"');
    expect(hashesBehind('{"z": 1, "b": 2, "c"')[1]).to.equal(behind[1]);
    expect(hashesBehind('{"a":1,"b":2, "c"')).to.not.deep.equal(behind);
    expect(hashesBehind('{"a": 1, "b":2, "c"')[1]).to.not.equal(behind[1]);
  });

  it("follows JSON as a parser does", () => {
    const contexts = new ByteContexts();
    fc.assert(
      fc.property(fc.json(), (json) => {
        contexts.reset();
        const bytes = Buffer.from(json);
        let depth = 0;
        let isText = false;
        bytes.forEach((byte, i) => {
          contexts.append(byte);
          if (isText) {
            let slashes = 0;
            while (bytes[i - 1 - slashes] === 92) slashes++;
            if (byte === 34 && slashes % 2 === 0) isText = false;
          } else if (byte === 34) isText = true;
          else if (byte === 123 || byte === 91) depth++;
          else if (byte === 125 || byte === 93) depth--;
          expect(contexts.depth).to.equal(depth);
        });
        expect(contexts.mayEnd).to.equal(json.endsWith("}") || json.endsWith("]"));
      }),
    );
  });
});
