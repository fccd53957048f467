import { CodecEngine, type Analysis, type CandidateReport } from "../codec/index.js";
import type { ModelCard } from "../models/index.js";
import { isBpeEncoding, type BpeEncodingName } from "../shared/encodings.js";
import type { CommandContext } from "./context.js";
import { formatPercent, formatUsd } from "./stats.js";
import type { EngineSettings } from "./settings.js";
import { renderTable } from "./table.js";

export interface AnalyzeJob {
  readonly content: Uint8Array;
  readonly settings: EngineSettings;
  readonly encoding?: BpeEncodingName;
  readonly card?: ModelCard;
  readonly modelFiles?: readonly string[];
}

export interface AnalysisReport extends Analysis {
  /** What the content costs as input of the model, where the price is known. */
  cost?: { model: string; inputUsd: number };
}

/** The engine's analysis, with the price of the model that was asked for or that the body names. */
export async function analyze(context: CommandContext, job: AnalyzeJob): Promise<AnalysisReport> {
  const engine = new CodecEngine(job.settings);
  let { card, encoding } = job;
  let analysis = engine.analyze(job.content, { encoding });
  const registry = await context.models(job.modelFiles);
  if (!card && analysis.model !== undefined) {
    card = registry.find(analysis.model);
    const named = card?.encoding;
    if (!encoding && named && isBpeEncoding(named) && named !== analysis.encoding) {
      encoding = named;
      analysis = engine.analyze(job.content, { encoding });
    }
  }
  const inputUsd =
    card && analysis.tokens !== undefined
      ? registry.costUsd(card, { inputTokens: analysis.tokens })
      : undefined;
  return card && inputUsd !== undefined ? { ...analysis, cost: { model: card.id, inputUsd } } : analysis;
}

/** The report for a person. */
export async function renderAnalysis(context: CommandContext, report: AnalysisReport): Promise<string> {
  const style = await context.style();
  const facts = describeFacts(report).map(([title, value]) => `${style.bold(title.padEnd(11))} ${value}`);
  const best = Math.min(...report.candidates.map(({ bytes = Infinity }) => bytes));
  const rows = report.candidates.map((candidate) => {
    const row = describeCandidate(candidate, report);
    if (candidate.refused) return row.map((cell) => style.dim(cell));
    return candidate.bytes === best
      ? row.map((cell, index) => (index === 1 ? style.green(cell) : cell))
      : row;
  });
  const table = await renderTable(
    context,
    [
      { title: "Algorithm" },
      { title: "Bytes", align: "right" },
      { title: "Ratio", align: "right" },
      { title: "Tokens", align: "right" },
      { title: "Time", align: "right" },
      { title: "Remark" },
    ],
    rows,
  );
  const choices = Object.entries(report.chosen).map(
    ([policy, { algorithm, reason }]) =>
      `${style.bold(policy.padEnd(11))} ${style.cyan(algorithm)}: ${reason}`,
  );
  return [...facts, "", table, "", ...choices].join("\n");
}

function describeFacts(report: AnalysisReport): [string, string][] {
  const { bytes, encoding, minified, tokens } = report;
  const about = [
    report.kind.replaceAll(".", " "),
    `${bytes} bytes`,
    report.messageCount === undefined ? "" : countOf(report.messageCount, "message"),
    report.hasTools ? "tools" : "",
    report.isStream ? "stream" : "",
    report.model === undefined ? "" : `model ${report.model}`,
  ];
  const facts: [string, string][] = [["Content", about.filter(Boolean).join(", ")]];
  if (tokens !== undefined) {
    const smaller = minified && minified.tokens !== tokens ? `, ${minified.tokens} minified` : "";
    facts.push(["Tokens", `${tokens} (${encoding})${smaller}`]);
  }
  if (report.cost)
    facts.push(["Cost", `${formatUsd(report.cost.inputUsd)} as input of ${report.cost.model}`]);
  if (report.repetitionRatio !== undefined) {
    facts.push([
      "Repetition",
      `${formatPercent(report.repetitionRatio)} of four-character windows occurred before`,
    ]);
  }
  facts.push(["Route", `${report.route.strategy}: ${report.route.reason}`]);
  return facts;
}

function describeCandidate(candidate: CandidateReport, report: AnalysisReport): string[] {
  const { algorithm, bytes, lossless, ratio, refused, timeMs, tokens } = candidate;
  if (refused) return [algorithm, "-", "-", "-", "-", refused.message];
  const policies = Object.entries(report.chosen)
    .filter(([, choice]) => choice.algorithm === algorithm)
    .map(([policy]) => policy);
  const remarks = [
    policies.length > 0 ? `chosen by ${policies.join(" and ")}` : "",
    lossless === "minified-json" && report.minified?.bytes !== report.bytes ? "drops JSON whitespace" : "",
  ];
  return [
    algorithm,
    String(bytes),
    ratio === undefined ? "-" : formatPercent(ratio),
    tokens === undefined ? "-" : String(tokens),
    timeMs === undefined ? "-" : `${timeMs.toFixed(2)} ms`,
    remarks.filter(Boolean).join("; "),
  ];
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
