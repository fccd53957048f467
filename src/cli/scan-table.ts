/** Verdicts and findings for a person. */
import { formatScore } from "../shared/score.js";
import type { ChalkInstance } from "chalk";
import { findingsOf, lineOf, type ScannedInput, type Severity, type Threat } from "../security/index.js";
import { printable } from "./terminal.js";
import { countOf } from "./words.js";

/** The verdict, and below it what makes the input unsafe; ends with a line feed. */
export function renderVerdict(
  input: ScannedInput,
  { name, style, threshold }: { name: string | undefined; style: ChalkInstance; threshold: number },
): string {
  const { result } = input;
  const about = name === undefined ? "" : `${printable(name)}: `;
  if (result.safe) {
    const below = result.threats.length;
    const remark =
      below === 0 ? "" : `, ${countOf(below, "finding")} below the threshold of ${formatScore(threshold)}`;
    return `${style.green("safe")}    ${about}score ${formatScore(result.score)}${remark}\n`;
  }
  const verdict = `${about}${result.threatType}, score ${formatScore(result.score)}`;
  const findings = findingsOf(input, threshold).map((threat) => renderFinding(input, threat, name, style));
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

function renderFinding(
  input: ScannedInput,
  threat: Threat,
  name: string | undefined,
  style: ChalkInstance,
): string {
  const { category, excerpt, id, location, score, severity } = threat;
  const line = lineOf(input, threat);
  const place = [
    name === undefined ? `line ${line}` : `${printable(name)}:${line}`,
    printable(location.pointer),
    location.layers === undefined ? "" : `in ${printable(location.layers.join(" in "))}`,
  ].filter(Boolean);
  const facts = `${category}, ${styleSeverity(severity, style)}, score ${formatScore(score)}`;
  return [
    `  ${style.cyan(printable(id))} ${printable(threat.name)} (${facts})`,
    `    ${place.join(" ")}`,
    `    ${style.dim(printable(excerpt))}`,
  ].join("\n");
}

function styleSeverity(severity: Severity, style: ChalkInstance): string {
  if (severity === "low") return severity;
  return severity === "medium" ? style.yellow(severity) : style.red(severity);
}
