import { InputError } from "../shared/errors.js";

export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_ENDPOINT = "https://huggingface.co";

/** The hub: `HF_ENDPOINT`, or its public address. @throws {InputError} `M2M_CONFIG_INVALID` */
export function hubEndpoint(env: Environment): URL {
  const text = env.HF_ENDPOINT?.trim() || DEFAULT_ENDPOINT;
  const url = tryWebAddress(text);
  if (url) return url;
  throw new InputError("M2M_CONFIG_INVALID", "HF_ENDPOINT is no address of a web server.", {
    hint: `It is like ${DEFAULT_ENDPOINT}.`,
  });
}

/** `HF_TOKEN`, if it is set. @throws {InputError} `M2M_CONFIG_INVALID` if it cannot be one; the message does not show it */
export function hubToken(env: Environment): string | undefined {
  const token = env.HF_TOKEN?.trim();
  if (!token) return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new InputError("M2M_CONFIG_INVALID", "HF_TOKEN holds characters that no token has.");
}

/** `text` as the address of a folder on a web server, with a slash at the end; `undefined` if it is none. */
export function tryWebAddress(text: string): URL | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/** The address of `file` in `repository` of the hub at `endpoint`, as its own tools spell it. */
export function hubFileUrl(endpoint: URL, repository: string, revision: string, file: string): URL {
  const url = new URL(endpoint);
  url.pathname += `${repository}/resolve/${encodeURIComponent(revision)}/${encodeURIComponent(file)}`;
  return url;
}

/** The address of `file` beside others below `base`. What `base` asks for (`?key=…`) is kept. */
export function mirrorFileUrl(base: URL, file: string): URL {
  const url = new URL(base);
  url.pathname += encodeURIComponent(file);
  return url;
}

/** `url` without what may be secret: a password, and the query of a signed address. */
export function publicForm(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
