import { expect } from "chai";
import fc from "fast-check";
import { HOP_BY_HOP_HEADERS } from "../../src/http/index.js";
import { forwardedHeaders, returnedHeaders } from "../../src/proxy/headers.js";

describe("hop-by-hop header fields", () => {
  it("are removed, with those that Connection names, and the rest keeps its order and spelling", () => {
    const raw = [
      "Host",
      "x",
      "Connection",
      "keep-alive, X-Private",
      "x-private",
      "1",
      "KEEP-ALIVE",
      "5",
      "Cookie",
      "a",
      "Cookie",
      "b",
      "TE",
      "trailers",
      "Transfer-Encoding",
      "chunked",
      "connection",
      "x-other",
      "X-OTHER",
      "2",
    ];
    expect(forwardedHeaders(raw)).to.deep.equal(["Cookie", "a", "Cookie", "b", "via", "1.1 m2m"]);
    expect(returnedHeaders(raw)).to.deep.equal(["Host", "x", "Cookie", "a", "Cookie", "b"]);
  });

  it("are never left over", () => {
    const name = fc.oneof(
      fc.constantFrom(...HOP_BY_HOP_HEADERS, "Connection"),
      fc.stringMatching(/^[A-Za-z-]{1,8}$/),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, name)), (pairs) => {
        const named = pairs
          .filter(([key]) => /^connection$/i.test(key))
          .map(([, value]) => value.toLowerCase());
        const gone = new Set([...HOP_BY_HOP_HEADERS, ...named.filter((one) => one !== "close")]);
        for (const kept of [forwardedHeaders(pairs.flat()).slice(0, -2), returnedHeaders(pairs.flat())]) {
          expect(kept.length % 2).to.equal(0);
          for (let index = 0; index < kept.length; index += 2)
            expect(gone.has(kept[index].toLowerCase())).to.equal(false);
        }
      }),
    );
  });
});
