import { expect } from "chai";
import fc from "fast-check";
import { deflateRawSync } from "node:zlib";
import { pickDictionary } from "./cover.js";

const sample = (id: number) =>
  Buffer.from(
    `{"id":"chatcmpl-${(id * 7919).toString(36)}","object":"chat.completion","created":${1.7e9 + id * 331},"choices":[]}`,
  );
const samples = Array.from({ length: 300 }, (_, id) => sample(id));

describe("picking a dictionary", () => {
  it("takes what samples share", () => {
    const dictionary = pickDictionary(samples, 512);
    expect(Buffer.from(dictionary).includes('"object":"chat.completion","created":17')).to.equal(true);
    const unseen = sample(5000);
    const [plain, primed] = [deflateRawSync(unseen), deflateRawSync(unseen, { dictionary })];
    expect(primed.length).to.be.below(plain.length / 2);
  });

  it("takes nothing where nothing is shared", () => {
    expect(pickDictionary([Buffer.from("abcdefghijkl"), Buffer.from("mnopqrstuvwx")], 1024)).to.be.empty;
    expect(pickDictionary([], 1024)).to.be.empty;
  });

  it("is never larger than asked for, and always the same", () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 20 });
    fc.assert(
      fc.property(contents, fc.integer({ min: 1, max: 2000 }), (parts, sizeBytes) => {
        const dictionary = pickDictionary([...parts, ...parts], sizeBytes);
        expect(dictionary.length).to.be.at.most(sizeBytes);
        expect(pickDictionary([...parts, ...parts], sizeBytes)).to.deep.equal(dictionary);
      }),
      { numRuns: 30 },
    );
  });
});
