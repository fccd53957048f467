import { InputError } from "../../../shared/errors.js";

/** Of a server that listens by default on the port above that of HTTP. */
export const DEFAULT_AITCP_PORT = 3001;

export interface AiTcpAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * The place of `aitcp://HOST[:PORT]`.
 * @throws {InputError} `M2M_USAGE`
 */
export function parseAiTcpAddress(url: string | URL): AiTcpAddress {
  const text = String(url);
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  const isBare = parsed?.username === "" && parsed.password === "" && /^\/?$/.test(parsed.pathname);
  if (
    parsed?.protocol !== "aitcp:" ||
    parsed.hostname === "" ||
    parsed.port === "0" ||
    !isBare ||
    parsed.search !== "" ||
    parsed.hash !== ""
  ) {
    throw new InputError(
      "M2M_USAGE",
      "The address of an AI-TCP server is aitcp://HOST or aitcp://HOST:PORT.",
    );
  }
  // An address of IPv6 stands in brackets, in a URL only.
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  return { host, port: parsed.port === "" ? DEFAULT_AITCP_PORT : Number(parsed.port) };
}

/** As it stands in a file of known peers, and in messages. */
export function formatAddress({ host, port }: AiTcpAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
