import type { IncomingHttpHeaders } from "node:http";
import { bearerGuard, isLoopbackHost } from "../../http/index.js";
import { InputError } from "../../shared/errors.js";
import { quote } from "../../shared/quote.js";
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
  readonly #allowedHosts: readonly string[];

  /**
   * @param token `undefined`: everybody may
   * @param holdsKeys whether requests are sent with keys of the proxy's own
   * @param host that it listens on
   * @param allowedHosts names beside those of this machine by which it may be reached, without ports
   */
  constructor(
    token: string | undefined,
    holdsKeys: boolean,
    host: string,
    allowedHosts: readonly string[] = [],
  ) {
    this.#guard = token === undefined ? undefined : bearerGuard(token);
    this.#holdsKeys = holdsKeys;
    this.#host = host;
    this.#allowedHosts = allowedHosts.map((name) => name.toLowerCase());
  }

  /** @throws {InputError} of a request to an API that may not pass: `M2M_UNAUTHORIZED`, `M2M_HOST_FORBIDDEN`, `M2M_ORIGIN_FORBIDDEN` */
  assertAdmitted({ headers }: Caller): void {
    const guard = this.#guard;
    if (!guard) {
      if (this.#holdsKeys) this.#assertAtHome(headers);
      return;
    }
    const token = textOf(headers["x-m2m-token"]);
    if (guard(token && `Bearer ${token}`) || guard(headers["proxy-authorization"])) return;
    const key = textOf(headers["x-api-key"]);
    if (this.#holdsKeys && (guard(headers.authorization) || guard(key && `Bearer ${key}`))) return;
    throw tokenMissing();
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

  /** Whether requests are sent with keys of the proxy's own: then they spend, whatever clients show. */
  get holdsKeys(): boolean {
    return this.#holdsKeys;
  }

  /**
   * A browser shows the token as the password of Basic authentication.
   * @throws {InputError} as `assertAdmitted`, of a request to the proxy's own pages
   */
  assertAdmittedToPages({ headers }: Caller): void {
    const guard = this.#guard;
    if (!guard) return this.#assertAtHome(headers);
    const token = textOf(headers["x-m2m-token"]);
    const basic = /^basic +(\S+) *$/i.exec(headers.authorization ?? "")?.[1];
    const password =
      basic &&
      Buffer.from(basic, "base64")
        .toString()
        .replace(/^[^:]*:/, "");
    const isShown =
      guard(token && `Bearer ${token}`) ||
      guard(headers.authorization) ||
      guard(password && `Bearer ${password}`);
    if (!isShown) throw tokenMissing();
  }

  /**
   * Whether no page of another site is behind a request: one in a browser of this machine reaches the loopback address too, under
   * a name of its own if it likes (DNS rebinding).
   */
  #assertAtHome({ host = "", origin }: IncomingHttpHeaders): void {
    const name = host.replace(/:\d+$/, "").toLowerCase();
    if (isLoopbackHost(this.#host) && !isLoopbackHost(name) && !this.#allowedHosts.includes(name)) {
      throw new InputError(
        "M2M_HOST_FORBIDDEN",
        `The proxy has no token, so it is not to be asked by the name ${quote(name)}.`,
        { hint: "Add the name to the setting proxy.allowed_hosts, or set a token: M2M_PROXY_AUTH_TOKEN." },
      );
    }
    if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host.toLowerCase())) {
      throw new InputError(
        "M2M_ORIGIN_FORBIDDEN",
        "The proxy has no token, so that pages of other sites may not use it.",
        { hint: "Set a token (M2M_PROXY_AUTH_TOKEN), and send it in the header x-m2m-token." },
      );
    }
  }
}

function tokenMissing(): InputError {
  return new InputError("M2M_UNAUTHORIZED", "The proxy's token is missing or wrong.", {
    hint: "Send it in the header x-m2m-token.",
  });
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
