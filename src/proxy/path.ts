/** Longest path and query that is taken; the longest of the providers' own are file ids and cursors. */
export const MAX_TARGET_UNITS = 8192;

export interface RequestTarget {
  /** As it was sent, dot segments impossible: may be put behind a base path. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
}

/**
 * The path and query of a request line (RFC 9112 section 3.2), or `undefined` if it could mean another place than it says:
 * another form than origin-form, dot segments however they are encoded and whatever parameters they have, backslashes, control
 * characters, escapes of what is no UTF-8 (an overlong dot is one to some), an authority behind `//`. Nothing is decoded or rewritten, so the upstream sees what the client wrote.
 */
export function readRequestTarget(url: string): RequestTarget | undefined {
  if (url.length > MAX_TARGET_UNITS || url.charCodeAt(0) !== 0x2f) return undefined;
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? "" : url.slice(mark);
  if (/[^\x21-\x7e]|[\\#]/.test(url) || path.startsWith("//")) return undefined;
  return isPlain(path) ? { path, query } : undefined;
}

/** Encoded twice, a dot is one for a server that decodes twice: `%252e` is looked at as well. */
function isPlain(path: string): boolean {
  if (!path.includes(".") && !path.includes("%")) return true;
  if (!isDecodable(path)) return false;
  const decoded = path
    .replace(/%(?:25)*2e/gi, ".")
    .replace(/%(?:25)*2f/gi, "/")
    .replace(/%(?:25)*5c/gi, "/")
    .replace(/%(?:25)*3b/gi, ";");
  return !/(?:^|\/)\.{1,2}(?:[/;]|$)|%(?:25)*(?:00|0a|0d)/i.test(decoded);
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
