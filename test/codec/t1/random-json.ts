import fc from "fast-check";
import { DIALECT_KEYS, DIALECT_STRINGS, KEYS, STRINGS } from "./slow-twin.js";

const GAPS = ["", "", "", "", " ", "\n", "\r\n", "\t", "  "];
const SCALARS =
  '0 -0 1.0 1e-7 1E+05 -12.50 12345678901234567890 true false null "" "x" "~" "\\u0075" "\\"~" "é\u2028" {} []'.split(
    " ",
  );

/** Names that may be mistaken for short ones, everywhere. */
export const ODD_NAMES = [
  "",
  "~",
  "~~",
  "~m",
  "~~m",
  "~user",
  ":",
  ":x",
  "~:x",
  "\\u006d",
  "\\u007em",
  "m ",
  "é",
];
const FOREIGN_KEYS = [
  "id",
  "metadata",
  "schema",
  "__proto__",
  "constructor",
  "toString",
  "tool_call_id",
  "text",
];

const ALL_KEYS = vocabulary(Object.values({ ...KEYS }), Object.values(DIALECT_KEYS));
const ALL_STRINGS = vocabulary(Object.values(STRINGS), Object.values(DIALECT_STRINGS));

/** Every short, dialect and long name of the tables, the odd names, and each of them escaped. */
function vocabulary(...tables: Record<string, string>[][]): string[] {
  const all = tables.flat().flatMap((table) => Object.entries(table).flat());
  return [...new Set([...all, ...all.map((name) => `~${name}`), ...ODD_NAMES])];
}

/** The names worth trying as keys of the object at `path`, or as the string there. */
export function keysFor(path: string): string[] {
  return vocabulary([KEYS[path]], [DIALECT_KEYS[path] ?? {}]);
}

export function stringsFor(path: string): string[] {
  return vocabulary([STRINGS[path]], [DIALECT_STRINGS[path] ?? {}]);
}

/**
 * Random JSON text that follows the chat schema often, leaves it often, and likes names that look like abbreviations;
 * with whitespace, odd numbers, escapes and duplicate keys. Shrinks with its entropy.
 */
export function randomJsonText(maxEntropy = 300): fc.Arbitrary<string> {
  return fc.uint8Array({ minLength: 20, maxLength: maxEntropy, size: "max" }).map((entropy) => {
    let at = 0;
    const pick = (count: number): number => (at < entropy.length ? (entropy[at++] * 7 + at) % count : 0);
    const from = <T>(choices: readonly T[]): T =>
      // Two draws: tables are longer than a byte counts.
      choices[choices.length > 200 ? (pick(256) * 256 + pick(256)) % choices.length : pick(choices.length)];
    const gap = (): string => from(GAPS);

    const key = (path: string): string => {
      const known = Object.keys(KEYS[path] ?? {});
      const kind = pick(8);
      const leading = known.filter((name) => `${path}/${name}` in KEYS || `${path}/${name}[]` in KEYS);
      if (leading.length > 0 && kind >= 6) return from(leading);
      if (known.length > 0 && kind >= 3) return from(known);
      if (kind === 2) return from(FOREIGN_KEYS);
      return from(known.length > 0 && kind === 1 ? keysFor(path) : ALL_KEYS);
    };
    const value = (path: string, depth: number): string => {
      const isKnownArray = `${path}[]` in KEYS;
      if (path in STRINGS && pick(6) > 0)
        return `"${from(pick(2) ? stringsFor(path) : Object.keys(STRINGS[path]))}"`;
      const kind = pick(10);
      if (at >= entropy.length || depth > 7) return from(SCALARS);
      if (isKnownArray ? kind > 1 : kind === 0)
        return list(depth, "[", "]", () => value(`${path}[]`, depth + 1));
      if (path in KEYS ? kind > 0 : kind < 4) {
        return list(depth, "{", "}", () => {
          const name = key(path);
          const inside = Object.hasOwn(KEYS[path] ?? {}, name) ? `${path}/${name}` : "?";
          return `"${name}"${gap()}:${gap()}${value(inside, depth + 1)}`;
        });
      }
      return kind < 6 ? `"${from(ALL_STRINGS)}"` : from(SCALARS);
    };
    const list = (depth: number, open: string, close: string, item: () => string): string => {
      const items = Array.from({ length: pick(4) + (depth < 3 ? 1 : 0) }, () => gap() + item() + gap());
      return open + (items.join(",") || gap()) + close;
    };
    return gap() + value("", 0) + gap();
  });
}
