import { CodecEngine, type Analysis, type CandidateReport } from "../codec/index.js";
import type { BpeEncodingName, EncodingName } from "../shared/encodings.js";
import { isJsonText } from "../shared/json-text.js";
import { tryDecodeUtf8 } from "../shared/utf8.js";
import type { CommandContext } from "./context.js";
import { chooseCounting, countText, describeInexact, describeTokens } from "./count.js";
import { readNamedModel } from "../shared/named-model.js";
import { explaining, LIMIT_HINTS, sourceLabel } from "./explain-error.js";
import { toBpeEncoding, type EncodingChoice } from "./flags.js";
import { readSource, type Source } from "./input.js";
import { analyzeSecurity, type SecurityAnalysis } from "./scan-analysis.js";
import { describeSecurity } from "./scan-table.js";
import type { EngineSettings } from "./settings.js";
import { renderFacts, renderTable } from "./table.js";
import { printable } from "./terminal.js";
import { countOf, formatPercent, formatUsd, round } from "./words.js";

export interface AnalyzeJob {
  readonly source: Source;
  readonly settings: EngineSettings;
  readonly choice: EncodingChoice | undefined;
  readonly modelFiles?: readonly string[];
}

export interface AnalysisReport extends Omit<Analysis, "encoding">, SecurityAnalysis {
  /** Nested deeper than the limit: what carries JSON only refuses it, and it counts as text. */
  jsonTooDeep?: true;
  /** How tokens are counted. */
  encoding: EncodingName;
  /** `false`: tokens and costs are estimates. */
  exact: boolean;
  /** Of the token-native wire. */
  vocabulary: BpeEncodingName;
  /** What the content costs as input of the model, where the price is known. */
  cost?: { model: string; inputUsd: number };
}

/**
 * The engine's analysis: wires as `compress` makes them with the same flags, tokens and price by the model of the flags,
 * else by the one that the content names.
 */
export async function analyze(context: CommandContext, job: AnalyzeJob): Promise<AnalysisReport> {
  const { choice, settings, source } = job;
  const { analysis, content, counting, registry } = await explaining(
    sourceLabel(source, false),
    LIMIT_HINTS,
    async () => {
      const content = await readSource(source, settings.limits.maxInputBytes);
      const named = choice?.card ? undefined : readNamedModel(content);
      const registry = choice?.card || named !== undefined ? await context.models(job.modelFiles) : undefined;
      const vocabulary = toBpeEncoding(choice) ?? settings.encoding;
      const counting = chooseCounting(choice, named, registry, vocabulary);
      const analysis = new CodecEngine(settings).analyze(content, {
        encoding: vocabulary,
        countTokens: (text) => countText(text, counting),
      });
      return { analysis, content, counting, registry };
    },
  );
  const { card, encoding, exact } = counting;
  const { tokens } = analysis;
  const inputUsd =
    card && tokens !== undefined ? registry?.costUsd(card, { inputTokens: tokens }) : undefined;
  const text = analysis.isJson ? undefined : tryDecodeUtf8(content);
  const inexact = describeInexact(counting);
  if (inexact !== undefined && !context.json) context.note(`m2m: ${inexact}`);
  const security = await analyzeSecurity(context, content, settings);
  return {
    ...analysis,
    ...(text !== undefined && isJsonText(text) && { jsonTooDeep: true }),
    encoding,
    exact,
    vocabulary: analysis.encoding,
    cost: card && inputUsd !== undefined ? { model: card.id, inputUsd } : undefined,
    ...security,
  };
}

/** The report as its JSON document has it: a figure is rounded once, where it is shown. */
export function toAnalysisJson(report: AnalysisReport): object {
  const { candidates, repetitionRatio } = report;
  return {
    version: 1,
    ...report,
    repetitionRatio: repetitionRatio === undefined ? undefined : round(repetitionRatio),
    candidates: candidates.map(({ ratio, timeMs, ...candidate }) => ({
      ...candidate,
      ratio: ratio === undefined ? undefined : round(ratio),
      timeMs: timeMs === undefined ? undefined : round(timeMs),
    })),
  };
}

/** The report for a person. */
export async function renderAnalysis(context: CommandContext, report: AnalysisReport): Promise<string> {
  const style = await context.style();
  const facts = renderFacts(describeFacts(report), style.bold);
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
  const { compression, algorithm: advised } = report.hydra ?? {};
  const choices = renderFacts(
    [
      ...Object.entries(report.chosen).map(([policy, { algorithm, reason }]): [string, string] => [
        policy,
        `${style.cyan(algorithm)}: ${reason}`,
      ]),
      [
        "hydra",
        compression &&
          `${style.cyan(advised ?? compression.label)}: ${formatPercent(compression.probabilities[compression.label])} sure by the look of its beginning`,
      ],
    ],
    style.bold,
  );
  return [facts, "", table, "", choices].join("\n");
}

function describeFacts(report: AnalysisReport): [string, string | undefined][] {
  const { bytes, cost, minified, model, repetitionRatio, route, security, tokens } = report;
  const about = [
    report.kind.replaceAll(".", " "),
    countOf(bytes, "byte"),
    report.jsonTooDeep ? "JSON nested deeper than limits.max_json_depth" : "",
    report.messageCount === undefined ? "" : countOf(report.messageCount, "message"),
    report.hasTools ? "tools" : "",
    report.isStream ? "stream" : "",
    model === undefined ? "" : `model ${printable(model)}`,
  ];
  const smaller = minified && minified.tokens !== tokens ? `, ${minified.tokens} minified` : "";
  return [
    ["Content", about.filter(Boolean).join(", ")],
    ["Tokens", tokens === undefined ? undefined : `${describeTokens(tokens, report)}${smaller}`],
    [
      "Cost",
      cost &&
        `${report.exact ? "" : "about "}${formatUsd(cost.inputUsd)} as input of ${printable(cost.model)}`,
    ],
    [
      "Repetition",
      repetitionRatio === undefined
        ? undefined
        : `${formatPercent(repetitionRatio)} of four-character windows occurred before`,
    ],
    ["Route", `${route.strategy}: ${route.reason}`],
    ["Security", security && describeSecurity(security)],
  ];
}

function describeCandidate(candidate: CandidateReport, report: AnalysisReport): string[] {
  const { algorithm, bytes, lossless, ratio, refused, timeMs, tokens } = candidate;
  if (refused) return [algorithm, "-", "-", "-", "-", refused.message];
  const policies = Object.entries(report.chosen)
    .filter(([, choice]) => choice.algorithm === algorithm)
    .map(([policy]) => policy);
  const remarks = [
    algorithm === "token-native" ? `in ${report.vocabulary}` : "",
    policies.length > 0 ? `chosen by ${policies.join(" and ")}` : "",
    lossless === "minified-json" && report.minified?.bytes !== report.bytes ? "drops JSON whitespace" : "",
  ];
  return [
    algorithm,
    String(bytes),
    ratio === undefined || report.bytes === 0 ? "-" : formatPercent(ratio),
    tokens === undefined ? "-" : String(tokens),
    timeMs === undefined ? "-" : `${timeMs.toFixed(2)} ms`,
    remarks.filter(Boolean).join("; "),
  ];
}
