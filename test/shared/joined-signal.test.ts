import { getEventListeners } from "node:events";
import { expect } from "chai";
import { joinSignals } from "../../src/shared/joined-signal.js";

describe("joined signals", () => {
  it("are aborted with the first of several, for its reason", () => {
    for (const first of [0, 1]) {
      const controllers = [new AbortController(), new AbortController()];
      const { signal } = joinSignals(...controllers.map((controller) => controller.signal));
      expect(signal.aborted).to.equal(false);
      controllers[first].abort("first");
      controllers[1 - first].abort("second");
      expect([signal.aborted, signal.reason]).to.deep.equal([true, "first"]);
    }
  });

  it("are aborted from the beginning if one is", () => {
    const { signal } = joinSignals(new AbortController().signal, AbortSignal.abort("before"));
    expect([signal.aborted, signal.reason]).to.deep.equal([true, "before"]);
  });

  it("leave nothing behind when they are let go of", () => {
    const controllers = [new AbortController(), new AbortController()];
    const { signal, release } = joinSignals(...controllers.map((controller) => controller.signal));
    for (const one of controllers) expect(getEventListeners(one.signal, "abort")).to.have.length(1);
    release();
    for (const one of controllers) expect(getEventListeners(one.signal, "abort")).to.have.length(0);
    controllers[0].abort();
    expect(signal.aborted).to.equal(false);
  });
});
