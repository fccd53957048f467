import { createPrivateKey, type KeyObject } from "node:crypto";
import { InputError } from "../../../shared/errors.js";
import { KEY_BYTES, pkcs8Of } from "../crypto/index.js";
import { tryParseKeyText } from "./key-text.js";

/** `pem` is PKCS#8, which OpenSSL reads; `raw` is the seed, 32 bytes. */
export type KeyFormat = "pem" | "raw";

/**
 * The content of a key file.
 * @param passphrase encrypts PEM: PBES2 with AES-256-CBC, and the rounds of PBKDF2 that OpenSSL takes by itself (2,048), so a long
 *   passphrase is needed
 * @throws {InputError} `M2M_USAGE` for a passphrase with `raw`, or an empty one
 */
export function encodeKey(seed: Uint8Array, format: KeyFormat, passphrase?: string): Uint8Array {
  if (passphrase === "") throw new InputError("M2M_USAGE", "The passphrase is empty.");
  if (format === "raw") {
    if (passphrase === undefined) return Uint8Array.from(seed);
    throw new InputError("M2M_USAGE", "A raw key cannot be encrypted.", { hint: "Use the format pem." });
  }
  const der = pkcs8Of("Ed25519", seed);
  try {
    const bytes = Buffer.from(der.buffer, der.byteOffset, der.length);
    const key = createPrivateKey({ key: bytes, format: "der", type: "pkcs8" });
    const encryption = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
    return Buffer.from(key.export({ format: "pem", type: "pkcs8", ...encryption }));
  } finally {
    der.fill(0);
  }
}

/**
 * The seed in a key file: PEM (PKCS#8, encrypted or not), 32 raw bytes, 64 hexadecimal digits, base64 or base64url.
 * @param name what messages call it
 * @throws {InputError} `M2M_KEY_INVALID`; `M2M_KEY_REQUIRED` if it is encrypted and there is no passphrase
 */
export function decodeKey(content: Uint8Array, name: string, passphrase?: string): Uint8Array {
  const text = Buffer.from(content.buffer, content.byteOffset, content.length).toString("latin1").trim();
  if (text.startsWith("-----BEGIN ")) return seedOf(importPem(text, name, passphrase), name);
  const seed = content.length === KEY_BYTES ? Uint8Array.from(content) : tryParseKeyText(text);
  if (seed) return seed;
  throw invalid(name, "it is neither PEM nor 32 bytes, in hexadecimal digits, base64 or raw");
}

function importPem(text: string, name: string, passphrase: string | undefined): KeyObject {
  const isEncrypted = /^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(text);
  if (isEncrypted && passphrase === undefined) {
    throw new InputError("M2M_KEY_REQUIRED", `${name} is encrypted and there is no passphrase.`, {
      hint: "Give it with --passphrase-file, or in M2M_KEY_PASSPHRASE.",
    });
  }
  try {
    return createPrivateKey({ key: text, format: "pem", passphrase });
  } catch (cause) {
    throw invalid(
      name,
      isEncrypted ? "the passphrase is wrong, or it was altered" : "the PEM is broken",
      cause,
    );
  }
}

function seedOf(key: KeyObject, name: string): Uint8Array {
  if (key.asymmetricKeyType !== "ed25519")
    throw invalid(name, `its key is of ${key.asymmetricKeyType}, not Ed25519`);
  return Uint8Array.from(Buffer.from(key.export({ format: "jwk" }).d as string, "base64url"));
}

function invalid(name: string, why: string, cause?: unknown): InputError {
  return new InputError("M2M_KEY_INVALID", `${name} holds no key of an identity: ${why}.`, { cause });
}
