import { strict as assert } from "node:assert";
import { SCENARIOS } from "./aitcp.js";
import { HandshakeModel } from "./aitcp/handshakes.js";
import { checkStreams } from "./aitcp/streams.js";

/** A part of what test/model/aitcp.ts goes through. */
describe("model of AI-TCP", function () {
  this.timeout(60_000);

  for (const scenario of SCENARIOS.slice(0, 6)) {
    const { pattern, hasEarly, responders } = scenario;
    const what = `${pattern}${hasEarly ? " with early frames" : ""}, ${responders} at the responder`;
    it(`handshakes under attack agree on everything, or on nothing: ${what}`, async () => {
      const { states, established } = await new HandshakeModel(scenario).run();
      assert.ok(states > 20 && established > 5);
    });
  }

  it("streams lose nothing, give nothing twice, and can always go on: all sequences of up to 4 actions", () => {
    assert.ok(checkStreams(4).sequences > 1000);
  });
});
