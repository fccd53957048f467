import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { M2MError } from "../../../../src/shared/errors.js";
import type { X25519KeyPair } from "../../../../src/transport/aitcp/crypto/index.js";
import {
  HandshakeRefusal,
  InitiatorHandshake,
  ResponderHandshake,
  type InitiatorOptions,
  type ResponderOptions,
} from "../../../../src/transport/aitcp/handshake/index.js";
import {
  issueCertificate,
  KnownPeers,
  TrustPolicy,
  type Identity,
} from "../../../../src/transport/aitcp/identity/index.js";
import { Agents, alice, bob as bobIdentity, crypto, mallory, endOf } from "../agents.js";
import { Proxy } from "../middle.js";
import { initiator, parse, responder, run, SETTINGS, ticketFor } from "../handshake/pair.js";

const hasCode =
  (...codes: string[]) =>
  (error: unknown) => {
    const cause = error instanceof HandshakeRefusal ? error.cause : error;
    return cause instanceof M2MError && codes.includes(cause.code);
  };

describe("AI-TCP with impostors", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  for (const pattern of ["XX", "IK"] as const) {
    const known = pattern === "IK" ? { serverStatic: bobIdentity.staticPair.publicKey } : {};

    it(`${pattern}: who is not trusted has no session, and is told nothing but that`, async () => {
      const bob = await agents.bob();
      await assert.rejects(
        agents.alice(bob.url, { identity: mallory, ...known }),
        hasCode("M2M_PEER_UNTRUSTED"),
      );
      assert.equal(bob.server.sessionCount, 0);
      assert.ok(bob.errors.some(hasCode("M2M_PEER_UNTRUSTED")));
    });

    it(`${pattern}: a server that has another key is not talked to`, async () => {
      const bob = await agents.bob({ identity: mallory });
      const error = await endOf(agents.alice(bob.url, known));
      assert.ok(
        hasCode("M2M_PEER_UNTRUSTED", "M2M_AUTHENTICATION_FAILED", "M2M_CONNECTION_FAILED")(error),
        String(error),
      );
      assert.equal(bob.server.sessionCount, 0);
    });
  }

  it("a certificate is worth something only in its time, and for whom it names", async () => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const organisation = { publicKey: mallory.publicKey };
    const trust = new TrustPolicy({ crypto, organisations: [organisation.publicKey] });
    const bob = await agents.bob({ trust });
    const issue = (to: Identity, notBefore: number, notAfter: number): Uint8Array =>
      issueCertificate(mallory, to.publicKey, notBefore, notAfter);
    const shown: [Uint8Array, boolean][] = [
      [issue(alice, nowSeconds - 1000, nowSeconds - 500), false],
      [issue(alice, nowSeconds + 500, nowSeconds + 1000), false],
      [issue(bobIdentity, nowSeconds - 10, nowSeconds + 1000), false],
      [issueCertificate(bobIdentity, alice.publicKey, nowSeconds - 10, nowSeconds + 1000), false],
      [issue(alice, nowSeconds - 10, nowSeconds + 1000), true],
    ];
    for (const [certificate, isTaken] of shown) {
      const before = bob.sessions.length;
      const connecting = agents.alice(bob.url, { certificate });
      if (isTaken) {
        await connecting;
        await bob.nextSession();
      } else {
        assert.ok((await endOf(connecting)) instanceof M2MError);
      }
      assert.equal(bob.sessions.length, before + (isTaken ? 1 : 0));
    }
  });

  it("nothing is agreed on that one side did not say: version, pattern and modes cannot be turned down on the way", async () => {
    const bob = await agents.bob();
    const proxy = await Proxy.start(bob.server.port);
    agents.onEnd(() => proxy.stop());
    // Of the first packet, in the clear: version, pattern, and the parameters.
    for (const at of [36, 201, ...Array.from({ length: 24 }, (_, byte) => 208 + byte)]) {
      proxy.tamper = ({ bytes, way, index }) =>
        way === "up" && index === 0
          ? [bytes.map((byte, offset) => (offset === at ? byte ^ 1 : byte))]
          : [bytes];
      const error = await endOf(
        agents.alice(proxy.url, { handshakeMs: 2000, settings: { signatures: ["packet", "none"] } }),
      );
      assert.ok(error instanceof M2MError, `byte ${at}: ${String(error)}`);
    }
    assert.equal(bob.sessions.length, 0);
  });

  describe("who have stolen keys", () => {
    /** A party that knows the public keys of somebody and the secrets of `has`, and does what can be done with them. */
    function posing(as: Identity, has: Identity): Identity {
      const pair: X25519KeyPair = {
        publicKey: as.staticPair.publicKey,
        // An agreement of two statics can be made from either side; the others need the key that is not there.
        agree: (publicKey) =>
          Buffer.from(publicKey).equals(has.staticPair.publicKey)
            ? has.staticPair.agree(as.staticPair.publicKey)
            : has.staticPair.agree(publicKey),
        agreeStatic: (publicKey) => pair.agree(publicKey),
      };
      return {
        publicKey: as.publicKey,
        staticPair: pair,
        sign: (message) => has.sign(message),
        exportSeed: () => has.exportSeed(),
        forgetSeed: () => {},
      } as Identity;
    }

    const rejects = async (a: Partial<InitiatorOptions>, b: Partial<ResponderOptions>): Promise<void> => {
      const handshake: Promise<unknown> = run(initiator(a), responder(b));
      await assert.rejects(handshake, hasCode("M2M_AUTHENTICATION_FAILED", "M2M_HANDSHAKE_INVALID"));
    };

    it("of the responder cannot pose as an initiator to it (KCI), in XX and IK", async () => {
      const identity = posing(alice, bobIdentity);
      await rejects({ identity }, {});
      await rejects({ identity, serverStatic: bobIdentity.staticPair.publicKey }, {});
    });

    it("of the initiator cannot pose as a responder to it (KCI), in XX and IK", async () => {
      const identity = posing(bobIdentity, alice);
      await rejects({}, { identity });
      await rejects({ serverStatic: bobIdentity.staticPair.publicKey }, { identity });
    });

    it("of the responder cannot send early frames in an initiator's name: they are sealed by the ticket", async () => {
      const { b } = await run(initiator(), responder());
      const given = ticketFor(b);
      const attacker = new InitiatorHandshake({
        crypto,
        identity: posing(alice, bobIdentity),
        settings: SETTINGS,
        ticket: {
          id: new Uint8Array(16).fill(4),
          key: new Uint8Array(32),
          sessionId: given.sessionId,
          peer: { identity: bobIdentity.publicKey, staticKey: bobIdentity.staticPair.publicKey },
          expires: given.expires,
          signatures: given.signatures,
          isPadded: given.isPadded,
        },
        early: Uint8Array.of(2, 0, 0, 0, 1, 9),
        assertTrusted: () => {},
      });
      const victim = new ResponderHandshake({
        crypto,
        identity: bobIdentity,
        settings: SETTINGS,
        assertTrusted: () => {},
        findTicket: async () => given,
        cookieFor: () => undefined,
        claimEarly: async () => {
          throw new Error("nothing is used up by it");
        },
      });
      await assert.rejects(victim.receive(parse(attacker.start())), hasCode("M2M_AUTHENTICATION_FAILED"));
    });
  });

  it("who answers at the address of a peer that is known is found out", async () => {
    const folder = mkdtempSync(join(tmpdir(), "m2m-known-"));
    agents.onEnd(() => rmSync(folder, { recursive: true }));
    const knownPeers = new KnownPeers(join(folder, "known_peers"));
    const trust = new TrustPolicy({ crypto, knownPeers, trustOnFirstUse: true });
    const bob = await agents.bob();
    const session = await agents.alice(bob.url, { trust });
    session.close();
    await bob.server.close();
    const impostor = await agents.bob({ identity: mallory, port: bob.server.port });
    assert.ok(hasCode("M2M_PEER_CHANGED")(await endOf(agents.alice(impostor.url, { trust }))));
    assert.equal(impostor.server.sessionCount, 0);
  });
});
