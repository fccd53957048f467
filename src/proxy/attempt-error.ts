import { UpstreamError } from "../shared/errors.js";

/** The error that a client is told of what happened to an attempt. */
export function upstreamError(error: Error): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const details = { cause: error };
  if (code === "UND_ERR_CONNECT_TIMEOUT")
    return new UpstreamError(
      "M2M_UPSTREAM_TIMEOUT",
      "The upstream did not take the connection in time.",
      details,
    );
  if (code === "UND_ERR_HEADERS_TIMEOUT")
    return new UpstreamError("M2M_UPSTREAM_TIMEOUT", "The upstream did not answer in time.", details);
  if (code === "UND_ERR_BODY_TIMEOUT")
    return new UpstreamError(
      "M2M_UPSTREAM_TIMEOUT",
      "The upstream stopped in the middle of its answer.",
      details,
    );
  return new UpstreamError("M2M_UPSTREAM_FAILED", reasonOf(error), details);
}

/** Why no attempt can be made. */
export function noUpstream(): UpstreamError {
  return new UpstreamError(
    "M2M_UPSTREAM_UNAVAILABLE",
    "No upstream answers at present; it is tried again in a few seconds.",
  );
}

/** Whether another try there would fail the same way: what is wrong with TLS is wrong with how one of the two is set up. */
export function isLasting(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" && (isUntrusted(code) || isPlainText(code));
}

/** Node's codes of certificates (OpenSSL's X509_V_ERR, and its own); those of alerts are what the upstream says of ours. */
function isUntrusted(code: string): boolean {
  return !code.startsWith("ERR_SSL_") && /CERT|UNABLE_TO_VERIFY|INVALID_CA|HOSTNAME_MISMATCH/.test(code);
}

/** What answers to TLS was no TLS. */
function isPlainText(code: string): boolean {
  return /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL)$/.test(code);
}

/** Names of hosts and addresses stay here. */
function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  // So undici calls, of a request that runs, nothing but that (lib/dispatcher/client-h1.js, onHeadersComplete).
  if (code === "UND_ERR_SOCKET" && error.message === "bad response")
    return "The upstream answers with 100 Continue, which nobody has asked it for.";
  switch (code) {
    case "ECONNREFUSED":
      return "The upstream refuses connections.";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "The upstream's name cannot be resolved.";
    case "ECONNRESET":
    case "EPIPE":
    case "UND_ERR_SOCKET":
      return "The upstream ended the connection before its answer was whole.";
    case "UND_ERR_RES_CONTENT_LENGTH_MISMATCH":
      return "The upstream's answer is shorter or longer than it says.";
    case "UND_ERR_HEADERS_OVERFLOW":
      return "The header section of the upstream's answer is too large.";
    case undefined:
      return "The upstream's answer cannot be passed on.";
    default:
      if (code.startsWith("HPE_")) return "The upstream's answer is not HTTP/1.1.";
      if (isUntrusted(code)) return `The upstream's certificate is not trusted (${code}).`;
      if (isPlainText(code)) return "The upstream does not speak TLS there: its URL may begin with http:.";
      return /^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/.test(code)
        ? `TLS with the upstream fails (${code}).`
        : `The upstream cannot be reached (${code}).`;
  }
}
