import { M2MError, UpstreamError } from "../shared/errors.js";

/** What the first word of an error reply says. Texts of replies are not shown: they can quote what was sent. */
const REPLIES: Readonly<Record<string, string>> = {
  WRONGPASS: "it refuses the name or password",
  NOAUTH: "it asks for a password",
  NOPERM: "this user may not do that",
  OOM: "its memory is full",
  LOADING: "it is still loading its data",
  READONLY: "it is a replica and takes no writes",
  MASTERDOWN: "it is a replica without its primary",
  MISCONF: "it cannot write to its disk, and so takes no writes",
  BUSY: "it is busy with a script",
  NOREPLICAS: "it has too few replicas to take writes",
  WRONGTYPE: "something else is kept under a key of m2m",
  CROSSSLOT: "it is a cluster, which is not supported",
  MOVED: "it is a cluster, which is not supported",
};

const CONNECTION: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "its name cannot be resolved now",
  ETIMEDOUT: "it does not answer",
  ECONNRESET: "it broke off the connection",
  EPIPE: "it broke off the connection",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no way to that network",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not trusted",
  CERT_HAS_EXPIRED: "its certificate is out of date",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
};

/** Whether an error is what the server has answered. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError";
}

/** Why something failed, in words without anything of what was sent. */
export function reasonOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (isReply(error)) {
    // Before version 7 what went wrong inside a script stands behind where it did.
    const [, inScript, direct] =
      /^(?:ERR Error running script .*?: -([A-Z]+)\b|([A-Z]+))/.exec(String(message)) ?? [];
    const word = inScript ?? direct ?? "";
    if (/^ERR invalid password/.test(String(message))) return REPLIES.WRONGPASS;
    if (/^ERR DB index is out of range/.test(String(message))) return "it has no database of that number";
    return Object.hasOwn(REPLIES, word)
      ? `${REPLIES[word]} (${word})`
      : `it answers with ${word || "an error"}`;
  }
  if (/^Socket timeout/.test(String(message))) return "it does not answer";
  if (typeof code !== "string") return "the connection is lost";
  return Object.hasOwn(CONNECTION, code)
    ? `${CONNECTION[code]} (${code})`
    : `the connection failed (${code})`;
}

/**
 * The error of a store that cannot be asked. The library's own error is not its cause: it carries the command with all
 * arguments, passwords and contents of sessions among them.
 */
export function storeUnavailable(address: string, reason: string): UpstreamError {
  return new UpstreamError("M2M_STORE_UNAVAILABLE", `Redis at ${address} cannot be used: ${reason}.`, {
    hint: "See that the server runs, and that address and password are right.",
  });
}

/** `error`, if it is an expected failure; anything else is a defect, and thrown on. */
export function asStoreError(error: unknown): M2MError {
  if (error instanceof M2MError) return error;
  throw error;
}
