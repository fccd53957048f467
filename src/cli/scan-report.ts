/** How the results of a scan are written: for a person, a program, a code scanning service, or GitHub Actions. */
import {
  githubAnnotations,
  noScores,
  SarifReport,
  THREAT_CATEGORIES,
  verdictOf,
  type RuleSet,
  type ScannedInput,
  type ScanResult,
  type Verdict,
} from "../security/index.js";
import type { M2MError } from "../shared/errors.js";
import type { CommandContext } from "./context.js";
import { toErrorJson } from "./errors.js";
import type { ScanFormat } from "./scan-flags.js";
import { renderLine, renderVerdict } from "./scan-table.js";
import { printable } from "./terminal.js";
import { versionFacts } from "./version.js";
import { countOf } from "./words.js";

/** Files that were skipped are counted; this many are named. */
const MAX_NAMED = 5;

/** One input that was scanned. */
export interface ScanItem extends ScannedInput {
  /** As messages call it; absent for a text that stands alone. */
  readonly name?: string;
  /** It was found in a folder, not named. */
  readonly walked?: boolean;
}

/** What was counted on the way. */
export interface ScanTotals {
  scanned: number;
  unsafe: number;
  /** Findings that a baseline knows. */
  known: number;
  /** Everything could be scanned. */
  complete: boolean;
  readonly skipped: { file: string; reason: string }[];
  readonly failures: { name: string | undefined; error: M2MError }[];
}

/** Writes one format. What `add` gives is written at once, so a report that needs no whole takes no memory. */
export interface ScanReport {
  add(item: ScanItem, content: Uint8Array): string;
  /** One line of a file with `--lines`: a line of the result, or an object for JSON. */
  addLine(item: ScanItem): string | object | undefined;
  finish(totals: ScanTotals): string;
}

export interface ReportOptions {
  readonly format: ScanFormat;
  readonly threshold: number;
  readonly rules: RuleSet;
  /** There may be more than one input. */
  readonly several: boolean;
  readonly lines: boolean;
}

/** The writer of `options.format`. Tables load the colours of the terminal. */
export async function createReport(context: CommandContext, options: ReportOptions): Promise<ScanReport> {
  const { format, threshold } = options;
  if (format === "json") return jsonReport(options);
  if (format === "sarif") return sarifReport(options);
  if (format === "github") {
    return {
      add: (item) => linesOf(githubAnnotations(item, threshold)),
      addLine: (item) => githubAnnotations(item, threshold)[0],
      finish: () => "",
    };
  }
  const style = await context.style();
  return {
    add(item, content) {
      // Of a folder's thousand files those that are safe are a number.
      if (item.walked && item.result.safe) return "";
      return renderVerdict(item, { name: item.name, style, threshold, content });
    },
    addLine: (item) =>
      renderLine(
        item,
        item.name === undefined ? `line ${item.line}` : `${item.name}:${item.line}`,
        threshold,
      ),
    finish(totals) {
      const remark =
        options.several || options.lines ? describeTotals(totals, options) : describeKnown(totals);
      return remark === "" ? "" : `${remark}\n`;
    },
  };
}

/** A result as JSON shows it: every member is always there. */
function resultJson(result: ScanResult): object {
  return { ...verdictJson(result), threats: result.threats };
}

function verdictJson({ safe, score, threatType, confidence, scores }: Verdict): object {
  return { safe, score, threatType: threatType ?? null, confidence, scores };
}

function jsonReport({ several, threshold }: ReportOptions): ScanReport {
  const results: object[] = [];
  const highest = noScores();
  return {
    add({ file, result }) {
      results.push({ ...(file === undefined ? {} : { file }), ...resultJson(result) });
      for (const name of THREAT_CATEGORIES) highest[name] = Math.max(highest[name], result.scores[name]);
      return "";
    },
    addLine: ({ file, result }) => ({ ...(file === undefined ? {} : { file }), ...resultJson(result) }),
    finish({ failures, known, scanned, skipped, unsafe }) {
      if (!several)
        return results.length === 0 ? "" : document({ version: 1, ...results[0], threshold, known });
      const verdict = verdictOf(highest, threshold);
      return document({
        version: 1,
        // Of what could not be read nobody knows.
        ...verdictJson({ ...verdict, safe: verdict.safe && failures.length === 0 }),
        threshold,
        scanned,
        unsafe,
        known,
        results,
        skipped,
        errors: failures.map(({ name, error }) => ({ file: name, error: toErrorJson(error) })),
      });
    },
  };
}

function sarifReport({ rules, threshold }: ReportOptions): ScanReport {
  const report = new SarifReport({ rules, threshold, toolVersion: versionFacts().version });
  return {
    add(item) {
      report.add(item);
      return "";
    },
    addLine(item) {
      report.add(item);
      return undefined;
    },
    finish({ complete, failures, skipped }) {
      for (const { file, reason } of skipped) report.addSkipped(file, reason);
      for (const { name, error } of failures) report.addFailure(name, error);
      return document(report.finish(complete));
    },
  };
}

function describeTotals(totals: ScanTotals, { lines }: ReportOptions): string {
  const { complete, scanned, skipped, unsafe } = totals;
  const reasons = [...new Set(skipped.map(({ reason }) => reason))].sort();
  const byReason = reasons.map((one) => `${skipped.filter(({ reason }) => reason === one).length} ${one}`);
  const what = `${countOf(scanned, lines ? "line" : "file")} scanned`;
  const verdict = unsafe === 0 ? (complete ? "all safe" : "none unsafe") : `${unsafe} unsafe`;
  const some = skipped.slice(0, MAX_NAMED).map(({ file }) => printable(file));
  if (skipped.length > some.length) some.push("…");
  return [
    scanned === 0 ? "Nothing was scanned." : `${what}, ${verdict}.`,
    complete || scanned === 0 ? "" : "Not all could be scanned.",
    describeKnown(totals),
    skipped.length === 0
      ? ""
      : `${countOf(skipped.length, "file")} skipped: ${byReason.join(", ")} (${some.join(", ")}).`,
  ]
    .filter(Boolean)
    .join(" ");
}

function describeKnown({ known }: ScanTotals): string {
  return known === 0 ? "" : `${countOf(known, "finding")} known by the baseline.`;
}

function document(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
