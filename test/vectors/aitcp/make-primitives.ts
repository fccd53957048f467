/**
 * Makes `primitives.json` by @noble with fixed keys: node --import tsx test/vectors/aitcp/make-primitives.ts
 */
import { chacha20, chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { writeFileSync } from "node:fs";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** `length` bytes that are always the same for a label. */
function bytesOf(label: string, length: number): Uint8Array {
  return length === 0 ? new Uint8Array(0) : hkdf(sha256, Buffer.from(label), undefined, undefined, length);
}

/** What the page says of keys: the static key, and a certificate that the organisation with `issuerSeed` issues. */
function makeIdentity(seed: Uint8Array, issuerSeed: Uint8Array, number: number): Record<string, string | number> {
  const staticKey = hkdf(sha256, seed, Buffer.from("AI-TCP/1 static"), Buffer.from("x25519"), 32);
  const notBefore = 1_700_000_000 + number;
  const notAfter = notBefore + 86_400 * number;
  const times = Buffer.alloc(16);
  times.writeBigUInt64BE(BigInt(notBefore), 0);
  times.writeBigUInt64BE(BigInt(notAfter), 8);
  const identity = ed25519.getPublicKey(seed);
  const signed = Buffer.concat([Buffer.from("AI-TCP/1 certificate\0"), identity, times]);
  const certificate = [ed25519.getPublicKey(issuerSeed), times, ed25519.sign(signed, issuerSeed)];
  return {
    staticPublicKey: hex(x25519.getPublicKey(staticKey)),
    issuerSeed: hex(issuerSeed),
    notBefore,
    notAfter,
    certificate: hex(Buffer.concat(certificate)),
  };
}

const LENGTHS = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 84, 255, 300, 1024];

const cases = LENGTHS.map((length) => {
  const of = (name: string, size: number): Uint8Array => bytesOf(`${name} ${length}`, size);
  const message = of("message", length);
  const key = of("key", 32);
  const nonce = of("nonce", 12);
  const counterAndNonce = of("counter", 16);
  const associatedData = of("associated data", (length * 7) % 50);
  const privateKey = of("private", 32);
  const peerPrivateKey = of("peer", 32);
  const peerPublicKey = x25519.getPublicKey(peerPrivateKey);
  const counter = Buffer.from(counterAndNonce).readUInt32LE(0);
  return {
    name: `${length} bytes`,
    message: hex(message),
    key: hex(key),
    nonce: hex(nonce),
    associatedData: hex(associatedData),
    sealed: hex(chacha20poly1305(key, nonce, associatedData).encrypt(message)),
    counterAndNonce: hex(counterAndNonce),
    mask: hex(chacha20(key, counterAndNonce.subarray(4), new Uint8Array(length), undefined, counter)),
    sha256: hex(sha256(message)),
    hmac: hex(hmac(sha256, key, message)),
    hkdf: hex(length === 0 ? message : hkdf(sha256, key, nonce, associatedData, length)),
    x25519: {
      privateKey: hex(privateKey),
      publicKey: hex(x25519.getPublicKey(privateKey)),
      peerPublicKey: hex(peerPublicKey),
      shared: hex(x25519.getSharedSecret(privateKey, peerPublicKey)),
    },
    ed25519: {
      seed: hex(privateKey),
      publicKey: hex(ed25519.getPublicKey(privateKey)),
      signature: hex(ed25519.sign(message, privateKey)),
    },
    identity: makeIdentity(privateKey, peerPrivateKey, length),
  };
});

const file = new URL("primitives.json", import.meta.url);
writeFileSync(file, `${JSON.stringify({ cases }, null, 2)}\n`);
