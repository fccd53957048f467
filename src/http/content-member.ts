import { isUtf8 } from "node:buffer";
import { decodeUtf8 } from "../shared/utf8.js";

/** A content as a member of a JSON answer: text as `content`, anything else as `content_base64`. */
export function contentMember(
  bytes: Uint8Array,
): { readonly content: string } | { readonly content_base64: string } {
  if (isUtf8(bytes)) return { content: decodeUtf8(bytes) };
  return {
    content_base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
  };
}
