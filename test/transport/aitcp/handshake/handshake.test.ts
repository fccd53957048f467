import { strict as assert } from "node:assert";
import {
  HandshakeRefusal,
  type AiTcpPeer,
  type GivenTicket,
  type ResponderOptions,
} from "../../../../src/transport/aitcp/handshake/index.js";
import { issueCertificate } from "../../../../src/transport/aitcp/identity/index.js";
import { IntegrityError, M2MError } from "../../../../src/shared/errors.js";
import { alice, bob, initiator, mallory, parse, responder, run, SETTINGS, ticketFor } from "./pair.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const names = ({ identity, staticKey }: AiTcpPeer): string[] => [hex(identity), hex(staticKey)];

const untrusted = () => {
  throw new IntegrityError("M2M_PEER_UNTRUSTED", "no");
};

describe("handshake of AI-TCP", () => {
  for (const pattern of ["XX", "IK"] as const) {
    it(`${pattern} gives both sides the same secrets, and each other's identity`, async () => {
      const known = pattern === "IK" ? { serverStatic: bob.staticPair.publicKey } : {};
      const { a, b, packets } = await run(initiator(known), responder());
      assert.deepEqual(a.secrets, b.secrets);
      assert.deepEqual(a.handshakeHash, b.handshakeHash);
      assert.deepEqual(names(a.peer), [hex(bob.publicKey), hex(bob.staticPair.publicKey)]);
      assert.deepEqual(names(b.peer), [hex(alice.publicKey), hex(alice.staticPair.publicKey)]);
      assert.equal(a.agreed.signatures, "turn");
      assert.equal(hex(a.localEphemeral), hex(b.peerEphemeral));
      assert.equal(hex(a.peerEphemeral), hex(b.localEphemeral));
      assert.equal(packets.length, pattern === "XX" ? 3 : 2);
      assert.equal(
        new Set(Object.values(a.secrets).map((secret) => Buffer.from(secret).toString("hex"))).size,
        4,
      );
    });

    it(`${pattern} never shows an identity, or a static key of who begins`, async () => {
      const known = pattern === "IK" ? { serverStatic: bob.staticPair.publicKey } : {};
      const { packets } = await run(initiator(known), responder());
      const sent = Buffer.concat(packets);
      for (const secret of [
        alice.publicKey,
        bob.publicKey,
        alice.staticPair.publicKey,
        bob.staticPair.publicKey,
      ]) {
        assert.equal(sent.includes(Buffer.from(secret)), false);
      }
    });

    it(`${pattern}: every bit that is flipped in a packet ends the handshake`, async () => {
      const known = pattern === "IK" ? { serverStatic: bob.staticPair.publicKey } : {};
      const { packets } = await run(initiator(known), responder());
      for (let step = 0; step < packets.length; step++) {
        const bits = packets[step].length * 8;
        // All bits of structure and keys; of the rest, which one AEAD covers, a part.
        for (let bit = 0; bit < bits; bit += bit < 1600 ? 7 : 61) {
          const flipped = run(initiator(known), responder(), (packet, at) => {
            if (at !== step || bit >= packet.length * 8) return packet;
            const copy = packet.slice();
            copy[bit >> 3] ^= 1 << (bit & 7);
            return copy;
          });
          await assert.rejects(
            flipped,
            (error: Error) => error instanceof M2MError || error instanceof HandshakeRefusal,
          );
        }
      }
    });

    it(`${pattern} ends for who is not trusted`, async () => {
      const known = pattern === "IK" ? { serverStatic: bob.staticPair.publicKey } : {};
      await assert.rejects(run(initiator(known), responder({ assertTrusted: untrusted })), {
        reason: "untrusted",
      });
      await assert.rejects(run(initiator({ ...known, assertTrusted: untrusted }), responder()), {
        code: "M2M_PEER_UNTRUSTED",
      });
    });
  }

  it("shows certificates to who decides", async () => {
    const nowSeconds = 1_800_000_000;
    const certificate = issueCertificate(mallory, alice.publicKey, nowSeconds, nowSeconds + 60);
    let seen: Uint8Array | undefined;
    const assertTrusted = (identity: Uint8Array, shown: Uint8Array | undefined) => {
      assert.equal(hex(identity), hex(alice.publicKey));
      seen = shown;
    };
    await run(initiator({ certificate }), responder({ assertTrusted }));
    assert.equal(seen && hex(seen), hex(certificate));
  });

  it("IK with another's static key ends before anything is answered", async () => {
    const wrong = initiator({ serverStatic: mallory.staticPair.publicKey });
    await assert.rejects(run(wrong, responder()), { reason: "malformed" });
  });

  it("who has only the responder's long-term keys cannot pose as somebody else in XX (KCI)", async () => {
    // Mallory has bob's keys and wants bob to believe that she is alice: she needs alice's static for se.
    const stolen = {
      ...alice,
      publicKey: alice.publicKey,
      staticPair: mallory.staticPair,
      sign: mallory.sign.bind(mallory),
    };
    await assert.rejects(run(initiator({ identity: stolen as never }), responder()), { reason: "malformed" });
  });

  it("sends the same message with a cookie: another one would use keys and nonces twice", async () => {
    const cookie = new Uint8Array(16).fill(5);
    for (const known of [{}, { serverStatic: bob.staticPair.publicKey }]) {
      const cookieFor = (_: Uint8Array, shown: Uint8Array | undefined) => (shown ? undefined : cookie);
      const { packets } = await run(initiator(known), responder({ cookieFor }));
      const [first, , again] = packets.map((packet) => parse(packet));
      assert.equal(hex(again.encryptedPayload), hex(first.encryptedPayload));
      assert.equal(hex(again.payload ?? new Uint8Array(0)), hex(cookie));
    }
  });

  it("takes the responder's best mode of signatures that was offered, and no other", async () => {
    const { a, b } = await run(
      initiator({ settings: { ...SETTINGS, signatures: ["none", "packet"] } }),
      responder({ settings: { ...SETTINGS, signatures: ["turn", "packet"] } }),
    );
    assert.equal(a.agreed.signatures, "packet");
    assert.equal(b.agreed.signatures, "packet");
    const none = run(
      initiator({ settings: { ...SETTINGS, signatures: ["none"] } }),
      responder({ settings: { ...SETTINGS, signatures: ["turn"] } }),
    );
    await assert.rejects(none, { reason: "nothingInCommon" });
  });

  it("an offer that is changed on the way (downgrade) ends the handshake", async () => {
    const { packets } = await run(initiator(), responder());
    const offer = Buffer.from(packets[0]);
    const at = offer.indexOf(Buffer.from([2, 3, 1, 2, 0]));
    assert.ok(at > 0, "XX offers its modes in the clear");
    const changed = run(initiator(), responder(), (packet, step) => {
      if (step !== 0) return packet;
      const copy = packet.slice();
      copy.set([2, 3, 0, 0, 0], at);
      return copy;
    });
    await assert.rejects(changed, { code: "M2M_AUTHENTICATION_FAILED" });
  });

  it("a pattern that is changed on the way ends the handshake", async () => {
    const changed = run(initiator(), responder(), (packet, step) => {
      if (step !== 0) return packet;
      const copy = Buffer.from(packet);
      copy[copy.indexOf(Buffer.from([1, 1, 0, 0])) + 1] = 2;
      return copy;
    });
    await assert.rejects(changed, HandshakeRefusal);
  });

  describe("with a ticket", () => {
    const resume = async (early?: Uint8Array) => {
      const first = await run(initiator(), responder());
      const ticket = ticketFor(first.b);
      const id = new Uint8Array(16).fill(7);
      const store = new Map([["7", ticket]]);
      const claimed = new Set<string>();
      const server = (more: Partial<ResponderOptions> = {}) =>
        responder({
          findTicket: async (asked) => {
            const found = Buffer.from(asked).equals(id) ? store.get("7") : undefined;
            return found && { ...found, key: found.key.slice() };
          },
          claimEarly: async (asked) => !claimed.has(String(asked)) && Boolean(claimed.add(String(asked))),
          ...more,
        });
      const held = { ...ticket, id, peer: { identity: bob.publicKey, staticKey: bob.staticPair.publicKey } };
      return { first, held, server, store, client: () => initiator({ ticket: held, early }) };
    };

    it("goes on with the session and its identities, by new secrets", async () => {
      const { first, server, client } = await resume();
      const { a, b } = await run(client(), server());
      assert.deepEqual(a.secrets, b.secrets);
      assert.notDeepEqual(a.secrets.initiatorTraffic, first.a.secrets.initiatorTraffic);
      assert.deepEqual(a.resumedId, first.a.secrets.sessionId);
      assert.deepEqual(b.resumedId, first.a.secrets.sessionId);
      assert.deepEqual(b.peer.identity, alice.publicKey);
      assert.ok(b.ticketId, "it is used up once the initiator confirms");
    });

    it("takes early frames once", async () => {
      const { server, store, client } = await resume(Uint8Array.of(2, 0, 0, 0, 1, 65));
      const { a, b, packets } = await run(client(), server());
      assert.deepEqual(b.early && [...b.early], [2, 0, 0, 0, 1, 65]);
      assert.deepEqual(a.early, b.early);
      // The ticket is used up when the initiator has confirmed, and what may come early with it is at once.
      assert.ok(b.ticketId);
      await assert.rejects(server().receive(parse(packets[0])), { reason: "ticket" });
      const { held } = await resume();
      await run(initiator({ ticket: held }), server());
      store.delete("7");
      await assert.rejects(server().receive(parse(packets[0])), { reason: "ticket" });
    });

    it("hides what comes early from who has no more than the responder's keys, and its length if that is asked for", async () => {
      const frames = Uint8Array.of(2, 0, 0, 0, 1, 65);
      const settings = { ...SETTINGS, isPadding: true };
      const { held, server } = await resume();
      const lengths: number[] = [];
      for (const early of [frames, Uint8Array.of(2, 0, 0, 0, 3, 65, 0, 0)]) {
        const { b, packets } = await run(
          initiator({ ticket: held, early, settings }),
          server({ claimEarly: async () => true }),
        );
        assert.deepEqual(b.early && [...b.early], [...early]);
        lengths.push(packets[0].length);
      }
      assert.equal(lengths[0], lengths[1]);
      const { b: first } = await run(initiator(), responder());
      const wrongKey = server({ findTicket: async () => ({ ...ticketFor(first), key: new Uint8Array(32) }) });
      const sent = initiator({ ticket: held, early: frames }).start();
      await assert.rejects(wrongKey.receive(parse(sent)), (error: unknown) => {
        return (
          error instanceof HandshakeRefusal && (error.cause as M2MError).code === "M2M_AUTHENTICATION_FAILED"
        );
      });
    });

    it("is not weaker than what it goes on with, whatever both sides would rather have", async () => {
      const { held, server, store } = await resume();
      const before = { signatures: "turn", isPadded: true } as const;
      const given = store.get("7");
      assert.ok(given);
      store.set("7", { ...given, ...before });
      const settings = { ...SETTINGS, signatures: ["none", "turn", "packet"] as const };
      for (const ticket of [held, { ...held, ...before }]) {
        const { a, b } = await run(initiator({ ticket, settings }), server({ settings }));
        for (const { agreed } of [a, b])
          assert.deepEqual([agreed.signatures, agreed.isPadded], ["turn", true]);
      }
      const none = { ...SETTINGS, signatures: ["none"] as const };
      await assert.rejects(run(initiator({ ticket: held, settings }), server({ settings: none })), {
        reason: "ticket",
      });
      // A responder that forgets it is not followed.
      store.set("7", { ...given, signatures: "none", isPadded: false });
      const strict = { ...held, signatures: "packet", isPadded: true } as const;
      const { a } = await run(initiator({ ticket: strict, settings }), server({ settings }));
      assert.deepEqual([a.agreed.signatures, a.agreed.isPadded], ["packet", true]);
      await assert.rejects(run(initiator({ ticket: strict, settings }), server({ settings: none })), {
        reason: "ticket",
      });
    });

    it("tells that early frames were not taken", async () => {
      const { held, server } = await resume();
      const { a, b } = await run(
        initiator({ ticket: held, early: Uint8Array.of(2, 0, 0, 0, 1, 65) }),
        server({ claimEarly: undefined }),
      );
      assert.equal(a.early, undefined);
      assert.equal(b.early, undefined);
    });

    it("refuses somebody else's, an unknown one, and one with a wrong key", async () => {
      const { held, server } = await resume();
      await assert.rejects(run(initiator({ identity: mallory, ticket: held }), server()), {
        reason: "ticket",
      });
      await assert.rejects(run(initiator({ ticket: { ...held, id: new Uint8Array(16) } }), server()), {
        reason: "ticket",
      });
      await assert.rejects(run(initiator({ ticket: { ...held, key: new Uint8Array(32) } }), server()), {
        code: "M2M_AUTHENTICATION_FAILED",
      });
    });

    it("overwrites its key, whether it is taken or not", async () => {
      const { held, store } = await resume();
      const given = store.get("7");
      assert.ok(given);
      for (const [identity, options, isTaken] of [
        [alice, {}, true],
        [mallory, {}, false],
        [alice, { assertTrusted: untrusted }, false],
        [alice, { settings: { ...SETTINGS, signatures: ["none"] as const } }, false],
      ] as const) {
        const found: GivenTicket = { ...given, signatures: "turn", key: given.key.slice() };
        const running = run(
          initiator({ identity, ticket: held }),
          responder({ ...options, findTicket: async () => found }),
        );
        if (isTaken) await running;
        else await assert.rejects(running);
        assert.deepEqual(found.key, new Uint8Array(32));
      }
    });
  });
});
