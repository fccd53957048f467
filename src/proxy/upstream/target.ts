import { InputError } from "../../shared/errors.js";

/** Where an upstream is. */
export interface Target {
  /** `https://api.openai.com`: what connections are made to. */
  readonly origin: string;
  /** What is put before the path of a request; empty, or begins with a slash and ends without one. */
  readonly basePath: string;
  /** For people: without credentials. */
  readonly url: string;
}

/**
 * The target that `text` names. A base URL as SDKs take it, with `/v1` at the end, is the same as one without: requests
 * bring their own.
 * @param name what messages call it, such as `--target`
 * @throws {InputError} `M2M_USAGE` if it is no http or https URL, or holds credentials, a query or a fragment
 */
export function parseTarget(text: string, name: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.host === "") {
    throw new InputError("M2M_USAGE", `${name} is no URL of a server.`, {
      hint: "It is like https://api.openai.com.",
    });
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new InputError("M2M_USAGE", `${name} holds more than a server and a path.`, {
      hint: "Keys belong in headers of the client, or into the setting api_key of an upstream.",
    });
  }
  const basePath = url.pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
  return { origin: url.origin, basePath, url: `${url.origin}${basePath}` };
}
