import { expect } from "chai";
import fc from "fast-check";
import { OverheadBudget } from "../../../src/server/quic/overhead.js";
import { readRoute, versionNegotiation } from "../../../src/server/quic/packet.js";
import { RetryTokens } from "../../../src/server/quic/retry-token.js";

const PEER = { host: "127.0.0.1", port: 4433 };
const [ORIGINAL, NEW] = [Buffer.from("0011223344556677", "hex"), Buffer.alloc(16, 7)];

describe("QUIC packets", () => {
  it("are routed by what RFC 8999 says of them", () => {
    const initial = readRoute(Buffer.from(`c0000000010461626364026566${"00".repeat(30)}`, "hex"))!;
    expect(initial).to.include({ isLong: true, version: 1, isInitial: true });
    expect(initial.destinationId.toString()).to.equal("abcd");
    expect(initial.sourceId.toString()).to.equal("ef");
    const short = readRoute(Buffer.from(`40${"07".repeat(16)}0000`, "hex"))!;
    expect(short).to.include({ isLong: false, isInitial: false });
    expect(short.destinationId.equals(NEW)).to.equal(true);
  });

  it("of other types or versions are no Initial ones", () => {
    for (const head of ["d000000001", "e000000001", "f000000001", "c000000002", "8000000001", "c000000000"]) {
      expect(readRoute(Buffer.from(`${head}0000${"00".repeat(20)}`, "hex"))!.isInitial).to.equal(false);
    }
  });

  it("that are none are told, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const route = readRoute(Buffer.from(bytes));
        if (route) expect(route.destinationId.length + route.sourceId.length).to.be.lessThan(bytes.length);
      }),
    );
    expect(readRoute(Buffer.alloc(0))).to.equal(undefined);
    expect(readRoute(Buffer.from(`c000000001ff${"00".repeat(40)}`, "hex"))).to.equal(undefined);
    expect(readRoute(Buffer.from(`c00000000104${"61".repeat(4)}ff${"00".repeat(10)}`, "hex"))).to.equal(
      undefined,
    );
    // The fixed bit is clear.
    expect(readRoute(Buffer.alloc(40))).to.equal(undefined);
  });

  it("of an unknown version are answered with version 1, ids the other way round", () => {
    const route = readRoute(Buffer.from(`c0deadbeef0461626364026566${"00".repeat(30)}`, "hex"))!;
    const answer = versionNegotiation(route);
    expect(answer[0] & 0x80).to.equal(0x80);
    expect(answer.subarray(1).toString("hex")).to.equal("00000000026566046162636400000001" + "0a0a0a0a");
  });
});

describe("Retry tokens", () => {
  it("give back the id that the client chose first", () => {
    const tokens = new RetryTokens();
    const token = tokens.mint(PEER, ORIGINAL, NEW);
    expect(tokens.verify(token, PEER, NEW)?.equals(ORIGINAL)).to.equal(true);
  });

  it("are good for one address and one id, unchanged, for a while", () => {
    let nowMs = 1_000_000;
    const tokens = new RetryTokens(() => nowMs);
    const token = tokens.mint(PEER, ORIGINAL, NEW);
    expect(tokens.verify(token, { ...PEER, port: 4434 }, NEW)).to.equal(undefined);
    expect(tokens.verify(token, { ...PEER, host: "127.0.0.2" }, NEW)).to.equal(undefined);
    expect(tokens.verify(token, PEER, ORIGINAL)).to.equal(undefined);
    expect(new RetryTokens().verify(token, PEER, NEW)).to.equal(undefined);
    for (let index = 0; index < token.length; index++) {
      const changed = Buffer.from(token);
      changed[index] ^= 1;
      expect(tokens.verify(changed, PEER, NEW)).to.equal(undefined);
      expect(tokens.verify(token.subarray(0, index), PEER, NEW)).to.equal(undefined);
    }
    nowMs += 10_000;
    expect(tokens.verify(token, PEER, NEW)).to.not.equal(undefined);
    nowMs += 1;
    expect(tokens.verify(token, PEER, NEW)).to.equal(undefined);
  });
});

describe("overhead of a connection", () => {
  const MIB = 2 ** 20;
  it("may be a MiB at once, and no more", () => {
    const budget = new OverheadBudget(0);
    expect(budget.exceeds({ received: MIB, sent: 0, content: 0 }, 0)).to.equal(false);
    expect(budget.exceeds({ received: MIB + 1, sent: 0, content: 0 }, 0)).to.equal(true);
  });
  it("is none if it carries content, or acknowledges what it is sent", () => {
    const budget = new OverheadBudget(0);
    for (let step = 1; step < 1000; step++) {
      const carried = { received: step * 150_000, sent: step * 60_000, content: step * 64_000 };
      expect(budget.exceeds(carried, 0)).to.equal(false);
    }
  });
  it("is forgiven with time, up to what was free at first", () => {
    const budget = new OverheadBudget(0);
    expect(budget.exceeds({ received: MIB, sent: 0, content: 0 }, 0)).to.equal(false);
    expect(budget.exceeds({ received: MIB + 1000, sent: 0, content: 0 }, 1000)).to.equal(false);
    expect(budget.exceeds({ received: MIB + 1000, sent: 0, content: 0 }, 10 * MIB)).to.equal(false);
    expect(budget.exceeds({ received: 2 * MIB + 1001, sent: 0, content: 0 }, 10 * MIB)).to.equal(true);
  });
});
