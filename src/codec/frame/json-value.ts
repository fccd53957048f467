import { member } from "../../shared/json-value.js";
import { utf8Length } from "../../shared/utf8.js";

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
