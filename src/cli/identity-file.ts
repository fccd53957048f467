import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { userFolder } from "../config/index.js";
import { InputError } from "../shared/errors.js";
import { readSmallFile } from "../shared/files.js";
import { Identity, nodeCrypto, readKeyFile } from "../transport/index.js";
import type { CommandContext } from "./context.js";
import { printable } from "./terminal.js";

/** Of the key file in the user folder. */
export const IDENTITY_FILE = "identity.pem";
const MAX_PASSPHRASE_FILE_BYTES = 4096;

export interface PassphraseFlags {
  readonly "passphrase-file"?: string;
}

/** The path of a file of the user folder, if there is a home folder. */
export function userPath(context: CommandContext, name: string): string | undefined {
  const folder = userFolder(context);
  return folder === undefined ? undefined : join(folder, name);
}

/**
 * The identity of a key file.
 * @param path absolute, or from the working directory
 * @throws {InputError} `M2M_FILE_READ`, `M2M_KEY_INVALID`, `M2M_KEY_REQUIRED`
 */
export function openIdentity(context: CommandContext, path: string, flags: PassphraseFlags): Identity {
  const { seed, isExposed } = readKeyFile(resolve(context.cwd, path), readPassphrase(context, flags));
  if (isExposed) context.note(`Others than you may read ${printable(path)}: run chmod 600 on it.`);
  const identity = new Identity(nodeCrypto(), seed);
  seed.fill(0);
  return identity;
}

/**
 * The identity of this machine: that of `path`, or of the user folder.
 * @throws {InputError} as `openIdentity`; what to do if there is none
 */
export function openOwnIdentity(
  context: CommandContext,
  path: string | undefined,
  flags: PassphraseFlags,
): Identity {
  const found = path ?? userPath(context, IDENTITY_FILE);
  if (found === undefined) {
    throw new InputError("M2M_USAGE", "There is no home folder with an identity.", {
      hint: "Give a key file with --identity, or set M2M_HOME.",
    });
  }
  if (existsSync(resolve(context.cwd, found))) return openIdentity(context, found, flags);
  throw new InputError("M2M_FILE_READ", `There is no identity: ${found} does not exist.`, {
    hint: `Make one with m2m keygen${path === undefined ? "" : ` --output ${path}`}.`,
  });
}

/** The flag's file goes before `M2M_KEY_PASSPHRASE`. A line feed at its end does not count. */
export function readPassphrase(context: CommandContext, flags: PassphraseFlags): string | undefined {
  const path = flags["passphrase-file"];
  if (path === undefined) return context.env.M2M_KEY_PASSPHRASE || undefined;
  const content = readSmallFile(resolve(context.cwd, path), MAX_PASSPHRASE_FILE_BYTES);
  const passphrase = Buffer.from(content)
    .toString()
    .replace(/\r?\n$/, "");
  if (passphrase !== "") return passphrase;
  throw new InputError("M2M_USAGE", `The file of the passphrase, ${path}, is empty.`);
}
