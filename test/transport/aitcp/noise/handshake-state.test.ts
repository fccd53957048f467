import { expect } from "chai";
import fc from "fast-check";
import { M2MError } from "../../../../src/shared/errors.js";
import { CipherState, HandshakeState } from "../../../../src/transport/aitcp/noise/index.js";
import { catchM2MError } from "../../../helpers/catch-error.js";
import { fromHex } from "../../../helpers/shared-vectors.js";
import { readVectors } from "../../../helpers/vectors.js";
import { crypto, patternOf, sideOf, type NoiseVector } from "./noise-vector.js";

const VECTORS = readVectors<NoiseVector>("aitcp/noise.json").filter(
  ({ messages }) => messages[0].payload.length === 2,
);
const NONE = new Uint8Array(0);

function vectorOf(pattern: string): NoiseVector {
  return VECTORS.find((vector) => patternOf(vector) === pattern)!;
}

/**
 * Runs a handshake in which message `changedAt` is changed on its way, and one message behind it.
 * @returns what went wrong
 */
function runChanged(
  vector: NoiseVector,
  changedAt: number,
  change: (message: Uint8Array) => Uint8Array,
): void {
  const sides = [sideOf(vector, true), sideOf(vector, false)];
  let number = 0;
  for (; !sides.every((side) => side.isFinished); number++) {
    const [sender, receiver] = number % 2 === 0 ? sides : [sides[1], sides[0]];
    const message = sender.writeMessage(fromHex(vector.messages[number].payload));
    receiver.readMessage(number === changedAt ? change(message) : message);
  }
  const [sender, receiver] = number % 2 === 0 ? sides : [sides[1], sides[0]];
  const direction = number % 2;
  const sealed = new CipherState(crypto, sender.split()[direction]).encryptWithAd(NONE, NONE);
  new CipherState(crypto, receiver.split()[direction]).decryptWithAd(NONE, sealed);
}

describe("AI-TCP: handshake state", () => {
  for (const vector of VECTORS) {
    const pattern = patternOf(vector);

    it(`${pattern}: refuses each bit that is flipped, at once or at the next step`, () => {
      const sizes = handshakeSizes(vector);
      expect(() => runChanged(vector, -1, (message) => message)).not.to.throw();
      sizes.forEach((size, number) => {
        for (let place = 0; place < size; place++) {
          const flip = (message: Uint8Array): Uint8Array => {
            const changed = Uint8Array.from(message);
            changed[place] ^= 1 << ((place * 5 + number) % 8);
            return changed;
          };
          const error = catchM2MError(() => runChanged(vector, number, flip));
          expect(error.code).to.equal("M2M_AUTHENTICATION_FAILED");
        }
      });
    });

    it(`${pattern}: refuses messages that are cut or go on`, () => {
      handshakeSizes(vector).forEach((size, number) => {
        for (let length = 0; length < size; length++) {
          const error = catchM2MError(() =>
            runChanged(vector, number, (message) => message.subarray(0, length)),
          );
          expect(error.code).to.be.oneOf(["M2M_HANDSHAKE_INVALID", "M2M_AUTHENTICATION_FAILED"]);
        }
        const longer = (message: Uint8Array): Uint8Array => Uint8Array.of(...message, 0);
        const error = catchM2MError(() => runChanged(vector, number, longer));
        expect(error.code).to.equal("M2M_AUTHENTICATION_FAILED");
      });
    });
  }

  it("tells a message that is too short from one that is not authentic", () => {
    const responder = sideOf(vectorOf("IK"), false);
    const error = catchM2MError(() => responder.readMessage(new Uint8Array(31)));
    expect(error).to.include({ code: "M2M_HANDSHAKE_INVALID", offset: 31 });
    const tooLong = sideOf(vectorOf("XX"), false);
    const limit = catchM2MError(() => tooLong.readMessage(new Uint8Array(65_536)));
    expect(limit.code).to.equal("M2M_HANDSHAKE_INVALID");
  });

  it("throws only what is of the taxonomy, whatever comes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...VECTORS), (message, vector) => {
        const responder = sideOf(vector, false);
        try {
          responder.readMessage(message);
        } catch (error) {
          expect(error).to.be.instanceOf(M2MError);
        }
      }),
    );
  });

  it("refuses an ephemeral key of small order", () => {
    const responder = sideOf(vectorOf("IK"), false);
    const error = catchM2MError(() => responder.readMessage(new Uint8Array(96)));
    expect(error.code).to.equal("M2M_AUTHENTICATION_FAILED");
    expect(error.message).to.contain("small order");
  });

  it("is over after a message that was refused", () => {
    const vector = vectorOf("IK");
    const responder = sideOf(vector, false);
    catchM2MError(() => responder.readMessage(new Uint8Array(10)));
    const good = sideOf(vector, true).writeMessage(NONE);
    expect(() => responder.readMessage(good)).to.throw("The handshake is over.");
    expect(() => responder.split()).to.throw("not finished");
  });

  it("fails with another prologue, another pre-shared key, and a responder that is not the one meant", () => {
    const vector = vectorOf("IKpsk2");
    const otherKey = "11".repeat(32);
    for (const change of [
      { resp_prologue: "00" },
      { resp_psks: [otherKey] },
      { resp_static: otherKey },
      { init_psks: [otherKey] },
    ]) {
      const error = catchM2MError(() => runChanged({ ...vector, ...change }, -1, (message) => message));
      expect(error.code).to.equal("M2M_AUTHENTICATION_FAILED");
    }
  });

  it("takes the pre-shared key between the messages, as a responder learns it from the first", () => {
    const vector = vectorOf("IKpsk2");
    const [initiator, responder] = [sideOf(vector, true), sideOf(vector, false, false)];
    responder.readMessage(initiator.writeMessage(NONE));
    responder.setPsk(fromHex(vector.resp_psks![0]));
    initiator.readMessage(responder.writeMessage(NONE));
    expect(initiator.split()).to.deep.equal(responder.split());

    const late = sideOf(vector, false, false);
    late.readMessage(sideOf(vector, true).writeMessage(NONE));
    expect(() => late.writeMessage(NONE)).to.throw("not set in time");
  });

  it("makes its own ephemeral pair, another each time", () => {
    const s = crypto.generateX25519();
    const begin = (): HandshakeState =>
      new HandshakeState({ crypto, pattern: "XX", isInitiator: true, prologue: NONE, s });
    const [one, other] = [begin(), begin()];
    const [first, second] = [one.writeMessage(NONE), other.writeMessage(NONE)];
    expect(first).to.have.length(32).and.deep.equal(one.localEphemeral);
    expect(second).not.to.deep.equal(first);
  });

  it("says whose turn it is, and what it cannot begin with", () => {
    const vector = vectorOf("XX");
    const [initiator, responder] = [sideOf(vector, true), sideOf(vector, false)];
    expect(() => responder.writeMessage(NONE)).to.throw("not the turn");
    expect(() => initiator.readMessage(NONE)).to.throw("not the turn");
    expect(() => initiator.split()).to.throw("not finished");
    expect(() => initiator.setPsk(new Uint8Array(32))).to.throw(RangeError);
    const options = { crypto, isInitiator: true, prologue: NONE, s: crypto.generateX25519() };
    for (const pattern of ["", "NN", "XXpsk4", "IKpsk3", "XXpsk", "XX1", "constructor", "XXpsk0+psk1"]) {
      expect(() => new HandshakeState({ ...options, pattern })).to.throw(RangeError);
    }
    expect(() => new HandshakeState({ ...options, pattern: "IK" })).to.throw(RangeError);
    expect(() => new HandshakeState({ ...options, pattern: "IK", rs: NONE })).to.throw(RangeError);
    const short = { ...options, pattern: "XXpsk3", psk: new Uint8Array(31) };
    expect(() => new HandshakeState(short)).to.throw(RangeError);
  });

  it("writes no message that is longer than Noise allows", () => {
    const [longest, tooLong] = [sideOf(vectorOf("XX"), true), sideOf(vectorOf("XX"), true)];
    const payload = new Uint8Array(65_535 - 32);
    expect(longest.writeMessage(payload)).to.have.length(65_535);
    expect(() => tooLong.writeMessage(new Uint8Array(payload.length + 1))).to.throw(RangeError);
  });
});

describe("AI-TCP: cipher state", () => {
  it("refuses to use a nonce twice", () => {
    const cipher = new CipherState(crypto, new Uint8Array(32));
    cipher.setNonce(Number.MAX_SAFE_INTEGER - 1);
    const sealed = cipher.encryptWithAd(NONE, NONE);
    expect(() => cipher.encryptWithAd(NONE, NONE)).to.throw("used up");
    expect(() => cipher.decryptWithAd(NONE, sealed)).to.throw("used up");
  });

  it("keeps its nonce when a tag is wrong", () => {
    const [sender, receiver] = [1, 2].map(() => new CipherState(crypto, new Uint8Array(32).fill(3)));
    const sealed = sender.encryptWithAd(NONE, Uint8Array.of(1, 2));
    catchM2MError(() => receiver.decryptWithAd(NONE, new Uint8Array(18)));
    expect([...receiver.decryptWithAd(NONE, sealed)]).to.deep.equal([1, 2]);
  });

  it("forgets the key", () => {
    const key = new Uint8Array(32).fill(3);
    const cipher = new CipherState(crypto, key);
    cipher.destroy();
    expect(cipher.hasKey()).to.equal(false);
    expect(key.every((byte) => byte === 0)).to.equal(true);
  });
});

/** Bytes of each message of the handshake. */
function handshakeSizes(vector: NoiseVector): number[] {
  const count = patternOf(vector).startsWith("XX") ? 3 : 2;
  return vector.messages.slice(0, count).map(({ ciphertext }) => ciphertext.length / 2);
}
