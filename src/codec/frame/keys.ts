import { decodeBase64 } from "../../shared/base64.js";
import { assertOptions } from "../../shared/bounds.js";
import { isBytes } from "../../shared/content.js";
import { InputError, M2MError } from "../../shared/errors.js";
import { KEY_BYTES, noKey } from "../../shared/keys.js";
import { requireNodeModule } from "../../shared/platform.js";

/** Opening of every derivation path. */
const KDF_PATH = "m2m/v1";

/** The published implementation's rule for names: a path is only unambiguous if a name cannot hold a slash. */
const NAME = /^[A-Za-z0-9_-]{1,128}$/;

/** Which key to derive. Names have 1 to 128 letters, digits, hyphens or underscores. */
export interface KeyInfo {
  organization: string;
  /** An agent's own key. */
  agent?: string;
  /** A key of an agent for one purpose, as `encryption`, `authentication`, `session`, `identity`. */
  purpose?: string;
  /** The key that the whole organization shares; excludes `agent` and `purpose`. */
  shared?: boolean;
}

/**
 * A 32-byte key derived from a master key with HKDF-SHA256 (RFC 5869), empty salt, info `m2m/v1/{organization}`,
 * `…/{agent}`, `…/{agent}/{purpose}` or `…/shared`. Every key comes straight from the master.
 * @param master at least 32 bytes of secret entropy
 * @throws {InputError} `M2M_KEY_INVALID` for a short master or a name that could be taken for another path; `M2M_USAGE`
 */
export function deriveKey(master: Uint8Array, info: KeyInfo): Uint8Array {
  if (!isBytes(master)) throw noKey("A master key");
  assertOptions("The names of a key", info);
  if (master.length < KEY_BYTES) {
    throw new InputError(
      "M2M_KEY_INVALID",
      `The master key has ${master.length} bytes; it needs ${KEY_BYTES}.`,
    );
  }
  const { hkdfSync } = requireNodeModule("crypto", "Key derivation");
  return new Uint8Array(hkdfSync("sha256", master, new Uint8Array(0), keyPath(info), KEY_BYTES));
}

function keyPath({ organization, agent, purpose, shared = false }: KeyInfo): string {
  const path = [KDF_PATH, checkName("organization", organization)];
  if (shared) {
    if (agent !== undefined || purpose !== undefined)
      throw badInfo("A shared key has no agent and no purpose.");
    return [...path, "shared"].join("/");
  }
  if (agent !== undefined) {
    if (agent === "shared")
      throw badInfo('An agent cannot be named "shared": its key would be the shared key.');
    path.push(checkName("agent", agent));
  }
  if (purpose !== undefined) {
    if (agent === undefined) throw badInfo("A key for a purpose needs an agent.");
    path.push(checkName("purpose", purpose));
  }
  return path.join("/");
}

function checkName(part: string, name: string): string {
  if (typeof name === "string" && NAME.test(name)) return name;
  throw badInfo(`The ${part} has to be 1 to 128 letters, digits, hyphens or underscores.`);
}

function badInfo(message: string): InputError {
  return new InputError("M2M_KEY_INVALID", message);
}

/**
 * A key written as 64 hexadecimal digits or as the base64 of 32 bytes; white space around it is ignored. The error
 * never repeats the text.
 * @throws {InputError} `M2M_KEY_INVALID`
 */
export function parseKey(text: string): Uint8Array {
  const trimmed = typeof text === "string" ? text.trim() : "";
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) {
    return Uint8Array.from({ length: KEY_BYTES }, (_, i) =>
      Number.parseInt(trimmed.slice(2 * i, 2 * i + 2), 16),
    );
  }
  if (trimmed.length === 44) {
    try {
      const key = decodeBase64(trimmed);
      if (key.length === KEY_BYTES) return key;
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
    }
  }
  throw new InputError(
    "M2M_KEY_INVALID",
    "The key is neither 64 hexadecimal digits nor the base64 of 32 bytes.",
    {
      hint: "Make one with: openssl rand -hex 32",
    },
  );
}
