/** Verdicts and findings for a person. */
import { formatScore } from "../shared/score.js";
import type { ChalkInstance } from "chalk";
import { findingsOf, lineOf, type ScannedInput, type Severity } from "../security/index.js";
import { groupFindings, type FindingGroup } from "./scan-findings.js";
import { printable } from "./terminal.js";
import { countOf } from "./words.js";

export interface VerdictOptions {
  readonly name: string | undefined;
  readonly style: ChalkInstance;
  readonly threshold: number;
  /** What was scanned. */
  readonly content: Uint8Array;
}

/** The verdict, and below it what makes the input unsafe; ends with a line feed. */
export function renderVerdict(input: ScannedInput, options: VerdictOptions): string {
  const { content, name, style, threshold } = options;
  const { result } = input;
  const about = name === undefined ? "" : `${printable(name)}: `;
  if (result.safe) {
    const below = result.threats.length;
    // As it was given: with fewer decimals it could read as if the score had reached it.
    const remark = below === 0 ? "" : `, ${countOf(below, "finding")} below the threshold of ${threshold}`;
    return `${style.green("safe")}    ${about}score ${formatScore(result.score)}${remark}\n`;
  }
  const verdict = `${about}${result.threatType}, score ${formatScore(result.score)}`;
  let shown = "";
  const findings = groupFindings(findingsOf(input, threshold), content).map((group) => {
    const { excerpt, location } = group.threat;
    const here = `${lineOf(input, group.threat)} ${location.pointer} ${excerpt}`;
    const isNew = here !== shown;
    shown = here;
    return renderFinding(input, group, options, isNew);
  });
  return [`${style.red.bold("unsafe")}  ${style.bold(verdict)}`, ...findings, ""].join("\n");
}

/** The verdict in a few words, and what it rests on. */
export function describeSecurity({
  safe,
  score,
  threatType,
  threats,
}: Pick<ScannedInput["result"], "safe" | "score" | "threats"> & {
  threatType: string | null | undefined;
}): string {
  const verdict = safe ? `safe, score ${formatScore(score)}` : `${threatType}, score ${formatScore(score)}`;
  const [first] = safe ? [] : threats;
  return first
    ? `${verdict}: ${printable(first.id)} ${printable(first.name)} (line ${first.location.line})`
    : verdict;
}

/** The verdict on one line, for the lines of a file. */
export function renderLine(input: ScannedInput, place: string, threshold: number): string | undefined {
  const { result } = input;
  if (result.safe) return undefined;
  const findings = findingsOf(input, threshold);
  const [first] = findings;
  const what = first ? `: ${first.id} ${first.name}: ${first.excerpt}` : "";
  const more = findings.length > 1 ? ` (and ${countOf(findings.length - 1, "more finding")})` : "";
  return printable(`${place}: ${result.threatType}, score ${formatScore(result.score)}${what}${more}`);
}

/** @param withExcerpt it does not stand right above already */
function renderFinding(
  input: ScannedInput,
  group: FindingGroup,
  { name, style }: VerdictOptions,
  withExcerpt: boolean,
): string {
  const { threat } = group;
  const { category, id, location, score, severity } = threat;
  const place = [
    describePlace(group, lineOf(input, threat), name),
    printable(location.pointer),
    location.layers === undefined ? "" : `in ${printable(location.layers.join(" in "))}`,
    group.count > 1 && group.columns.length === 0 ? `(${group.count} times)` : "",
  ].filter(Boolean);
  const facts = `${category}, ${styleSeverity(severity, style)}, score ${formatScore(score)}`;
  return [
    `  ${style.cyan(printable(id))} ${printable(threat.name)} (${facts})`,
    `    ${place.join(" ")}`,
    ...(withExcerpt ? [`    ${styleExcerpt(group, style)}`] : []),
  ].join("\n");
}

/** `line 3, column 7`, or `a.txt:3:7` as compilers write it. */
function describePlace({ columns }: FindingGroup, line: number, name: string | undefined): string {
  if (name !== undefined) {
    const places = columns.length === 0 ? [line] : columns.map((column) => `${line}:${column}`);
    return `${printable(name)}:${places.join(", ")}`;
  }
  if (columns.length === 0) return `line ${line}`;
  return `line ${line}, ${columns.length === 1 ? "column" : "columns"} ${columns.join(", ")}`;
}

/** What was found stands out where it is known and there are colours. */
function styleExcerpt({ match, threat: { excerpt } }: FindingGroup, style: ChalkInstance): string {
  if (match === undefined) return style.dim(printable(excerpt));
  const at = excerpt.indexOf(match);
  const [before, after] = [excerpt.slice(0, at), excerpt.slice(at + match.length)];
  return `${style.dim(printable(before))}${style.bold(printable(match))}${style.dim(printable(after))}`;
}

function styleSeverity(severity: Severity, style: ChalkInstance): string {
  if (severity === "low") return severity;
  return severity === "medium" ? style.yellow(severity) : style.red(severity);
}
