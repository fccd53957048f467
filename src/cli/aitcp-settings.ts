import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Config } from "../config/index.js";
import { InputError, type M2MError } from "../shared/errors.js";
import { readSmallFile } from "../shared/files.js";
import {
  IdentityList,
  KnownPeers,
  nodeCrypto,
  parseCertificate,
  parseIdentity,
  type Identity,
  type TrustOptions,
} from "../transport/index.js";
import type { AiTcpFlags } from "./aitcp-flags.js";
import type { CommandContext } from "./context.js";
import { openOwnIdentity, userPath } from "./identity-file.js";

const MAX_CERTIFICATE_FILE_BYTES = 4096;

/** Who this side is, and what it knows of others. */
export interface AiTcpCredentials {
  readonly identity: Identity;
  readonly certificate?: Uint8Array;
  readonly trust: TrustOptions;
}

interface IdentityOptions {
  /** Told of a file of identities that could be read at first and cannot be any more. */
  readonly onBroken?: (error: M2MError) => void;
}

/**
 * What flags, settings and files say of identities. Reads the key file last, which may need a passphrase.
 * @throws {InputError} `M2M_FILE_READ`, `M2M_KEY_INVALID`, `M2M_KEY_REQUIRED`, `M2M_USAGE`
 * @throws {FormatError} `M2M_CERTIFICATE_INVALID`
 */
export function loadCredentials(
  context: CommandContext,
  config: Config,
  flags: AiTcpFlags,
  { onBroken }: IdentityOptions = {},
): AiTcpCredentials {
  const knownPeers =
    flags["known-peers"] ?? config.get("aitcp.known_peers") ?? userPath(context, "known_peers");
  const pinned = flags.trust ?? [config.get("aitcp.trust") ?? ""];
  const organisations = flags["trust-organisation"] ?? [config.get("aitcp.trust_organisation") ?? ""];
  const trust: TrustOptions = {
    crypto: nodeCrypto(),
    pinned: identitiesOf(context, "--trust", pinned, onBroken),
    organisations: identitiesOf(context, "--trust-organisation", organisations, onBroken),
    ...(knownPeers !== undefined && { knownPeers: new KnownPeers(resolve(context.cwd, knownPeers)) }),
  };
  // A malformed line should be told now, not with the first peer.
  trust.knownPeers?.list();
  const certificate = flags.certificate ?? config.get("aitcp.certificate");
  return {
    trust,
    ...(certificate !== undefined && { certificate: readCertificate(resolve(context.cwd, certificate)) }),
    identity: openOwnIdentity(context, flags.identity ?? config.get("aitcp.identity"), flags),
  };
}

/** Identities that are named, and those of files as they are when they are asked. */
class Identities implements Iterable<Uint8Array> {
  readonly #parts: readonly Iterable<Uint8Array>[];

  constructor(parts: readonly Iterable<Uint8Array>[]) {
    this.#parts = parts;
  }

  *[Symbol.iterator](): Generator<Uint8Array, void> {
    for (const part of this.#parts) yield* part;
  }
}

/** @param words of a flag, or of a setting with commas between them */
function identitiesOf(
  context: CommandContext,
  flag: string,
  words: readonly string[],
  onBroken: IdentityOptions["onBroken"],
): Identities {
  const parts = words
    .flatMap((text) => text.split(","))
    .map((word) => word.trim())
    .filter((word) => word !== "")
    .map((word) => {
      try {
        return [parseIdentity(word)];
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        const path = resolve(context.cwd, word);
        if (existsSync(path)) return new IdentityList(path, onBroken);
        throw new InputError(error.code, `${flag}: ${JSON.stringify(word)} is no identity, and no file.`, {
          hint: error.hint,
          cause: error,
        });
      }
    });
  return new Identities(parts);
}

/** In base64url, as `m2m keygen --certify` prints it. */
function readCertificate(path: string): Uint8Array {
  const text = Buffer.from(readSmallFile(path, MAX_CERTIFICATE_FILE_BYTES)).toString("latin1").trim();
  const bytes = new Uint8Array(Buffer.from(text, "base64url"));
  parseCertificate(bytes);
  return bytes;
}
