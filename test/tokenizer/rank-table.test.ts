import { readFileSync } from "node:fs";
import { expect } from "chai";
import { Tokenizer, TokenizerCache } from "../../src/tokenizer/index.js";
import { readPackagedTable } from "../../src/tokenizer/tokenizer-cache.js";
import { catchM2MError } from "../helpers/catch-error.js";

const table = readFileSync(new URL("../../dist/ranks/cl100k_base.bin", import.meta.url));

describe("rank tables", () => {
  it("every cut is refused", () => {
    for (const length of [0, 1, 4, 63, 64, 65, 1000, table.length - 9, table.length - 8, table.length - 1]) {
      const error = catchM2MError(() => Tokenizer.fromRankTable(table.subarray(0, length)));
      expect(error, String(length)).to.include({ code: "M2M_RANK_TABLE_INVALID", family: "FormatError" });
    }
    expect(catchM2MError(() => Tokenizer.fromRankTable(Buffer.concat([table, Buffer.alloc(1)])))).to.include({
      code: "M2M_RANK_TABLE_INVALID",
    });
  });

  it("every change of a header byte is refused", () => {
    for (let at = 0; at < 48; at++) {
      const damaged = Uint8Array.from(table.subarray());
      damaged[at] ^= 1 << (at % 8);
      expect(
        catchM2MError(() => Tokenizer.fromRankTable(damaged)),
        `byte ${at}`,
      ).to.include({
        code: "M2M_RANK_TABLE_INVALID",
      });
    }
  });

  it("damaged offsets are refused", () => {
    const damaged = Uint8Array.from(table);
    damaged[64 + 100_277 * 4] ^= 1;
    expect(catchM2MError(() => Tokenizer.fromRankTable(damaged))).to.include({
      code: "M2M_RANK_TABLE_INVALID",
    });
  });

  it("a table at an odd place in a buffer works", () => {
    const shifted = new Uint8Array(table.length + 1);
    shifted.set(table, 1);
    const tokenizer = Tokenizer.fromRankTable(shifted.subarray(1));
    expect(Array.from(tokenizer.encode("Hello world"))).to.deep.equal([9906, 1917]);
  });
});

describe("TokenizerCache", () => {
  it("makes a tokenizer once, when asked", () => {
    const asked: string[] = [];
    const cache = new TokenizerCache((encoding) => {
      asked.push(encoding);
      return table;
    });
    expect(asked).to.deep.equal([]);
    expect(cache.get("cl100k_base")).to.equal(cache.get("cl100k_base"));
    expect(asked).to.deep.equal(["cl100k_base"]);
  });

  it("an encoding without ids is refused", () => {
    const error = catchM2MError(() => new TokenizerCache().get("heuristic" as "llama"));
    expect(error).to.include({ code: "M2M_TOKENIZER_UNSUPPORTED", family: "UnsupportedError" });
  });

  it("a table that is missing is said to be, with what to do", () => {
    const error = catchM2MError(() => readPackagedTable("absent" as "llama"));
    expect(error).to.include({ code: "M2M_RANK_TABLE_INVALID", family: "FormatError" });
    expect(error.message).to.match(/rank table of absent is missing .*dist\/ranks\/absent\.bin/);
    expect(error.hint).to.match(/Install the package again.*npm run build/);
    expect(error.cause).to.have.property("code", "ENOENT");
  });
});
