/** The findings of one input as a person reads them: those of one rule that stand close together are one. */
import type { Threat } from "../security/index.js";
import { lineStarts } from "../shared/line-starts.js";
import { tryDecodeUtf8 } from "../shared/utf8.js";

/** Places that are closer than this are seen in one excerpt. */
const NEAR_UNITS = 60;

export interface FindingGroup {
  /** The first of them. */
  readonly threat: Threat;
  readonly count: number;
  /** Of each, from 1, in UTF-16 units; empty where only the string is known that they are in. */
  readonly columns: readonly number[];
  /** What was found, as it stands in the excerpt; absent if that is not known. */
  readonly match?: string;
}

/** @param content what was scanned */
export function groupFindings(threats: readonly Threat[], content: Uint8Array): FindingGroup[] {
  const text = tryDecodeUtf8(content) ?? "";
  const lines = lineStarts(text);
  const groups: { threat: Threat; places: Threat[] }[] = [];
  for (const threat of threats) {
    const group = groups.find(({ places }) => isNear(places, threat));
    if (group) group.places.push(threat);
    else groups.push({ threat, places: [threat] });
  }
  return groups.map(({ threat, places }) => {
    const columns = places.map((place) => columnOf(place, text, lines));
    return {
      threat,
      count: places.length,
      columns: columns.includes(undefined) ? [] : columns.map(Number).sort((a, b) => a - b),
      match: columns[0] === undefined ? undefined : matchOf(threat, text),
    };
  });
}

function isNear([first, ...others]: readonly Threat[], threat: Threat): boolean {
  const { location } = threat;
  return (
    first.id === threat.id &&
    first.location.line === location.line &&
    first.location.pointer === location.pointer &&
    first.location.layers?.join() === location.layers?.join() &&
    [first, ...others].some(({ location: { offset } }) => Math.abs(offset - location.offset) < NEAR_UNITS)
  );
}

/** Only of a plain text is the offset one in what was scanned; that the line agrees says so. */
function columnOf({ location }: Threat, text: string, lines: readonly number[]): number | undefined {
  const { layers, line, offset, pointer } = location;
  if (pointer !== "" || layers !== undefined || offset >= text.length) return undefined;
  const [start, next = Infinity] = lines.slice(line - 1, line + 1);
  return offset >= start && offset < next ? offset - start + 1 : undefined;
}

function matchOf(threat: Threat, text: string): string | undefined {
  const { length, offset } = threat.location;
  const found = text
    .slice(offset, offset + length)
    .replace(/\s+/g, " ")
    .trim();
  return found !== "" && threat.excerpt.includes(found) ? found : undefined;
}
