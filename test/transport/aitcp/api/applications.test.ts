import { strict as assert } from "node:assert";
import { createAiTcpServer } from "../../../../src/transport/aitcp/api/index.js";
import { TrustPolicy } from "../../../../src/transport/aitcp/identity/index.js";
import { alice, bob, crypto } from "../handshake/pair.js";
import { Agents, until } from "../agents.js";
import { Proxy } from "../middle.js";

describe("sessions of AI-TCP: applications that fail", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  it("end their own session, and no other", async () => {
    const errors: unknown[] = [];
    const server = await createAiTcpServer({
      identity: bob,
      trust: new TrustPolicy({ crypto, pinned: [alice.publicKey] }),
      onError: (error) => errors.push(error),
      onSession: async (session) => {
        for await (const stream of session) {
          for await (const message of stream) {
            if (message.length === 0) throw new Error("an application that fails");
            await stream.send(message);
          }
        }
      },
    });
    agents.onEnd(() => server.close());
    const url = `aitcp://127.0.0.1:${server.port}`;
    const [one, other] = [await agents.alice(url), await agents.alice(url)];
    one.openStream().write(new Uint8Array(0));
    await assert.rejects(one.closed);
    await until(() => errors.length === 1);
    const stream = other.openStream();
    stream.write("still here");
    assert.equal(Buffer.from((await stream.receive()) ?? []).toString(), "still here");
  });

  it("end their session, if what is told of its state throws", async () => {
    const bob = await agents.bob();
    const proxy = await Proxy.start(bob.server.port);
    agents.onEnd(() => proxy.stop());
    const states: string[] = [];
    const session = await agents.alice(proxy.url, {
      onState: (state) => {
        states.push(state);
        if (state === "open") throw new Error("an application that fails");
      },
    });
    proxy.cut();
    await assert.rejects(session.closed, {
      code: "M2M_USAGE",
      message: /^onState .* an application that fails$/,
    });
    assert.deepEqual(states, ["interrupted", "open"]);
  });
});
