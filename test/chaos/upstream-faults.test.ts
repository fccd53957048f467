import { expect } from "chai";
import { ask, type Ending } from "./ending.js";
import { ProxyFixture } from "./proxy-fixture.js";

type Kind = Ending["kind"];

/** What a client may be told of each fault: of a whole answer, and of a stream. */
const FAULTS: readonly (readonly [script: string, plain: readonly Kind[], stream: readonly Kind[]])[] = [
  ["stall", ["refused"], ["refused"]],
  ["stall-midway", ["cut"], ["told"]],
  ["cut-mid-event", ["cut"], ["told"]],
  // A reset may overtake what was sent before it.
  ["reset-mid-event", ["cut", "refused"], ["told", "refused"]],
  ["bad-chunking", ["cut", "refused"], ["told", "refused"]],
  ["garbage", ["refused"], ["refused"]],
  ["close-before-headers", ["refused"], ["refused"]],
  ["reset", ["refused"], ["refused"]],
  // In good order as far as HTTP goes: what it says is the client's to judge.
  ["garbage-body", ["garbled"], ["garbled", "told"]],
  ["end-mid-event", ["garbled"], ["garbled", "told"]],
  ["huge", ["whole"], ["whole"]],
  ["status-500", ["refused"], ["refused"]],
];

describe("an upstream that fails", function () {
  this.timeout(30_000);
  let fixture: ProxyFixture;
  let asked = 0;

  before(async () => {
    fixture = await ProxyFixture.start("--retries", "0");
  });
  after(() => fixture.stop());

  const question = async (script: string | undefined, stream: boolean): Promise<Ending> => {
    asked++;
    return ask(fixture.url, { script, stream });
  };

  for (const [script, plain, streamed] of FAULTS) {
    for (const stream of [false, true]) {
      const wanted = stream ? streamed : plain;
      it(`${script}: the client of ${stream ? "a stream" : "an answer"} sees ${wanted.join(" or ")}`, async () => {
        const ending = await question(script, stream);
        expect(wanted, JSON.stringify(ending)).to.include(ending.kind);
        if (ending.kind === "refused") expect(ending.status).to.be.within(500, 599);
        // The next one is none the worse for it.
        expect(await question(undefined, stream)).to.deep.equal({ kind: "whole", status: 200 });
      });
    }
  }

  it("ten at once of every fault, and the counters add up", async () => {
    const scripts = FAULTS.filter(([script]) => script !== "huge").flatMap(([script]) =>
      Array(10).fill(script),
    );
    const endings = await Promise.all(scripts.map((script, index) => question(script, index % 2 === 0)));
    expect(endings.filter(({ kind }) => kind === "hung" || kind === "unreachable")).to.deep.equal([]);
    await fixture.expectCounted(asked);
  });

  it("and after all that, a good request is answered", async () => {
    for (let tries = 0; ; tries++) {
      const ending = await question(undefined, true);
      if (ending.kind === "whole") break;
      // An upstream that failed so often may be given a rest first.
      expect(ending).to.deep.equal({ kind: "refused", status: 503 });
      expect(tries).to.be.lessThan(200);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await fixture.expectCounted(asked);
  });

  it("the upstream is kept in no exchange that nobody waits for", async () => {
    const { requests } = fixture.upstream;
    expect(requests.length).to.be.greaterThan(100);
    await Promise.all(requests.map(({ ended }) => ended));
  });
});
