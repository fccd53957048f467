import { expect } from "chai";
import fc from "fast-check";
import { Pacer, PeerLimit } from "../../../../src/transport/aitcp/flow/index.js";
import { catchM2MError } from "../../../helpers/catch-error.js";

describe("aitcp pacer", () => {
  it("begins at 100 ms, goes down by 10 to 20, and up by 1.8 to 5000", () => {
    const pacer = new Pacer();
    expect(pacer.intervalMs).to.equal(100);
    pacer.succeeded();
    expect(pacer.intervalMs).to.equal(90);
    for (let i = 0; i < 20; i++) pacer.succeeded();
    expect(pacer.intervalMs).to.equal(20);
    pacer.failed();
    expect(pacer.intervalMs).to.equal(36);
    for (let i = 0; i < 20; i++) pacer.failed();
    expect(pacer.intervalMs).to.equal(5000);
  });

  it("stays between its bounds, whatever happens", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (list) => {
        const pacer = new Pacer();
        for (const isSuccess of list) {
          if (isSuccess) pacer.succeeded();
          else pacer.failed();
          expect(pacer.intervalMs).to.be.within(20, 5000);
        }
      }),
    );
  });

  it("refuses intervals out of order", () => {
    for (const options of [
      { leastMs: 0 },
      { firstMs: 10 },
      { mostMs: 50 },
      { factor: 0.5 },
      { stepMs: NaN },
    ]) {
      expect(catchM2MError(() => new Pacer(options)).code).to.equal("M2M_USAGE");
    }
  });
});

describe("aitcp peer limit", () => {
  it("holds each peer to its own bucket, packets of any size included", () => {
    let nowMs = 0;
    const limit = new PeerLimit({
      bucket: { capacity: 1000, refillPerSecond: 1000 },
      packetCost: 100,
      nowMs: () => nowMs,
    });
    const take = (peer: string, bytes: number) => limit.take(peer, limit.costOf(bytes));
    expect(take("a", 800).allowed).to.equal(true);
    expect(take("a", 0)).to.deep.equal({ allowed: true, retryAfterMs: 0 });
    expect(take("a", 0)).to.deep.equal({ allowed: false, retryAfterMs: 100 });
    expect(take("b", 0).allowed).to.equal(true);
    nowMs = 100;
    expect(take("a", 0).allowed).to.equal(true);
    nowMs = 10_000;
    // More than the bucket holds is never allowed: whoever owes it pays in parts.
    expect(take("a", 60_000)).to.deep.equal({ allowed: false, retryAfterMs: Infinity });
    expect(limit.take("a", limit.capacity).allowed).to.equal(true);
    expect(take("a", 0).allowed).to.equal(false);
  });
});
