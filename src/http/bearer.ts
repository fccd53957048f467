import { createHash, timingSafeEqual } from "node:crypto";

/** Who may come in: `true` for an `Authorization` header with `token` as bearer token (RFC 6750, section 2.1). */
export type BearerGuard = (authorization: string | undefined) => boolean;

/** A guard for `token`. The time it takes tells nothing of the token: digests are compared, in constant time. */
export function bearerGuard(token: string): BearerGuard {
  const expected = digest(token);
  return (authorization) => {
    const given = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    return timingSafeEqual(digest(given ?? ""), expected) && given !== undefined;
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
