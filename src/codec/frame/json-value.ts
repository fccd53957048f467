/** The own member `key` of a parsed JSON object; `undefined` for any other value. Never looks at a prototype. */
export function member(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

export function has(value: unknown, key: string): boolean {
  return member(value, key) !== undefined;
}

export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** A string that fits a header field: well-formed, at most 255 bytes of UTF-8. Anything else is empty. */
export function shortText(value: unknown): string {
  if (typeof value !== "string" || value.length > 255 || !value.isWellFormed()) return "";
  return utf8Length(value) <= 255 ? value : "";
}

/** A count that fits 32 bits, or `undefined`. */
export function count(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffffff
    ? (value as number)
    : undefined;
}

/** Bytes of `text` in UTF-8; a lone surrogate counts as its replacement, three bytes. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // A surrogate pair is two units and four bytes: two more than its units, one more for each.
    const paired =
      (unit & 0xfc00) === 0xd800
        ? (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00
        : (unit & 0xfc00) === 0xdc00 && i > 0 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800;
    bytes += unit < 0x800 || paired ? 1 : 2;
  }
  return bytes;
}
