import { InputError } from "../../../shared/errors.js";
import { KEY_BYTES } from "../crypto/index.js";
import { parseCertificate } from "../identity/index.js";

/** What both ends need. Types are not there at run time: what is missing is told by its name, and not by what breaks on it. */
interface EndOptions {
  readonly identity: unknown;
  readonly trust: unknown;
  readonly certificate?: unknown;
  readonly serverStatic?: unknown;
}

/** @throws {InputError} `M2M_USAGE` */
export function assertEndOptions(options: unknown): asserts options is EndOptions {
  if (typeof options !== "object" || options === null) throw usage("The options are missing");
  const { identity, trust, certificate, serverStatic } = options as Partial<EndOptions>;
  if (!has(identity, "sign")) throw usage("identity is an Identity: who this side is");
  if (!has(trust, "decide")) throw usage("trust is a TrustPolicy: whom this side talks to");
  if (certificate !== undefined) assertCertificate(certificate);
  if (serverStatic !== undefined && !isKey(serverStatic)) {
    throw usage(`serverStatic is a Uint8Array of ${KEY_BYTES} bytes`);
  }
}

/** What no peer could read is not shown to any. */
function assertCertificate(certificate: unknown): void {
  if (!(certificate instanceof Uint8Array)) throw usage("certificate is a Uint8Array");
  try {
    parseCertificate(certificate);
  } catch (cause) {
    throw usage("certificate is one that an organisation has issued, for this identity", cause);
  }
}

function isKey(value: unknown): boolean {
  return value instanceof Uint8Array && value.length === KEY_BYTES;
}

/** @throws {InputError} `M2M_USAGE` */
export function assertFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw usage(`${name} is a function`);
}

/** Where a server listens. @throws {InputError} `M2M_USAGE` */
export function assertPlace(host: unknown, port: unknown): void {
  if (typeof host !== "string" || host === "") throw usage("host is the name or address to listen on");
  if (!Number.isInteger(port) || (port as number) < 0 || (port as number) > 65_535) {
    throw usage("port is a whole number from 0 to 65535");
  }
}

/** @throws {InputError} `M2M_USAGE` if one is not a number from `least` on; not a number, or no time, would wait for ever or not at all */
export function assertNumbers(values: Readonly<Record<string, unknown>>, least: number): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "number" && value >= least && value <= MAX_NUMBER) continue;
    throw usage(`${name} is a number from ${least} to ${MAX_NUMBER}`);
  }
}

/** The longest time of a timer. */
const MAX_NUMBER = 2 ** 31 - 1;

function has(value: unknown, method: string): boolean {
  return typeof (value as Record<string, unknown> | null | undefined)?.[method] === "function";
}

function usage(what: string, cause?: unknown): InputError {
  return new InputError("M2M_USAGE", `${what}.`, { cause });
}
