import type { IncomingHttpHeaders } from "node:http";
import { bearerGuard, isLoopbackHost } from "../../http/index.js";
import { CREDENTIAL_HEADERS } from "../providers/index.js";

/** What of a request says who sends it. */
interface Caller {
  readonly headers: IncomingHttpHeaders;
}

/**
 * Who may use the proxy. Clients show its token in `x-m2m-token`, or as RFC 9110 has it in `proxy-authorization`, for
 * `authorization` and `x-api-key` carry the provider's key. If the proxy has the provider's keys itself, those two may hold the token.
 */
export class Gatekeeper {
  readonly #guard: ((authorization: string | undefined) => boolean) | undefined;
  readonly #holdsKeys: boolean;
  readonly #host: string;

  /**
   * @param token `undefined`: everybody may
   * @param holdsKeys whether requests are sent with keys of the proxy's own
   * @param host that it listens on
   */
  constructor(token: string | undefined, holdsKeys: boolean, host: string) {
    this.#guard = token === undefined ? undefined : bearerGuard(token);
    this.#holdsKeys = holdsKeys;
    this.#host = host;
  }

  /** Whether a request to an API may pass. */
  admits({ headers }: Caller): boolean {
    const guard = this.#guard;
    if (!guard) return !this.#holdsKeys || this.#isAtHome(headers);
    const token = textOf(headers["x-m2m-token"]);
    if (guard(token && `Bearer ${token}`) || guard(headers["proxy-authorization"])) return true;
    if (!this.#holdsKeys) return false;
    const key = textOf(headers["x-api-key"]);
    return guard(headers.authorization) || guard(key && `Bearer ${key}`);
  }

  /** Names of the headers that hold the proxy's token, where providers take theirs: it is no business of an upstream. */
  tokenHeaders({ headers }: Caller): string[] {
    const guard = this.#guard;
    if (!guard) return [];
    return CREDENTIAL_HEADERS.filter((name) => {
      const value = textOf(headers[name]);
      return value !== undefined && (guard(value) || guard(`Bearer ${value}`));
    });
  }

  /** Whether requests are sent with keys of the proxy's own: then it is them who spend, whatever clients show. */
  get holdsKeys(): boolean {
    return this.#holdsKeys;
  }

  /** Whether a request to the proxy's own pages may pass; a browser shows the token as the password of Basic authentication. */
  admitsToPages({ headers }: Caller): boolean {
    const guard = this.#guard;
    if (!guard) return this.#isAtHome(headers);
    const token = textOf(headers["x-m2m-token"]);
    const basic = /^basic +(\S+) *$/i.exec(headers.authorization ?? "")?.[1];
    const password =
      basic &&
      Buffer.from(basic, "base64")
        .toString()
        .replace(/^[^:]*:/, "");
    return (
      guard(token && `Bearer ${token}`) ||
      guard(headers.authorization) ||
      guard(password && `Bearer ${password}`)
    );
  }

  /**
   * Whether no page of another site is behind a request: one in a browser of this machine reaches the loopback address too, under
   * a name of its own if it likes (DNS rebinding).
   */
  #isAtHome({ host = "", origin }: IncomingHttpHeaders): boolean {
    if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)) return false;
    return !isLoopbackHost(this.#host) || isLoopbackHost(host.replace(/:\d+$/, ""));
  }
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
