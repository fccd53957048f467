import { expect } from "chai";
import { nodeCrypto, type Aead } from "../../../../src/transport/aitcp/crypto/index.js";
import { catchM2MError } from "../../../helpers/catch-error.js";
import { fromHex, readSharedVectors, toHex } from "../../../helpers/shared-vectors.js";
import { AEADS } from "./implementations.js";

interface WycheproofCase {
  tcId: number;
  result: "valid" | "invalid" | "acceptable";
  flags: string[];
}
type Hex<Names extends string> = WycheproofCase & Record<Names, string>;

interface WycheproofFile<Case, Group = unknown> {
  numberOfTests: number;
  testGroups: ({ tests: Case[] } & Group)[];
}

const crypto = nodeCrypto();

/** Runs every case of a file; `check` throws for one that is not as it should be. */
function runAll<Case extends WycheproofCase, Group = unknown>(
  test: Mocha.Context,
  name: string,
  check: (vector: Case, group: Group) => void,
): void {
  const file = readSharedVectors<WycheproofFile<Case, Group>>(test, `wycheproof/${name}_test.json`);
  let count = 0;
  for (const group of file.testGroups) {
    for (const vector of group.tests) {
      count++;
      try {
        check(vector, group);
      } catch (error) {
        throw new Error(`Case ${vector.tcId} (${vector.flags.join(", ")})`, { cause: error });
      }
    }
  }
  expect(count).to.equal(file.numberOfTests).and.above(80);
}

describe("AI-TCP: Wycheproof", () => {
  it("Ed25519", function () {
    runAll<Hex<"msg" | "sig">, { publicKey: { pk: string } }>(this, "ed25519", (vector, group) => {
      const key = fromHex(group.publicKey.pk);
      const isRight = crypto.verify(key, fromHex(vector.msg), fromHex(vector.sig));
      expect(isRight).to.equal(vector.result === "valid");
    });
  });

  /**
   * Of what is "acceptable" only `ZeroSharedSecret` is refused. Keys on the twist (`Twist`) and those that are not reduced
   * (`NonCanonicalPublic`) are taken, as RFC 7748, 5 asks for; `LowOrderPublic` and `SmallPublicKey` only come with the zero.
   */
  it("X25519", function () {
    runAll<Hex<"public" | "private" | "shared">>(this, "x25519", (vector) => {
      const agree = (): Uint8Array =>
        crypto.x25519KeyPair(fromHex(vector.private)).agree(fromHex(vector.public));
      if (vector.flags.includes("ZeroSharedSecret")) {
        expect(vector.result).to.equal("acceptable");
        expect(catchM2MError(agree).code).to.equal("M2M_AUTHENTICATION_FAILED");
      } else {
        expect(vector.result).not.to.equal("invalid");
        expect(toHex(agree())).to.equal(vector.shared);
      }
    });
  });

  it("HKDF-SHA-256", function () {
    runAll<Hex<"ikm" | "salt" | "info" | "okm"> & { size: number }>(this, "hkdf_sha256", (vector) => {
      const prk = crypto.hkdfExtract(fromHex(vector.salt), fromHex(vector.ikm));
      const expand = (): Uint8Array => crypto.hkdfExpand(prk, fromHex(vector.info), vector.size);
      if (vector.result === "valid") expect(toHex(expand())).to.equal(vector.okm);
      else expect(expand).to.throw(RangeError);
    });
  });

  it("HMAC-SHA-256", function () {
    runAll<Hex<"key" | "msg" | "tag">, { tagSize: number }>(this, "hmac_sha256", (vector, { tagSize }) => {
      const tag = crypto.hmac(fromHex(vector.key), fromHex(vector.msg)).subarray(0, tagSize / 8);
      expect(toHex(tag) === vector.tag).to.equal(vector.result === "valid");
    });
  });

  for (const { name, load } of AEADS) {
    it(`ChaCha20-Poly1305 of ${name}`, async function () {
      const aead: Aead = await load(this);
      runAll<Hex<"key" | "iv" | "aad" | "msg" | "ct" | "tag">>(this, "chacha20_poly1305", (vector) => {
        const [key, nonce, aad] = [fromHex(vector.key), fromHex(vector.iv), fromHex(vector.aad)];
        const sealed = fromHex(vector.ct + vector.tag);
        if (vector.flags.includes("InvalidNonceSize")) {
          expect(() => aead.seal(key, nonce, aad, fromHex(vector.msg))).to.throw(RangeError);
          expect(() => aead.open(key, nonce, aad, sealed)).to.throw(RangeError);
        } else if (vector.result === "invalid") {
          const error = catchM2MError(() => aead.open(key, nonce, aad, sealed));
          expect(error.code).to.equal("M2M_AUTHENTICATION_FAILED");
        } else {
          expect(toHex(aead.seal(key, nonce, aad, fromHex(vector.msg)))).to.equal(toHex(sealed));
          expect(toHex(aead.open(key, nonce, aad, sealed))).to.equal(vector.msg);
        }
      });
    });
  }
});
