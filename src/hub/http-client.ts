import type { Dispatcher, EnvHttpProxyAgent } from "undici";
import { InputError } from "../shared/errors.js";
import { hubEndpoint, hubToken, publicForm, type Environment } from "./addresses.js";
import { connectionFailure, failed } from "./failures.js";

const MAX_REDIRECTS = 10;

export interface HttpAnswer {
  readonly status: number;
  /** The address that answered at last. */
  readonly url: URL;
  /** Header of the last answer. */
  header(name: string): string | undefined;
  /** Header of the first answer that has it, among those of the server that was asked: the hub tells facts and sends elsewhere. */
  announced(name: string): string | undefined;
  /** The bytes; what goes wrong is thrown as an error to show or a `TransientFailure`. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the connection, whatever is left. */
  discard(): void;
  readonly sentToken: boolean;
}

type Headers = Record<string, string>;

/** GET over HTTP with redirects, the proxies of the environment, and the hub's token for the hub alone. */
export class HttpClient {
  readonly #env: Environment;
  readonly #stallTimeoutMs: number;
  #undici: typeof import("undici") | undefined;
  #agent: EnvHttpProxyAgent | undefined;

  /** @param stallTimeoutMs a server that sends nothing for so long has failed */
  constructor(env: Environment, stallTimeoutMs: number) {
    this.#env = env;
    this.#stallTimeoutMs = stallTimeoutMs;
  }

  /**
   * The answer to GET, whatever its status, redirects followed.
   * @throws {UpstreamError} `M2M_DOWNLOAD_OFFLINE`, `M2M_DOWNLOAD_FAILED`
   * @throws {InputError} `M2M_CONFIG_INVALID` for `HF_ENDPOINT`, `HF_TOKEN` and the proxies; `M2M_USAGE` for a password with a stray `%`
   * @throws {TransientFailure} if another try is worth it
   */
  async get(url: URL, headers: Headers = {}): Promise<HttpAnswer> {
    const announced = new Map<string, string>();
    let place = url;
    // Who has sent elsewhere is not believed, and shown nothing, on the way back.
    let isHome = true;
    for (let redirects = 0; ; redirects++) {
      isHome &&= place.origin === url.origin;
      const authorization = isHome ? this.#authorizationFor(url) : { headers: {}, isToken: false };
      const answer = await this.#request(place, { ...headers, ...authorization.headers });
      const header = (name: string): string | undefined => firstOf(answer.headers[name]);
      if (isHome) {
        for (const name of Object.keys(answer.headers)) {
          const value = header(name);
          if (value !== undefined && !announced.has(name)) announced.set(name, value);
        }
      }
      if (![301, 302, 303, 307, 308].includes(answer.statusCode)) {
        return {
          status: answer.statusCode,
          url: place,
          header,
          announced: (name) => announced.get(name),
          body: this.#bodyOf(answer, place),
          discard: () => destroy(answer),
          sentToken: authorization.isToken,
        };
      }
      destroy(answer);
      if (redirects >= MAX_REDIRECTS)
        throw failed(`${publicForm(url)} sends from one address to the next without end.`);
      place = redirectTarget(place, header("location"));
    }
  }

  async close(): Promise<void> {
    await this.#agent?.destroy();
  }

  async #request(url: URL, headers: Headers): Promise<Dispatcher.ResponseData> {
    const target = new URL(url);
    target.username = target.password = "";
    try {
      const dispatcher = await this.#dispatcher();
      const { request } = await this.#load();
      return await request(target, {
        dispatcher,
        // A file is compared byte for byte and cut anywhere: not what a server makes of it on its way.
        headers: { "user-agent": "m2m-protocol", accept: "*/*", "accept-encoding": "identity", ...headers },
        headersTimeout: this.#stallTimeoutMs,
        bodyTimeout: this.#stallTimeoutMs,
      });
    } catch (error) {
      throw connectionFailure(error, url, this.#isProxied(url));
    }
  }

  async *#bodyOf(answer: Dispatcher.ResponseData, url: URL): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of answer.body) yield chunk as Uint8Array;
    } catch (error) {
      throw connectionFailure(error, url, this.#isProxied(url));
    } finally {
      destroy(answer);
    }
  }

  /** The token goes to the hub's own origin, a password of the address to that of the address. Nothing goes elsewhere. */
  #authorizationFor(url: URL): { headers: Headers; isToken: boolean } {
    if (url.username !== "") {
      if (!isDecodable(url))
        throw new InputError(
          "M2M_USAGE",
          `The name or password for ${url.host} holds a % that escapes nothing.`,
          {
            hint: "In an address, % is written %25.",
          },
        );
      const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      return { headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` }, isToken: false };
    }
    const token = hubToken(this.#env);
    if (token === undefined || url.origin !== hubEndpoint(this.#env).origin)
      return { headers: {}, isToken: false };
    return { headers: { authorization: `Bearer ${token}` }, isToken: true };
  }

  async #load(): Promise<typeof import("undici")> {
    return (this.#undici ??= await import("undici"));
  }

  async #dispatcher(): Promise<EnvHttpProxyAgent> {
    const { EnvHttpProxyAgent, Pool } = await this.#load();
    return (this.#agent ??= new EnvHttpProxyAgent({
      ...this.#proxies(),
      // Only https goes through a tunnel: many proxies allow none to port 80.
      proxyTunnel: false,
      // A proxy that says nothing has failed as well.
      clientFactory: (origin, options) =>
        new Pool(origin.origin, { ...options, headersTimeout: this.#stallTimeoutMs }),
    }));
  }

  /** As curl reads them, small letters first. */
  #proxies(): { httpProxy: string; httpsProxy: string; noProxy: string } {
    const env = this.#env;
    const all = env.all_proxy || env.ALL_PROXY;
    return {
      httpProxy: proxyAddress("HTTP_PROXY", env.http_proxy || env.HTTP_PROXY || all),
      httpsProxy: proxyAddress("HTTPS_PROXY", env.https_proxy || env.HTTPS_PROXY || all),
      noProxy: env.no_proxy || env.NO_PROXY || "",
    };
  }

  #isProxied({ protocol }: URL): boolean {
    const { httpProxy, httpsProxy } = this.#proxies();
    return httpProxy !== "" || (protocol === "https:" && httpsProxy !== "");
  }
}

function destroy(answer: Dispatcher.ResponseData): void {
  // Its own end is not news.
  answer.body.on("error", () => {}).destroy();
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function redirectTarget(from: URL, location: string | undefined): URL {
  const target =
    location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!target || !/^https?:$/.test(target.protocol))
    throw failed(`${publicForm(from)} sends to no usable address.`);
  if (from.protocol === "https:" && target.protocol !== "https:")
    throw failed(`${publicForm(from)} sends to an address that is not encrypted.`);
  // The query of a place is its own; a password that a server writes into an address is none of ours.
  target.username = target.password = target.hash = "";
  return target;
}

/** Whether each `%` of the name and the password escapes a byte, and the bytes are UTF-8. */
function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** A proxy may be named without `http://`. @throws {InputError} `M2M_CONFIG_INVALID` */
function proxyAddress(variable: string, text: string | undefined): string {
  if (!text) return "";
  const address = text.includes("://") ? text : `http://${text}`;
  const isAddress = URL.canParse(address) && /^(https?|socks5?):\/\/[^/]/i.test(address);
  if (isAddress && isDecodable(new URL(address))) return address;
  // The address may hold a password.
  throw new InputError("M2M_CONFIG_INVALID", `${variable} is no address of a proxy.`, {
    hint: "It is like http://proxy.example:8080.",
  });
}
