import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Config } from "../config/index.js";
import { InputError } from "../shared/errors.js";
import { readSmallFile } from "../shared/files.js";
import {
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
const MAX_IDENTITIES_FILE_BYTES = 4 * 1024 * 1024;

/** Who this side is, and what it knows of others. */
export interface AiTcpCredentials {
  readonly identity: Identity;
  readonly certificate?: Uint8Array;
  readonly trust: TrustOptions;
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
): AiTcpCredentials {
  const knownPeers =
    flags["known-peers"] ?? config.get("aitcp.known_peers") ?? userPath(context, "known_peers");
  const trust: TrustOptions = {
    crypto: nodeCrypto(),
    pinned: identitiesOf(context.cwd, "--trust", flags.trust, config.get("aitcp.trust")),
    organisations: identitiesOf(
      context.cwd,
      "--trust-organisation",
      flags["trust-organisation"],
      config.get("aitcp.trust_organisation"),
    ),
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

/** @param folder of files with identities @param setting words with commas between them */
function identitiesOf(
  folder: string,
  flag: string,
  given: readonly string[] | undefined,
  setting: string | undefined,
): Uint8Array[] {
  const words = given?.flatMap((text) => text.split(",")) ?? setting?.split(",") ?? [];
  return words
    .map((word) => word.trim())
    .filter((word) => word !== "")
    .flatMap((word) => {
      try {
        return [parseIdentity(word)];
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        const path = resolve(folder, word);
        if (existsSync(path)) return readIdentities(path);
        throw new InputError(error.code, `${flag}: ${JSON.stringify(word)} is no identity, and no file.`, {
          hint: error.hint,
          cause: error,
        });
      }
    });
}

/** The identities in a file, one a line; `#` begins a comment. A PEM file has one. @throws {InputError} `M2M_FILE_READ`, `M2M_KEY_INVALID` */
function readIdentities(path: string): Uint8Array[] {
  const text = Buffer.from(readSmallFile(path, MAX_IDENTITIES_FILE_BYTES)).toString();
  if (text.trimStart().startsWith("-----BEGIN ")) return [parseIdentity(text)];
  const found: Uint8Array[] = [];
  text.split("\n").forEach((content, index) => {
    const words = content.replace(/#.*$/, "").trim();
    if (words === "") return;
    try {
      found.push(parseIdentity(words));
    } catch (cause) {
      throw new InputError("M2M_KEY_INVALID", `Line ${index + 1} of ${path} is no identity.`, {
        hint: "A line is an identity as m2m keygen prints it.",
        line: index + 1,
        cause,
      });
    }
  });
  return found;
}

/** In base64url, as `m2m keygen --certify` prints it. */
function readCertificate(path: string): Uint8Array {
  const text = Buffer.from(readSmallFile(path, MAX_CERTIFICATE_FILE_BYTES)).toString("latin1").trim();
  const bytes = new Uint8Array(Buffer.from(text, "base64url"));
  parseCertificate(bytes);
  return bytes;
}
