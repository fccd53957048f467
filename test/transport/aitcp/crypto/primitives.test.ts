import { chacha20, chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { expect } from "chai";
import fc from "fast-check";
import { createCipheriv } from "node:crypto";
import { nodeCrypto, type Aead } from "../../../../src/transport/aitcp/crypto/index.js";
import { catchM2MError } from "../../../helpers/catch-error.js";
import { fromHex, toHex } from "../../../helpers/shared-vectors.js";
import { readVectors } from "../../../helpers/vectors.js";
import { AEADS } from "./implementations.js";
import { slowChaCha20Block } from "./slow-chacha20.js";

interface PrimitiveCase {
  name: string;
  message: string;
  key: string;
  nonce: string;
  associatedData: string;
  sealed: string;
  counterAndNonce: string;
  mask: string;
  sha256: string;
  hmac: string;
  hkdf: string;
  x25519: { privateKey: string; publicKey: string; peerPublicKey: string; shared: string };
  ed25519: { seed: string; publicKey: string; signature: string };
}

const CASES = readVectors<PrimitiveCase>("aitcp/primitives.json");
const crypto = nodeCrypto();
const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

describe("AI-TCP: primitives", () => {
  for (const vector of CASES) {
    it(`agrees with @noble on ${vector.name}`, () => {
      const message = fromHex(vector.message);
      const key = fromHex(vector.key);
      expect(toHex(crypto.sha256(message))).to.equal(vector.sha256);
      const incremental = crypto.createSha256();
      for (let at = 0; at < message.length; at += 7) incremental.update(message.subarray(at, at + 7));
      expect(toHex(incremental.digest())).to.equal(vector.sha256);
      expect(toHex(crypto.hmac(key, message))).to.equal(vector.hmac);
      const prk = crypto.hkdfExtract(fromHex(vector.nonce), key);
      const expanded = crypto.hkdfExpand(prk, fromHex(vector.associatedData), message.length);
      expect(toHex(expanded)).to.equal(vector.hkdf);

      const pair = crypto.x25519KeyPair(fromHex(vector.x25519.privateKey));
      expect(toHex(pair.publicKey)).to.equal(vector.x25519.publicKey);
      expect(toHex(pair.agree(fromHex(vector.x25519.peerPublicKey)))).to.equal(vector.x25519.shared);

      const identity = crypto.ed25519KeyPair(fromHex(vector.ed25519.seed));
      expect(toHex(identity.publicKey)).to.equal(vector.ed25519.publicKey);
      expect(toHex(identity.sign(message))).to.equal(vector.ed25519.signature);
      const signature = fromHex(vector.ed25519.signature);
      expect(crypto.verify(identity.publicKey, message, signature)).to.equal(true);
      signature[signature.length - 40] ^= 1;
      expect(crypto.verify(identity.publicKey, message, signature)).to.equal(false);
    });
  }

  it("expands a text as its bytes, up to 255 blocks", () => {
    const key = new Uint8Array(32).fill(7);
    expect(crypto.hkdfExpand(key, "AI-TCP/1 key", 8160)).to.deep.equal(
      crypto.hkdfExpand(key, Buffer.from("AI-TCP/1 key"), 8160),
    );
    expect(() => crypto.hkdfExpand(key, "", 8161)).to.throw(RangeError);
  });

  it("derives what @noble derives", () => {
    const arguments_ = fc.tuple(
      bytes(32),
      fc.uint8Array(),
      fc.uint8Array(),
      fc.integer({ min: 1, max: 200 }),
    );
    fc.assert(
      fc.property(arguments_, ([key, salt, info, length]) => {
        const output = crypto.hkdfExpand(crypto.hkdfExtract(salt, key), info, length);
        expect(toHex(output)).to.equal(toHex(hkdf(sha256, key, salt, info, length)));
        expect(toHex(crypto.hmac(salt, info))).to.equal(toHex(hmac(sha256, salt, info)));
      }),
    );
  });

  it("makes pairs that agree", () => {
    const one = crypto.generateX25519();
    const other = crypto.generateX25519();
    expect(one.publicKey).to.have.length(32);
    expect(one.publicKey).not.to.deep.equal(other.publicKey);
    expect(one.agree(other.publicKey)).to.deep.equal(other.agree(one.publicKey));
  });

  it("agrees with static keys as with others, again and again, whatever is done to the secret", () => {
    const pair = crypto.generateX25519();
    const peers = Array.from({ length: 1030 }, () => crypto.x25519KeyPair(crypto.randomBytes(32)));
    for (const { publicKey } of [...peers, ...peers.slice(0, 20), ...peers.slice(-20)]) {
      const secret = pair.agreeStatic(publicKey);
      expect(toHex(secret)).to.equal(toHex(pair.agree(publicKey)));
      secret.fill(0);
    }
    const zero = new Uint8Array(32);
    for (let turn = 0; turn < 2; turn++) {
      expect(catchM2MError(() => pair.agreeStatic(zero)).code).to.equal("M2M_AUTHENTICATION_FAILED");
    }
  });

  it("refuses keys that are not of 32 bytes", () => {
    const pair = crypto.generateX25519();
    for (const length of [0, 31, 33]) {
      const key = new Uint8Array(length).fill(9);
      expect(catchM2MError(() => crypto.x25519KeyPair(key)).code).to.equal("M2M_KEY_INVALID");
      expect(catchM2MError(() => crypto.ed25519KeyPair(key)).code).to.equal("M2M_KEY_INVALID");
      expect(catchM2MError(() => pair.agree(key)).code).to.equal("M2M_KEY_INVALID");
      expect(crypto.verify(key, key, new Uint8Array(64))).to.equal(false);
    }
  });
});

for (const { name, load } of AEADS) {
  describe(`AI-TCP: ChaCha20-Poly1305 of ${name}`, () => {
    let aead: Aead;
    before(async function () {
      aead = await load(this);
    });

    it("agrees with the vectors", () => {
      for (const vector of CASES) {
        const [key, nonce] = [fromHex(vector.key), fromHex(vector.nonce)];
        const associatedData = fromHex(vector.associatedData);
        const sealed = aead.seal(key, nonce, associatedData, fromHex(vector.message));
        expect(toHex(sealed)).to.equal(vector.sealed);
        expect(toHex(aead.open(key, nonce, associatedData, sealed))).to.equal(vector.message);
        const mask = aead.chacha20Mask(key, fromHex(vector.counterAndNonce), vector.message.length / 2);
        expect(toHex(mask)).to.equal(vector.mask);
      }
    });

    it("agrees with @noble on anything, and refuses what was changed", () => {
      const anything = fc.tuple(bytes(32), bytes(12), fc.uint8Array(), fc.uint8Array(), fc.nat());
      fc.assert(
        fc.property(anything, ([key, nonce, associatedData, plaintext, place]) => {
          const sealed = aead.seal(key, nonce, associatedData, plaintext);
          expect(toHex(sealed)).to.equal(
            toHex(chacha20poly1305(key, nonce, associatedData).encrypt(plaintext)),
          );
          expect(toHex(aead.open(key, nonce, associatedData, sealed))).to.equal(toHex(plaintext));
          const changed = Uint8Array.from(sealed);
          changed[place % changed.length] ^= 1 << (place % 8);
          for (const wrong of [changed, sealed.subarray(0, place % sealed.length)]) {
            const error = catchM2MError(() => aead.open(key, nonce, associatedData, wrong));
            expect(error.code).to.equal("M2M_AUTHENTICATION_FAILED");
          }
          const otherData = Uint8Array.of(...associatedData, 0);
          const error = catchM2MError(() => aead.open(key, nonce, otherData, sealed));
          expect(error.code).to.equal("M2M_AUTHENTICATION_FAILED");
        }),
      );
    });

    it("masks as @noble does, from a view into other memory", () => {
      fc.assert(
        fc.property(bytes(32), bytes(20), fc.integer({ min: 1, max: 84 }), (key, memory, length) => {
          const sample = memory.subarray(3, 19);
          const counter = new DataView(memory.buffer, 3).getUint32(0, true);
          fc.pre(counter < 0xffff_fffe);
          expect(toHex(aead.chacha20Mask(key, sample, length))).to.equal(
            toHex(chacha20(key, sample.subarray(4), new Uint8Array(length), undefined, counter)),
          );
        }),
      );
    });

    it("masks as the cipher object of OpenSSL does, into memory that is there", () => {
      fc.assert(
        fc.property(bytes(32), bytes(16), fc.integer({ min: 0, max: 300 }), (key, sample, length) => {
          fc.pre(new DataView(sample.buffer).getUint32(0, true) < 0xffff_fff0);
          const target = new Uint8Array(length + 9).fill(7);
          aead.chacha20Mask(key, sample, length, target);
          const expected = createCipheriv("chacha20", key, sample).update(new Uint8Array(length));
          expect(toHex(target)).to.equal(`${toHex(expected)}${"07".repeat(9)}`);
        }),
      );
    });

    it("seals in parts what it seals as a whole", () => {
      fc.assert(
        fc.property(bytes(32), bytes(12), fc.uint8Array(), fc.uint8Array(), (key, nonce, data, plaintext) => {
          const { ciphertext, tag } = aead.sealParts(key, nonce, data, plaintext);
          expect(ciphertext.length).to.equal(plaintext.length);
          expect(toHex(ciphertext) + toHex(tag)).to.equal(toHex(aead.seal(key, nonce, data, plaintext)));
        }),
      );
    });

    it("goes from the last counter to 0", () => {
      const key = new Uint8Array(32).fill(5);
      const sample = new Uint8Array(16).fill(0xff);
      const counters = [0xffff_ffff, 0, 1, 2];
      const blocks = counters.map((counter) => slowChaCha20Block(key, counter, sample.subarray(4)));
      const expected = toHex(Buffer.concat(blocks));
      for (const length of [1, 64, 65, 84, 200]) {
        expect(toHex(aead.chacha20Mask(key, sample, length))).to.equal(expected.slice(0, length * 2));
      }
    });

    it("takes keys and nonces of their lengths only", () => {
      const [key, nonce, none] = [new Uint8Array(32), new Uint8Array(12), new Uint8Array(0)];
      for (const length of [0, 8, 11, 13, 24]) {
        expect(() => aead.seal(key, new Uint8Array(length), none, none)).to.throw(RangeError);
        expect(() => aead.open(key, new Uint8Array(length), none, new Uint8Array(16))).to.throw(RangeError);
        expect(() => aead.chacha20Mask(key, new Uint8Array(length + 4), 1)).to.throw(RangeError);
      }
      for (const length of [0, 16, 31, 33]) {
        expect(() => aead.seal(new Uint8Array(length), nonce, none, none)).to.throw(RangeError);
        expect(() => aead.open(new Uint8Array(length), nonce, none, new Uint8Array(16))).to.throw(RangeError);
        expect(() => aead.chacha20Mask(new Uint8Array(length), new Uint8Array(16), 1)).to.throw(RangeError);
      }
    });
  });
}
