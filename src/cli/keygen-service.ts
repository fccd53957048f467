import { dirname, resolve } from "node:path";
import { InputError } from "../shared/errors.js";
import { makeFolder } from "../shared/make-folder.js";
import { attemptWrite } from "../shared/replacement-file.js";
import {
  fingerprint,
  formatIdentity,
  generateIdentity,
  issueCertificate,
  nodeCrypto,
  parseIdentity,
  writeKeyFile,
  type KeyFormat,
} from "../transport/index.js";
import type { CommandContext } from "./context.js";
import {
  IDENTITY_FILE,
  openIdentity,
  readPassphrase,
  userPath,
  type PassphraseFlags,
} from "./identity-file.js";
import { printable } from "./terminal.js";

const DEFAULT_DAYS = 365;
const DAY_S = 86_400;
/** A certificate also holds for those whose clock is this far behind. */
const CLOCK_TOLERANCE_S = 300;

/** Makes an identity, writes its key file and prints the public identity. */
export async function generateKey(
  context: CommandContext,
  flags: PassphraseFlags & { output?: string; format?: KeyFormat; force?: boolean },
): Promise<void> {
  const { format = "pem", force = false } = flags;
  const passphrase = readPassphrase(context, flags);
  const path = outputPath(context, flags.output);
  const identity = generateIdentity(nodeCrypto());
  const seed = identity.exportSeed();
  try {
    writeKeyFile(path, seed, { format, passphrase, force });
  } finally {
    seed.fill(0);
  }
  const encrypted = passphrase !== undefined;
  const shown = describe(identity.publicKey);
  if (context.json) return context.printJson({ version: 1, ...shown, path, format, encrypted });
  context.note(
    `The key is in ${printable(path)}${encrypted ? ", encrypted" : ""}. Fingerprint: ${shown.fingerprint}`,
  );
  await context.print(shown.identity);
}

/** Prints the public identity of a key file. */
export async function showPublic(
  context: CommandContext,
  path: string,
  flags: PassphraseFlags,
): Promise<void> {
  const shown = describe(openIdentity(context, path, flags).publicKey);
  if (context.json) return context.printJson({ version: 1, ...shown });
  context.note(`Fingerprint: ${shown.fingerprint}`);
  await context.print(shown.identity);
}

/** Issues a certificate with the key of an organisation and prints it. */
export async function certify(
  context: CommandContext,
  subject: string,
  flags: PassphraseFlags & { key: string; days?: number },
): Promise<void> {
  const identity = parseIdentity(subject);
  const issuer = openIdentity(context, flags.key, flags);
  const now = Math.floor(Date.now() / 1000);
  const notBefore = now - CLOCK_TOLERANCE_S;
  const notAfter = now + (flags.days ?? DEFAULT_DAYS) * DAY_S;
  const bytes = issueCertificate(issuer, identity, notBefore, notAfter);
  const certificate = Buffer.from(bytes).toString("base64url");
  if (context.json) {
    return context.printJson({
      version: 1,
      issuer: formatIdentity(issuer.publicKey),
      identity: formatIdentity(identity),
      notBefore,
      notAfter,
      certificate,
    });
  }
  context.note(`${formatIdentity(identity)} is certified until ${new Date(notAfter * 1000).toISOString()}.`);
  await context.print(certificate);
}

function describe(publicKey: Uint8Array): { identity: string; fingerprint: string } {
  return { identity: formatIdentity(publicKey), fingerprint: fingerprint(publicKey) };
}

/** Where the key goes; the user folder is made if it is not there. */
function outputPath(context: CommandContext, output: string | undefined): string {
  if (output === "-") {
    throw new InputError("M2M_USAGE", "A secret key is written to a file, not to stdout.", {
      hint: "Give a path with --output.",
    });
  }
  if (output !== undefined) return output === "" ? output : resolve(context.cwd, output);
  const path = userPath(context, IDENTITY_FILE);
  if (path === undefined) {
    throw new InputError("M2M_USAGE", "There is no home folder for the key.", {
      hint: "Give a path with --output, or set M2M_HOME.",
    });
  }
  attemptWrite(path, () => makeFolder(dirname(path), 0o700));
  return path;
}
