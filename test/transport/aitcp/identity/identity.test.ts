import { expect } from "chai";
import fc from "fast-check";
import { nodeCrypto } from "../../../../src/transport/aitcp/crypto/index.js";
import {
  CERTIFICATE_BYTES,
  checkCertificate,
  fingerprint,
  formatIdentity,
  generateIdentity,
  identityFromSeed,
  issueCertificate,
  parseCertificate,
  parseIdentity,
} from "../../../../src/transport/aitcp/identity/index.js";
import { catchM2MError } from "../../../helpers/catch-error.js";
import { fromHex, toHex } from "../../../helpers/shared-vectors.js";
import { readVectors } from "../../../helpers/vectors.js";

interface IdentityCase {
  name: string;
  message: string;
  ed25519: { seed: string; publicKey: string; signature: string };
  identity: {
    staticPublicKey: string;
    issuerSeed: string;
    notBefore: number;
    notAfter: number;
    certificate: string;
  };
}

const CASES = readVectors<IdentityCase>("aitcp/primitives.json");
const crypto = nodeCrypto();

describe("AI-TCP: identities", () => {
  it("agree with the vectors: name, static key, signature, certificate", () => {
    for (const { message, ed25519, identity: expected } of CASES) {
      const identity = identityFromSeed(crypto, fromHex(ed25519.seed));
      expect(toHex(identity.publicKey)).to.equal(ed25519.publicKey);
      expect(toHex(identity.staticPair.publicKey)).to.equal(expected.staticPublicKey);
      expect(toHex(identity.sign(fromHex(message)))).to.equal(ed25519.signature);
      const issuer = identityFromSeed(crypto, fromHex(expected.issuerSeed));
      const { notBefore, notAfter } = expected;
      const certificate = issueCertificate(issuer, identity.publicKey, notBefore, notAfter);
      expect(toHex(certificate)).to.equal(expected.certificate);
      expect(parseCertificate(certificate)).to.deep.include({ notBefore, notAfter });
    }
  });

  it("are new each time, and the same of the same seed", () => {
    const [one, other] = [generateIdentity(crypto), generateIdentity(crypto)];
    expect(one.publicKey).not.to.deep.equal(other.publicKey);
    const again = identityFromSeed(crypto, one.exportSeed());
    expect(again.publicKey).to.deep.equal(one.publicKey);
    expect(again.staticPair.agree(other.staticPair.publicKey)).to.deep.equal(
      other.staticPair.agree(one.staticPair.publicKey),
    );
    one.forgetSeed();
    expect(one.exportSeed()).to.deep.equal(new Uint8Array(32));
    const message = Uint8Array.of(1);
    expect(crypto.verify(again.publicKey, message, one.sign(message))).to.equal(true);
  });

  it("refuse seeds of other lengths", () => {
    for (const length of [0, 31, 33, 64]) {
      const error = catchM2MError(() => identityFromSeed(crypto, new Uint8Array(length)));
      expect(error.code).to.equal("M2M_KEY_INVALID");
    }
  });
});

describe("AI-TCP: the text of an identity", () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 });

  it("comes back from each spelling", () => {
    fc.assert(
      fc.property(key, (publicKey) => {
        const text = formatIdentity(publicKey);
        expect(text).to.match(/^aitcp:[\w-]{43}$/);
        const buffer = Buffer.from(publicKey);
        const pem = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), buffer]).toString(
          "base64",
        );
        for (const spelling of [
          text,
          ` ${text}\n`,
          text.slice(6),
          buffer.toString("hex"),
          buffer.toString("hex").toUpperCase(),
          buffer.toString("base64"),
          `-----BEGIN PUBLIC KEY-----\n${pem}\n-----END PUBLIC KEY-----\n`,
        ]) {
          expect(toHex(parseIdentity(spelling))).to.equal(toHex(publicKey));
        }
      }),
    );
  });

  it("has one spelling in base64url: spare bits are refused", () => {
    const text = formatIdentity(new Uint8Array(32));
    for (const last of "BCDZz19-_") {
      const error = catchM2MError(() => parseIdentity(text.slice(0, -1) + last));
      expect(error.code).to.equal("M2M_KEY_INVALID");
    }
  });

  it("is nothing else", () => {
    const x25519 =
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----";
    const broken = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
    for (const text of [
      "",
      "aitcp:",
      "aitcp:abc",
      "ab".repeat(31),
      "ab".repeat(33),
      "zz".repeat(32),
      x25519,
      broken,
    ]) {
      expect(catchM2MError(() => parseIdentity(text)).code).to.equal("M2M_KEY_INVALID");
    }
  });

  it("has a short form for people", () => {
    const [one, other] = [0, 1].map((byte) => fingerprint(new Uint8Array(32).fill(byte)));
    // The first 64 bits of SHA-256 of 32 zero bytes.
    expect(one).to.equal("6668-7aad-f862-bd77");
    expect(other)
      .to.match(/^([0-9a-f]{4}-){3}[0-9a-f]{4}$/)
      .and.not.equal(one);
  });
});

describe("AI-TCP: certificates", () => {
  const issuer = generateIdentity(crypto);
  const subject = generateIdentity(crypto).publicKey;
  const bytes = issueCertificate(issuer, subject, 1000, 2000);

  it("hold from their first second to their last", () => {
    const certificate = parseCertificate(bytes);
    const stateAt = (nowMs: number): string => checkCertificate(crypto, certificate, subject, nowMs);
    expect([999_999, 1_000_000, 2_000_999, 2_001_000].map(stateAt)).to.deep.equal([
      "early",
      "valid",
      "valid",
      "expired",
    ]);
  });

  it("are forged if any bit is changed, or for another identity", () => {
    for (let place = 0; place < bytes.length; place++) {
      const changed = Uint8Array.from(bytes);
      // The highest bits of a time would make it too large to be read.
      changed[place] ^= 1;
      if (place === 32 || place === 40) continue;
      expect(checkCertificate(crypto, parseCertificate(changed), subject, 1_500_000)).to.equal("forged");
    }
    expect(checkCertificate(crypto, parseCertificate(bytes), issuer.publicKey, 1_500_000)).to.equal("forged");
  });

  it("have one length and times that are exact", () => {
    for (const length of [0, CERTIFICATE_BYTES - 1, CERTIFICATE_BYTES + 1]) {
      const error = catchM2MError(() => parseCertificate(new Uint8Array(length)));
      expect(error).to.include({ code: "M2M_CERTIFICATE_INVALID", offset: length });
    }
    const late = Uint8Array.from(bytes).fill(0xff, 40, 48);
    expect(catchM2MError(() => parseCertificate(late))).to.include({
      code: "M2M_CERTIFICATE_INVALID",
      offset: 40,
    });
  });

  it("cannot be issued for a time that is none", () => {
    for (const [from, to] of [
      [2, 1],
      [-1, 1],
      [0.5, 1],
      [0, Infinity],
      [NaN, 1],
    ]) {
      expect(() => issueCertificate(issuer, subject, from, to)).to.throw(RangeError);
    }
  });
});
