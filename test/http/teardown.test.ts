import { expect } from "chai";
import { Teardown } from "../../src/http/index.js";

describe("what is closed", () => {
  it("is closed group by group, the last first, each step once, with the time that there is", async () => {
    const teardown = new Teardown();
    const steps: string[] = [];
    const note = (name: string) => async (graceMs: number) => {
      await new Promise((resolve) => setImmediate(resolve));
      steps.push(`${name} ${graceMs}`);
    };
    teardown.group()(note("stores"));
    const onClose = teardown.group();
    onClose(note("listener"));
    onClose(note("sockets"));
    await Promise.all([teardown.run(5), teardown.run(7)]);
    expect(steps).to.deep.equal(["listener 5", "sockets 5", "stores 5"]);
  });

  it("is closed whatever fails of it, and the first error is thrown", async () => {
    const teardown = new Teardown();
    const steps: string[] = [];
    teardown.group()(() => void steps.push("stores"));
    const onClose = teardown.group();
    onClose(() => {
      throw new Error("at once");
    });
    onClose(() => Promise.reject(new Error("later")));
    onClose(async () => void steps.push("sockets"));
    const error = await teardown.run(0).then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(error).to.equal("at once");
    expect(steps).to.deep.equal(["sockets", "stores"]);
  });
});
