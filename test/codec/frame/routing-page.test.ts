import { expect } from "chai";
import fc from "fast-check";
import { readVariableHeader } from "../../../src/codec/frame/read-variable-header.js";
import { M2MError } from "../../../src/shared/errors.js";
import { writeVarint } from "../../../src/shared/varint.js";
import { readRoutingByPage } from "./page-routing.js";

const varint = (value: number): number[] => {
  const bytes = new Uint8Array(5);
  return [...bytes.subarray(0, writeVarint(bytes, 0, value))];
};
const single = fc.float({ noNaN: true }).map((value) => [...new Uint8Array(Float32Array.of(value).buffer)]);
const small = fc.nat({ max: 300 });
const number = fc.oneof(small, fc.nat({ max: 0xffffffff }));

/** Routing headers as senders write them: whole, without some of the role bytes, the number or the cost. */
const headers = fc
  .record({
    count: fc.oneof(fc.nat({ max: 9 }), small, number),
    roles: fc.uint8Array({ maxLength: 80 }),
    whole: fc.boolean(),
    hint: number,
    maxTokens: fc.option(number),
    cost: fc.option(single, { freq: 5 }),
  })
  .map(({ count, roles, whole, hint, maxTokens, cost }) => {
    const size = Math.ceil(count / 4);
    const written =
      whole && size < 100 ? Array.from({ length: size }, (_, i) => roles[i] ?? 0) : [...roles].slice(0, size);
    if (written.length === size && count % 4 !== 0) written[size - 1] &= (1 << (2 * (count % 4))) - 1;
    const number = maxTokens === null ? [] : varint(maxTokens);
    return [1, 0x6d, ...varint(count), ...written, ...varint(hint), ...number, ...(cost ?? [])];
  });

describe("frame: routing headers", () => {
  it("are read as the page says, whatever the sender left out", () => {
    const seen = { whole: 0, shifted: 0, refused: 0 };
    const anything = fc.uint8Array({ maxLength: 40 }).map((bytes) => [1, 0x6d, ...bytes]);
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: headers }, anything), fc.boolean(), (variable, bit6) => {
        const body = Uint8Array.from([...new Array<number>(20).fill(0), ...variable]);
        const expected = readRoutingByPage(Buffer.from(variable), bit6);
        const fixed = { headerBytes: body.length, schema: "request", security: "none" } as const;
        let actual;
        try {
          actual = readVariableHeader(body, { ...fixed, flags: bit6 ? 0x40 : 0, compressed: false }).routing;
        } catch (error) {
          if (!(error instanceof M2MError)) throw error;
          expect(error.code).to.equal("M2M_FRAME_INVALID");
        }
        seen[expected === undefined ? "refused" : expected.roles ? "whole" : "shifted"]++;
        if (!expected || !actual) {
          expect(actual).to.equal(expected);
          return;
        }
        const { estCostUsd, ...rest } = actual;
        const { estCostUsd: costByPage, ...restByPage } = expected;
        expect({ roles: undefined, contentHint: undefined, maxTokens: undefined, ...rest }).to.deep.equal({
          ...{ roles: undefined, contentHint: undefined, maxTokens: undefined },
          ...restByPage,
        });
        // What is shown is the shortest decimal of the binary32 number.
        expect(estCostUsd === undefined ? undefined : Math.fround(estCostUsd)).to.equal(costByPage);
      }),
      { numRuns: 5000 },
    );
    for (const [what, times] of Object.entries(seen)) expect(times, what).to.be.greaterThan(100);
  });
});
