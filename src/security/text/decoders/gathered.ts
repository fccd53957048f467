import { partitionPoint } from "../../../shared/partition-point.js";
import type { Decoded } from "./decoder.js";

/** What is found beyond this many texts is read as one: each text that is read apart costs more than its length. */
const MOST_APART = 4;

/** `found`, in which all that one disguise hid behind its first few texts stands together, a line each: nothing hides behind many. */
export function gather(found: readonly Decoded[]): readonly Decoded[] {
  if (found.length <= MOST_APART) return found;
  const byLayer = new Map<string, Decoded[]>();
  for (const decoded of found) {
    const alike = byLayer.get(decoded.layer);
    if (alike) alike.push(decoded);
    else byLayer.set(decoded.layer, [decoded]);
  }
  return [...byLayer.values()].flatMap((alike) =>
    alike.length <= MOST_APART
      ? alike
      : [...alike.slice(0, MOST_APART - 1), joined(alike.slice(MOST_APART - 1))],
  );
}

function joined(parts: readonly Decoded[]): Decoded {
  const starts: number[] = [];
  let length = 0;
  for (const { text } of parts) {
    starts.push(length);
    length += text.length + 1;
  }
  const partAt = (at: number): number => partitionPoint(parts.length, (part) => starts[part] <= at) - 1;
  return {
    text: parts.map(({ text }) => text).join("\n"),
    layer: parts[0].layer,
    toSource(start, end) {
      const first = partAt(start);
      const last = partAt(Math.max(start, end - 1));
      const from = parts[first].toSource(start - starts[first], end - starts[first]);
      if (first === last) return from;
      return { start: from.start, end: parts[last].toSource(0, end - starts[last]).end };
    },
  };
}
