import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import type { CreateHash, Sign, Verify } from "../../../../src/transport/aitcp/turn/index.js";

const PRIVATE_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** An identity from the SHA-256 of a name, which is its seed. */
export function identityOf(name: string): { publicKey: Uint8Array; sign: Sign } {
  const seed = createHash("sha256").update(name).digest();
  const key: KeyObject = createPrivateKey({
    key: Buffer.concat([PRIVATE_PREFIX, seed]),
    format: "der",
    type: "pkcs8",
  });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicKey: Uint8Array.from(spki.subarray(-32)),
    sign: (bytes) => Uint8Array.from(sign(null, bytes, key)),
  };
}

export const verifyEd25519: Verify = (identity, bytes, signature) => {
  const key = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, identity]), format: "der", type: "spki" });
  return verify(null, bytes, key, signature);
};

export const sha256: CreateHash = () => createHash("sha256");
