import { connectionOptions, HOP_BY_HOP_HEADERS } from "../http/index.js";
import { CREDENTIAL_HEADERS } from "./providers/index.js";

/** Headers on their way through, as flat lists of names and values. Their order and spelling are kept. */

/** Of a request, what the proxy answers for itself: the connection's host, the length of what it sends, its own headers. */
const OF_REQUEST = new Set(["host", "content-length", "expect"]);

/** Name of the proxy in `Via` (RFC 9110 section 7.6.3). */
export const VIA_NAME = "m2m";
/** So often may a message come by: a near and a far proxy and one in between. More is a loop. */
const MAX_PASSES = 4;

export interface RequestHeaderOptions {
  /** Headers with these names, in lower case, are left out. */
  readonly without?: ReadonlySet<string>;
  /** Added at the end. */
  readonly extra?: readonly string[];
}

/**
 * Headers for the upstream of those that a client sent. `x-m2m-` headers are for this proxy and go no further.
 * @param rawHeaders as Node gives them: name, value, name, value
 */
export function forwardedHeaders(
  rawHeaders: readonly string[],
  { without, extra = [] }: RequestHeaderOptions = {},
): string[] {
  const dropped = connectionOptions(rawHeaders);
  const headers: string[] = [];
  let via = `1.1 ${VIA_NAME}`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i].toLowerCase();
    if (HOP_BY_HOP_HEADERS.has(name) || OF_REQUEST.has(name) || name.startsWith("x-m2m-")) continue;
    if (dropped?.has(name) || without?.has(name)) continue;
    if (name === "via") via = `${rawHeaders[i + 1]}, ${via}`;
    else headers.push(rawHeaders[i], rawHeaders[i + 1]);
  }
  headers.push("via", via);
  for (const word of extra) headers.push(word);
  return headers;
}

/**
 * Whether a header that says who the client is stands there twice. Servers differ in which one they take, so that it could be
 * another client's to the provider than to the limits and kept answers here.
 */
export function repeatsCredential(rawHeaders: readonly string[]): boolean {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    // Lengths first: this is done for every request.
    const { length } = rawHeaders[i];
    if (length !== 13 && length !== 9 && length !== 7 && length !== 14) continue;
    const name = rawHeaders[i].toLowerCase();
    if (!(CREDENTIAL_HEADERS as readonly string[]).includes(name)) continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}

/** Whether a request with this `Via` has been here too often. */
export function isLoop(via: string | undefined): boolean {
  if (via === undefined) return false;
  const passes = via.split(",").filter((one) => one.trim().split(/\s+/)[1] === VIA_NAME);
  return passes.length >= MAX_PASSES;
}

/**
 * Headers for the client of those that an upstream sent.
 * @param rawHeaders name, value, name, value, as bytes or text
 * @param without names in lower case that are left out
 * @param isOfPeer whether the upstream is a proxy that is trusted: what others say in `x-m2m-` headers is left out, for clients take
 * it for the word of this proxy
 */
export function returnedHeaders(
  rawHeaders: readonly (Buffer | string)[],
  without?: ReadonlySet<string>,
  isOfPeer = false,
): string[] {
  const headers: string[] = [];
  let options: string[] | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = latin1(rawHeaders[i]);
    const lower = name.toLowerCase();
    if (lower === "connection") (options ??= []).push("connection", latin1(rawHeaders[i + 1]));
    if (HOP_BY_HOP_HEADERS.has(lower) || without?.has(lower)) continue;
    if (!isOfPeer && lower.startsWith("x-m2m-")) continue;
    headers.push(name, latin1(rawHeaders[i + 1]));
  }
  const dropped = options && connectionOptions(options);
  return dropped ? headers.filter((_, at) => !dropped.has(headers[at & ~1].toLowerCase())) : headers;
}

/** The value of `name`, in lower case, among flat headers; the first one. */
export function headerValue(headers: readonly (Buffer | string)[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i].length === name.length && latin1(headers[i]).toLowerCase() === name)
      return latin1(headers[i + 1]);
  }
  return undefined;
}

/** Header bytes are text of Latin-1 to Node, in and out (RFC 9110 section 5.5, obs-text). */
function latin1(text: Buffer | string): string {
  return typeof text === "string" ? text : text.toString("latin1");
}
