import { strict as assert } from "node:assert";
import { InputError } from "../../../../src/shared/errors.js";
import {
  connectAiTcp,
  createAiTcpServer,
  type AiTcpConnectOptions,
  type AiTcpServerOptions,
} from "../../../../src/transport/aitcp/index.js";
import { Agents, alice, bob as bobIdentity, trusts } from "../agents.js";

/** As programs without types give them. */
describe("sessions of AI-TCP: arguments that are none", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  const says =
    (what: RegExp) =>
    (error: unknown): boolean =>
      error instanceof InputError && error.code === "M2M_USAGE" && what.test(error.message);

  const clients: [name: string, options: unknown, what: RegExp][] = [
    ["no options", undefined, /options/],
    ["no identity", { trust: trusts(bobIdentity) }, /identity/],
    ["a public identity", { identity: alice.publicKey, trust: trusts(bobIdentity) }, /identity/],
    ["no trust", { identity: alice }, /trust/],
    ["a list for trust", { identity: alice, trust: [bobIdentity.publicKey] }, /trust/],
    [
      "a certificate as text",
      { identity: alice, trust: trusts(bobIdentity), certificate: "x" },
      /certificate/,
    ],
    [
      "a certificate that is none",
      { identity: alice, trust: trusts(bobIdentity), certificate: new Uint8Array(5) },
      /certificate/,
    ],
    [
      "a static key that is none",
      { identity: alice, trust: trusts(bobIdentity), serverStatic: new Uint8Array(3) },
      /serverStatic/,
    ],
    [
      "a time that is none",
      { identity: alice, trust: trusts(bobIdentity), handshakeMs: "soon" },
      /handshakeMs/,
    ],
    [
      "a number of tries that is none",
      { identity: alice, trust: trusts(bobIdentity), reconnect: { maxTries: NaN } },
      /maxTries/,
    ],
    [
      "an unknown mode",
      { identity: alice, trust: trusts(bobIdentity), settings: { signatures: ["all"] } },
      /"all"/,
    ],
  ];
  for (const [name, options, what] of clients) {
    it(`connectAiTcp says what is wrong with ${name}`, async () => {
      const connecting = connectAiTcp("aitcp://127.0.0.1:1", options as AiTcpConnectOptions);
      await assert.rejects(connecting, says(what));
    });
  }

  it("connectAiTcp says what an address is", async () => {
    const options = { identity: alice, trust: trusts(bobIdentity) };
    for (const url of ["", "127.0.0.1:1", "http://x", "aitcp://x:70000", "aitcp://x:0", undefined]) {
      await assert.rejects(connectAiTcp(url as string, options), says(/aitcp:\/\/HOST/));
    }
  });

  const good = { identity: bobIdentity, trust: trusts(alice), onSession: () => {} };
  const servers: [name: string, options: unknown, what: RegExp][] = [
    ["no options", undefined, /options/],
    ["no identity", { ...good, identity: undefined }, /identity/],
    ["no trust", { ...good, trust: undefined }, /trust/],
    ["a certificate that is none", { ...good, certificate: new Uint8Array(5) }, /certificate/],
    ["nobody who takes sessions", { ...good, onSession: undefined }, /onSession/],
    ["a port that is none", { ...good, port: 70_000 }, /port/],
    ["a port as text", { ...good, port: "3001" }, /port/],
    ["a host that is none", { ...good, host: 5 }, /host/],
  ];
  for (const [name, options, what] of servers) {
    it(`createAiTcpServer says what is wrong with ${name}`, async () => {
      await assert.rejects(createAiTcpServer(options as AiTcpServerOptions), says(what));
    });
  }

  it("a stream takes text and bytes, and says so", async () => {
    const bob = await agents.bob();
    const session = await agents.alice(bob.url);
    const stream = session.openStream();
    for (const message of [{}, undefined, null, 5, [1, 2]]) {
      assert.throws(() => stream.write(message as string), says(/text, or bytes/));
      await assert.rejects(stream.send(message as string), says(/text, or bytes/));
    }
    // Nothing of it is sent, and the stream goes on.
    assert.equal(session.queuedBytes, 0);
    stream.write("text");
    const theirs = await (await bob.nextSession()).acceptStream();
    assert.equal(Buffer.from((await theirs?.receive()) ?? []).toString(), "text");
  });
});
