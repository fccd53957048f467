import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

/** Codings that are read (RFC 9110 section 8.4.1), each alone. */
const DECODERS: Readonly<Record<string, (body: Buffer, options: { maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/** Whether a body with this `Content-Encoding` is as it is. */
export function isIdentity(coding: string | undefined): boolean {
  return coding === undefined || /^\s*(?:identity)?\s*$/i.test(coding);
}

/**
 * The content of a body that came with a `Content-Encoding`.
 * @param maxBytes most that is made of it
 * @returns `undefined` if it cannot be read: another coding, broken, or over the limit
 */
export function decodeContent(
  body: Buffer,
  coding: string | undefined,
  maxBytes: number,
): Buffer | undefined {
  if (isIdentity(coding)) return body;
  const name = coding?.trim().toLowerCase() ?? "";
  if (!Object.hasOwn(DECODERS, name)) return undefined;
  try {
    return DECODERS[name](body, { maxOutputLength: maxBytes });
  } catch {
    return undefined;
  }
}
