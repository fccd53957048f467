import { createHash, createPublicKey } from "node:crypto";
import { assertBytes } from "../../../shared/content.js";
import { InputError } from "../../../shared/errors.js";
import { tryParseKeyText } from "./key-text.js";

/** So that no identity begins with a hyphen, which commands would read as a flag. */
const PREFIX = "aitcp:";
/** What PEM texts of public keys begin with. */
const PEM = "-----BEGIN PUBLIC KEY-----";

/** The text of a public identity: `aitcp:` and base64url, 49 characters. @throws {InputError} `M2M_USAGE` if it is no Uint8Array */
export function formatIdentity(publicKey: Uint8Array): string {
  assertBytes("A public key", publicKey);
  return PREFIX + Buffer.from(publicKey).toString("base64url");
}

/**
 * The public key that a text names: what `formatIdentity` gives, with `aitcp:` or without, 64 hexadecimal digits, base64, or a
 * PEM text (SPKI, RFC 8410).
 * @throws {InputError} `M2M_KEY_INVALID`
 */
export function parseIdentity(text: string): Uint8Array {
  const trimmed = typeof text === "string" ? text.trim() : "";
  const key = trimmed.startsWith(PEM)
    ? tryParsePem(trimmed)
    : tryParseKeyText(trimmed.startsWith(PREFIX) ? trimmed.slice(PREFIX.length) : trimmed);
  if (key) return key;
  throw new InputError("M2M_KEY_INVALID", "This is no identity.", {
    hint: "An identity is aitcp: and 43 letters, as m2m keygen prints it, or 64 hexadecimal digits, or a PEM file.",
  });
}

/** Something short that people can compare, such as `5f2c-0a91-77be-d013`: 64 bits of the key's SHA-256. */
export function fingerprint(publicKey: Uint8Array): string {
  const digits = createHash("sha256").update(publicKey).digest("hex").slice(0, 16);
  return digits.replace(/(.{4})(?!$)/g, "$1-");
}

/** Whether two public identities are the same. */
export function isSameIdentity(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one.buffer, one.byteOffset, one.length).equals(other);
}

function tryParsePem(text: string): Uint8Array | undefined {
  try {
    const key = createPublicKey(text);
    if (key.asymmetricKeyType !== "ed25519") return undefined;
    return Uint8Array.from(Buffer.from(key.export({ format: "jwk" }).x as string, "base64url"));
  } catch {
    return undefined;
  }
}
