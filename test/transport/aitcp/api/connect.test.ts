import { strict as assert } from "node:assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { M2MError } from "../../../../src/shared/errors.js";
import { formatIdentity, KnownPeers, TrustPolicy } from "../../../../src/transport/aitcp/identity/index.js";
import { readPacket } from "../../../../src/transport/aitcp/packet/index.js";
import { Agents, bob as bobIdentity, crypto, endOf, mallory, until } from "../agents.js";
import { Proxy } from "../middle.js";

const hasCode = (code: string) => (error: unknown) => error instanceof M2MError && error.code === code;
const word = (key: Uint8Array): string => `x25519:${Buffer.from(key).toString("base64url")}`;

describe("sessions of AI-TCP: how they begin", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  async function proxied(): Promise<{ proxy: Proxy; bob: Awaited<ReturnType<Agents["bob"]>> }> {
    const bob = await agents.bob();
    const proxy = await Proxy.start(bob.server.port);
    agents.onEnd(() => proxy.stop());
    return { proxy, bob };
  }

  describe("when the server has let the client in, and not before", () => {
    it("who is refused hears it from the promise", async () => {
      const { proxy, bob } = await proxied();
      const connecting = agents.alice(proxy.url, { identity: mallory });
      await assert.rejects(connecting, hasCode("M2M_PEER_UNTRUSTED"));
      assert.equal(bob.sessions.length, 0);
    });

    it("a server that says no more after its RESPONSE is given up in time", async () => {
      const { proxy } = await proxied();
      proxy.tamper = ({ bytes, way, index }) => (way === "down" && index > 0 ? undefined : [bytes]);
      await assert.rejects(agents.alice(proxy.url, { handshakeMs: 300 }), hasCode("M2M_ANSWER_TIMEOUT"));
      const giveUp = new AbortController();
      const connecting = agents.alice(proxy.url, { signal: giveUp.signal });
      const before = proxy.connections.length;
      await until(() => (proxy.connections[before]?.seen.up.length ?? 0) > 1);
      giveUp.abort(new Error("enough"));
      await assert.rejects(connecting, /enough/);
    });

    it("a connection that is lost meanwhile is made again", async () => {
      const { proxy, bob } = await proxied();
      proxy.tamper = ({ bytes, way, index, connection }) => {
        if (way === "up" || index === 0 || connection !== proxy.connections[0]) return [bytes];
        connection.cut();
        return undefined;
      };
      const session = await agents.alice(proxy.url);
      assert.equal(session.state, "open");
      assert.equal(proxy.connections.length, 2);
      assert.equal(bob.sessions.length, 1);
    });
  });

  describe("by the shorter handshake, once the server's static key is known", () => {
    const { staticPair, publicKey } = bobIdentity;

    async function known(lineOf: (address: string) => string) {
      const setting = await proxied();
      const folder = mkdtempSync(join(tmpdir(), "m2m-static-"));
      agents.onEnd(() => rmSync(folder, { recursive: true }));
      const path = join(folder, "known_peers");
      const address = `127.0.0.1:${setting.proxy.port}`;
      writeFileSync(path, lineOf(address));
      const trust = new TrustPolicy({
        crypto,
        knownPeers: new KnownPeers(path),
        trustOnFirstUse: true,
      });
      const pattern = (at: number): number => readPacketOf(setting.proxy, at);
      return { ...setting, path, address, trust, pattern, text: () => readFileSync(path, "utf8") };
    }

    function readPacketOf(proxy: Proxy, at: number): number {
      const packet = readPacket(proxy.connections[at].seen.up[0]);
      assert.ok(packet.kind === "initiation");
      return packet.pattern;
    }

    it("which is written beside its identity, and all else stays", async () => {
      const identity = formatIdentity(publicKey);
      const { proxy, trust, address, pattern, text, path } = await known(
        (at) => `# mine\n  ${at}   ${identity}   Bob, of the ops   # since May\nb:1 ${identity}\n`,
      );
      for (let i = 0; i < 2; i++) await agents.alice(proxy.url, { trust });
      assert.deepEqual([pattern(0), pattern(1)], [1, 2]);
      assert.equal(
        text(),
        `# mine\n  ${address}   ${identity} ${word(staticPair.publicKey)}   Bob, of the ops   # since May\nb:1 ${identity}\n`,
      );
      assert.equal(new KnownPeers(path).list()[0]?.name, "Bob, of the ops");
    });

    it("also after a first use, and not for who is trusted by other means", async () => {
      const { proxy, trust, address, pattern, text, path } = await known(() => "");
      for (let i = 0; i < 2; i++) await agents.alice(proxy.url, { trust });
      assert.deepEqual([pattern(0), pattern(1)], [1, 2]);
      assert.equal(text(), `${address} ${formatIdentity(publicKey)} ${word(staticPair.publicKey)}\n`);
      writeFileSync(path, "");
      const pinned = new TrustPolicy({ crypto, pinned: [publicKey], knownPeers: new KnownPeers(path) });
      await agents.alice(proxy.url, { trust: pinned });
      assert.equal(text(), "");
    });

    it("and by the longer one if it has another by now, which is written down then", async () => {
      const { proxy, trust, address, pattern, text } = await known(
        (at) => `${at} ${formatIdentity(publicKey)} ${word(mallory.staticPair.publicKey)} Bob\n`,
      );
      await agents.alice(proxy.url, { trust });
      assert.deepEqual([pattern(0), pattern(1)], [2, 1]);
      assert.equal(text(), `${address} ${formatIdentity(publicKey)} ${word(staticPair.publicKey)} Bob\n`);
    });

    it("and who only has that key, and not the identity, is not trusted", async () => {
      const impostor = await agents.bob({ identity: mallory });
      const folder = mkdtempSync(join(tmpdir(), "m2m-static-"));
      agents.onEnd(() => rmSync(folder, { recursive: true }));
      const path = join(folder, "known_peers");
      const line = `127.0.0.1:${impostor.server.port} ${formatIdentity(publicKey)} ${word(mallory.staticPair.publicKey)}\n`;
      writeFileSync(path, line);
      const trust = new TrustPolicy({ crypto, knownPeers: new KnownPeers(path), trustOnFirstUse: true });
      assert.ok(hasCode("M2M_PEER_CHANGED")(await endOf(agents.alice(impostor.url, { trust }))));
      assert.equal(readFileSync(path, "utf8"), line);
    });
  });
});
