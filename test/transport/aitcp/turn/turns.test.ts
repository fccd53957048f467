import { expect } from "chai";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { readRecord, RecordWriter } from "../../../../src/transport/aitcp/frames/index.js";
import {
  MAX_TURN_AGE_MS,
  MAX_TURN_BYTES,
  MAX_TURN_MESSAGES,
  signedText,
  TurnChain,
  TurnSigner,
  TurnVerifier,
  type SignatureMode,
  type TurnScope,
} from "../../../../src/transport/aitcp/turn/index.js";
import { catchM2MError } from "../../../helpers/catch-error.js";
import { identityOf, sha256, verifyEd25519 } from "./ed25519.js";

const initiator = identityOf("initiator");
const responder = identityOf("responder");
const SCOPE: TurnScope = {
  handshakeHash: new Uint8Array(32).fill(7),
  initiator: initiator.publicKey,
  responder: responder.publicKey,
};

function signerOf(mode: SignatureMode): TurnSigner {
  return new TurnSigner({ mode, scope: SCOPE, role: "initiator", sign: initiator.sign, createHash: sha256 });
}

function verifierOf(
  mode: SignatureMode,
  scope = SCOPE,
  role: "initiator" | "responder" = "initiator",
): TurnVerifier {
  return new TurnVerifier({ mode, scope, role, verify: verifyEd25519, createHash: sha256 });
}

describe("aitcp turns", () => {
  it("sign what the specification says", () => {
    const before = new Uint8Array(32).fill(1);
    const digest = new Uint8Array(32).fill(2);
    const expected = Buffer.concat([
      Buffer.from("AI-TCP/1 turn\0"),
      SCOPE.handshakeHash,
      SCOPE.initiator,
      SCOPE.responder,
      Buffer.from("r"),
      Buffer.from("0000000100000005", "hex"),
      Buffer.from("001fffffffffffff", "hex"),
      before,
      digest,
    ]);
    const text = signedText(SCOPE, "responder", 2 ** 32 + 5, Number.MAX_SAFE_INTEGER, before, digest);
    expect(Buffer.from(text).equals(expected)).to.equal(true);
  });

  it("hash as if all frames of a turn were one", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.uint8Array({ maxLength: 50 })), { maxLength: 5 }), (turns) => {
        const chain = new TurnChain(SCOPE, "initiator", sha256);
        let before: Uint8Array = new Uint8Array(32);
        turns.forEach((parts, number) => {
          for (const part of parts) chain.add(part, 0);
          const digest = createHash("sha256").update(Buffer.concat(parts)).digest();
          const expected = signedText(SCOPE, "initiator", number, number * 7, before, digest);
          expect(Buffer.from(chain.close(number * 7)).equals(expected)).to.equal(true);
          before = digest;
        });
      }),
    );
  });

  it("end when they are asked to, by messages and by age", () => {
    const signer = signerOf("turn");
    const frame = Uint8Array.of(1);
    expect([signer.isDue(0), signer.dueAtMs]).to.deep.equal([false, undefined]);
    signer.add(frame, 1, 5000);
    expect([signer.isDue(5999), signer.isDue(6000), signer.dueAtMs]).to.deep.equal([false, true, 6000]);
    expect(signer.end(5000).number).to.equal(0);
    signer.add(frame, MAX_TURN_MESSAGES - 1, 5000);
    expect(signer.isDue(5000)).to.equal(false);
    signer.add(frame, 1, 5000);
    expect(signer.isDue(5000)).to.equal(true);
    expect(signer.end(5000).number).to.equal(1);
    signer.add(frame, 0, 5000);
    // Who only acknowledges does not sign before its time.
    expect(signer.isDue(5000)).to.equal(false);
    signer.want();
    expect(signer.isDue(5000)).to.equal(true);
  });

  it("of mode packet end with each record, of mode none never", () => {
    const packet = signerOf("packet");
    packet.add(Uint8Array.of(1), 0, 0);
    expect(packet.isDue(0)).to.equal(true);
    const none = signerOf("none");
    none.add(Uint8Array.of(1), 1000, 0);
    none.want();
    expect([none.isDue(1e6), none.dueAtMs]).to.deep.equal([false, undefined]);
  });

  describe("verify", () => {
    function signedRecord(signer: TurnSigner): { record: Uint8Array; signature: Uint8Array } {
      const writer = new RecordWriter(new Uint8Array(200));
      writer.message(0, 0, 0, Uint8Array.of(1, 2, 3), true);
      signer.add(writer.turnFrames, writer.messages, 0);
      const turn = signer.end(1234);
      writer.turnEnd(turn.number, turn.timeMs);
      writer.pad(100);
      return { record: writer.record, signature: turn.signature };
    }
    const accept = (verifier: TurnVerifier, record: Uint8Array, signature: Uint8Array): boolean =>
      verifier.accept(record, readRecord(record), signature);

    it("what was signed, turn after turn", () => {
      const signer = signerOf("packet");
      const verifier = verifierOf("packet");
      for (let i = 0; i < 3; i++) {
        const { record, signature } = signedRecord(signer);
        expect(accept(verifier, record, signature)).to.equal(true);
      }
    });

    it("nothing that was altered, left out, repeated, or is of another side, identity or connection", () => {
      const cases: [string, () => boolean][] = [];
      const { record, signature } = signedRecord(signerOf("turn"));
      const bad = (name: string, run: () => boolean) => cases.push([name, run]);
      for (const at of [5, 7]) {
        const altered = record.slice();
        altered[at] ^= 1;
        bad(`byte ${at}`, () => accept(verifierOf("turn"), altered, signature));
      }
      const otherTime = record.slice();
      otherTime[otherTime.indexOf(0x0b) + 2] ^= 1;
      bad("time", () => accept(verifierOf("turn"), otherTime, signature));
      bad("signature", () =>
        accept(
          verifierOf("turn"),
          record,
          signature.map((byte, i) => (i === 9 ? byte ^ 4 : byte)),
        ),
      );
      bad("connection", () =>
        accept(verifierOf("turn", { ...SCOPE, handshakeHash: new Uint8Array(32) }), record, signature),
      );
      bad("side", () => accept(verifierOf("turn", SCOPE, "responder"), record, signature));
      const swapped = { ...SCOPE, initiator: SCOPE.responder, responder: SCOPE.initiator };
      bad("identity", () => accept(verifierOf("turn", swapped, "responder"), record, signature));
      bad("more frames", () => {
        const verifier = verifierOf("turn");
        verifier.add(Uint8Array.of(7, 1), 0);
        return accept(verifier, record, signature);
      });
      for (const [name, run] of cases) {
        expect(catchM2MError(run).code, name).to.equal("M2M_SIGNATURE_INVALID");
      }
    });

    it("only what the mode allows", () => {
      const { record, signature } = signedRecord(signerOf("turn"));
      const plain = Uint8Array.of(7, 1);
      const none = new Uint8Array(64);
      const repeated = verifierOf("turn");
      accept(repeated, record, signature);
      for (const [name, run] of [
        ["a turn in mode none", () => accept(verifierOf("none"), record, signature)],
        ["a record without turn in mode packet", () => accept(verifierOf("packet"), plain, none)],
        ["a signature without turn", () => accept(verifierOf("turn"), plain, signature)],
        ["a turn twice", () => accept(repeated, record, signature)],
      ] as [string, () => unknown][]) {
        expect(catchM2MError(run).code, name).to.equal("M2M_FRAME_UNEXPECTED");
      }
      expect(accept(verifierOf("none"), plain, none)).to.equal(false);
    });

    it("nothing of a peer that goes on without signing: by messages, by bytes, or behind CLOSE", () => {
      const plain = Uint8Array.of(7, 1);
      const none = new Uint8Array(64);
      const close = Uint8Array.of(0x0c, 0, 0);
      const many = verifierOf("turn");
      many.add(plain, MAX_TURN_MESSAGES);
      const long = verifierOf("turn");
      long.add(new Uint8Array(MAX_TURN_BYTES - 1), 1);
      expect(accept(long, plain, none)).to.equal(false);
      for (const [name, run] of [
        ["messages", () => accept(many, plain, none)],
        ["bytes", () => accept(long, plain, none)],
        ["CLOSE", () => accept(verifierOf("turn"), close, none)],
      ] as [string, () => unknown][]) {
        expect(catchM2MError(run).code, name).to.equal("M2M_TURN_UNSIGNED");
      }
      expect(accept(verifierOf("none"), close, none)).to.equal(false);
      const signer = signerOf("turn");
      signer.add(new Uint8Array(MAX_TURN_BYTES - 1), 1, 0);
      expect(signer.isDue(0)).to.equal(false);
      signer.add(Uint8Array.of(1), 0, 0);
      expect(signer.isDue(0)).to.equal(true);
    });

    it("and are overdue a minute after they began, unless the line or this process is slow", () => {
      const every = 10_000;
      const overdueAt = (verifier: TurnVerifier, onTick?: (nowMs: number) => boolean | void): number => {
        for (let nowMs = 0; nowMs < 1_000_000; nowMs += every) {
          const isReading = onTick?.(nowMs) ?? true;
          if (verifier.isOverdue(isReading, nowMs, every)) return nowMs;
        }
        return Infinity;
      };
      const ping = Uint8Array.of(7, 1);
      const begun = (): TurnVerifier => {
        const verifier = verifierOf("turn");
        verifier.add(ping, 1);
        return verifier;
      };
      expect(overdueAt(begun())).to.equal(MAX_TURN_AGE_MS);
      const pinging = begun();
      expect(overdueAt(pinging, () => pinging.add(ping, 0))).to.equal(MAX_TURN_AGE_MS);
      // Long ones may have their end behind what is on its way.
      const flowing = begun();
      expect(
        overdueAt(flowing, (nowMs) => void (nowMs < 300_000 && flowing.add(new Uint8Array(10_240), 0))),
      ).to.equal(299_000 + 1000 - every + MAX_TURN_AGE_MS);
      expect(overdueAt(begun(), (nowMs) => nowMs >= 200_000)).to.equal(200_000 + MAX_TURN_AGE_MS);
      const late = begun();
      expect(late.isOverdue(true, 0, every)).to.equal(false);
      expect(late.isOverdue(true, 500_000, every)).to.equal(false);
      expect(overdueAt(verifierOf("turn"))).to.equal(Infinity);
      const none = verifierOf("none");
      none.add(ping, 1);
      expect(overdueAt(none)).to.equal(Infinity);
      const signing = begun();
      const signer = signerOf("turn");
      signer.add(ping, 1, 0);
      const sign = (nowMs: number): void => {
        const turn = signer.end(nowMs);
        signing.end({ number: turn.number, timeMs: turn.timeMs }, turn.signature);
        signing.add(ping, 1);
        signer.add(ping, 1, nowMs);
      };
      expect(overdueAt(signing, sign)).to.equal(Infinity);
    });
  });
});
