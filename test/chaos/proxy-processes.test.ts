import { expect } from "chai";
import { ask, tally, type Ending } from "./ending.js";
import { Load } from "./load.js";
import { ProxyFixture } from "./proxy-fixture.js";

const isWhole = ({ kind }: Ending): boolean => kind === "whole";
const isFailure = ({ kind }: Ending): boolean => kind !== "whole";

describe("a proxy under load", function () {
  this.timeout(40_000);
  let fixture: ProxyFixture;

  beforeEach(async () => {
    fixture = await ProxyFixture.start();
  });
  afterEach(() => fixture.remove());

  it("outlives an upstream that is killed and comes back", async () => {
    const load = new Load(12, (client) => ask(fixture.url, { stream: client % 2 === 0 }));
    await load.until(60, isWhole);
    await fixture.upstream.kill();
    await load.until(24, isFailure);
    await fixture.upstream.restart();
    await load.until(60, isWhole);
    const endings = await load.stop();
    const counts = tally(endings);
    expect(counts, "every client is told").not.to.have.any.keys("hung", "unreachable", "garbled");
    // In the middle of a stream, or of a body, is where a kill may meet it.
    expect(endings.filter((one) => one.kind === "refused" && one.status < 500)).to.deep.equal([]);
    const { finished, aborted } = await fixture.expectCounted(endings.length);
    expect(aborted).to.equal(0);
    expect(finished).to.be.at.least(counts.whole!);
    await fixture.stop();
  });

  it("told to stop, answers what runs, takes nothing new, and ends with 0", async () => {
    let begun = 0;
    let allBegun: (() => void) | undefined;
    const running = new Promise<void>((resolve) => (allBegun = resolve));
    const endings = Array.from({ length: 16 }, () =>
      ask(fixture.url, {
        stream: true,
        script: "slow",
        onAnswer: () => {
          if (++begun === 16) allBegun!();
        },
      }),
    );
    await running;
    fixture.proxy.signal("SIGTERM");
    expect(tally(await Promise.all(endings))).to.deep.equal({ whole: 16 });
    expect((await fixture.proxy.exited).code, fixture.proxy.output).to.equal(0);
    expect(await ask(fixture.url)).to.include({ kind: "unreachable" });
  });

  it("told to stop in full traffic, leaves no request without an end", async () => {
    const load = new Load(16, (client) => ask(fixture.url, { stream: client % 2 === 0 }));
    await load.until(80, isWhole);
    fixture.proxy.signal("SIGTERM");
    await load.until(16, isFailure);
    const { code } = await fixture.proxy.exited;
    const endings = await load.stop();
    // A connection that meets a closed door is refused by the system; whatever was taken in is answered.
    expect(tally(endings)).to.have.all.keys("whole", "unreachable");
    expect(code, fixture.proxy.output).to.equal(0);
  });

  it("told to stop twice, ends at once", async () => {
    // Bytes now and then, so that no timeout ends it.
    fixture.upstream.script((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      const timer = setInterval(() => response.write(": still here\n\n"), 200);
      response.once("close", () => clearInterval(timer));
    });
    let ending: Promise<Ending> | undefined;
    await new Promise((resolve) => {
      ending = ask(fixture.url, { stream: true, onAnswer: resolve });
    });
    fixture.proxy.signal("SIGTERM");
    // Signals that wait together are delivered in no order: the first has been seen once the door is closed.
    while ((await ask(fixture.url)).kind !== "unreachable");
    fixture.proxy.signal("SIGINT");
    expect((await fixture.proxy.exited).code).to.equal(130);
    expect(await ending).to.include({ kind: "cut" });
  });

  it("counts the clients that go away, and lets the upstream know", async () => {
    const total = 60;
    const gone = Array.from({ length: total }, async (_, index) => {
      const script = index % 3 === 0 ? "stall-midway" : "slow";
      return ask(fixture.url, { stream: true, script, onAnswer: (answer) => answer.destroy() });
    });
    await Promise.all(gone);
    const counts = await fixture.expectCounted(total);
    expect(counts.aborted).to.equal(total);
    const seen = await fixture.upstream.waitForRequests(total);
    const ends = await Promise.all(seen.map(({ ended }) => ended));
    expect(ends.filter((end) => end !== "aborted")).to.deep.equal([]);
    expect(await ask(fixture.url)).to.include({ kind: "whole" });
    await fixture.stop();
  });
});
