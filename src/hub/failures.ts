import { M2MError, UpstreamError, type ErrorDetails } from "../shared/errors.js";
import { isPassingStatus, parseRetryAfterMs } from "../shared/try-again.js";

/** A failure that the next try may not meet. */
export class TransientFailure extends Error {
  readonly error: UpstreamError;
  /** What the server asks to wait. */
  readonly retryAfterMs?: number;

  constructor(error: UpstreamError, retryAfterMs?: number) {
    super(error.message, { cause: error });
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}

const OTHER_WAYS =
  "Behind a proxy set HTTPS_PROXY; for a mirror set HF_ENDPOINT or give --from URL; without any network give --from PATH.";

/** A download that has failed, and that another try would not help. */
export function failed(message: string, details: ErrorDetails = {}): UpstreamError {
  return new UpstreamError("M2M_DOWNLOAD_FAILED", message, details);
}

/** Bytes that are not those that were announced. */
export function corrupt(message: string): UpstreamError {
  return new UpstreamError("M2M_DOWNLOAD_CORRUPT", message, {
    hint: "Try again; if it stays so, the source is broken: take another with --from.",
  });
}

/** The failure that a status of 300 or more is. @param place the address, for the message */
export function statusFailure(
  status: number,
  header: (name: string) => string | undefined,
  place: string,
  sentToken: boolean,
): UpstreamError | TransientFailure {
  const error = failed(`${place} answers ${status}${reasonOf(status, header("x-error-code"))}.`, {
    status,
    hint: hintOf(status, sentToken),
  });
  if (!isPassingStatus(status)) return error;
  return new TransientFailure(error, parseRetryAfterMs(header("retry-after"), Date.now()));
}

function reasonOf(status: number, hubCode: string | undefined): string {
  if (hubCode === "RevisionNotFound") return ": there is no such revision";
  if (hubCode === "GatedRepo") return ": the model is given only to those who have accepted its terms";
  if (status === 401 || status === 403) return ": access is refused";
  if (status === 404) return ": there is no such file";
  if (status === 429) return ": too many requests";
  return status >= 500 ? ": the server is in trouble" : "";
}

function hintOf(status: number, sentToken: boolean): string | undefined {
  if (status === 401 || status === 403)
    return sentToken
      ? "Check that HF_TOKEN is valid and that its owner may read the model."
      : "If the model is not public, set HF_TOKEN.";
  if (status === 404) return "Check --revision, or the address given with --from.";
  if (status === 429 || status >= 500)
    return "Try again later: what has arrived is kept. Or take a mirror with --from.";
  return undefined;
}

/** What the system or undici says where no connection came about. Trying again at once would not help. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  EAI_AGAIN: "its name cannot be looked up",
  ENOTFOUND: "its name is not known",
  ECONNREFUSED: "the connection is refused",
  ENETUNREACH: "there is no network",
  EHOSTUNREACH: "there is no way to it",
  ENETDOWN: "there is no network",
};

const BROKEN: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: "does not take the connection",
  ETIMEDOUT: "does not take the connection",
  UND_ERR_HEADERS_TIMEOUT: "does not answer",
  UND_ERR_BODY_TIMEOUT: "has stopped sending",
};

/**
 * What a request or its body failed by, as an error to show or to try again after.
 * @param proxied whether a proxy stands between
 */
export function connectionFailure(cause: unknown, url: URL, proxied: boolean): M2MError | TransientFailure {
  if (cause instanceof M2MError || cause instanceof TransientFailure) return cause;
  const { code, message } = describe(cause);
  const proxyStatus = /^Proxy response \((\d+)\)/.exec(message)?.[1] ?? /\((407)\)/.exec(message)?.[1];
  if (proxyStatus !== undefined) return proxyFailure(Number(proxyStatus), url, cause);
  const through = proxied ? " through the proxy" : "";
  if (Object.hasOwn(UNREACHABLE, code)) {
    const hint = proxied ? `Check HTTPS_PROXY and HTTP_PROXY. ${OTHER_WAYS}` : OTHER_WAYS;
    return new UpstreamError(
      "M2M_DOWNLOAD_OFFLINE",
      `Cannot reach ${url.host}${through}: ${UNREACHABLE[code]}.`,
      {
        hint,
        cause,
      },
    );
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_SSL|ERR_TLS/.test(code))
    return failed(`The connection to ${url.host}${through} is not safe: ${message}.`, {
      hint: "If your network has a certificate authority of its own, name its file in NODE_EXTRA_CA_CERTS.",
      cause,
    });
  const what = Object.hasOwn(BROKEN, code) ? BROKEN[code] : "breaks off the connection";
  return new TransientFailure(
    failed(`${url.host}${through} ${what}.`, {
      hint: "Run the command again: what has arrived is kept.",
      cause,
    }),
  );
}

function proxyFailure(status: number, url: URL, cause: unknown): UpstreamError {
  return failed(`The proxy answers ${status} for ${url.host}.`, {
    status,
    hint:
      status === 407
        ? "It wants a name and a password: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT."
        : "Check HTTPS_PROXY, or name hosts that need no proxy in NO_PROXY.",
    cause,
  });
}

function describe(cause: unknown): { code: string; message: string } {
  let code = "";
  let message = "";
  for (let error = cause; error instanceof Error; error = error.cause) {
    message ||= error.message;
    code ||= String((error as NodeJS.ErrnoException).code ?? "");
  }
  return { code, message };
}
