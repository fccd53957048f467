import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";

/** A message with what it is, and where it was recorded (`repository:path`) if that is known. */
export interface CorpusBody {
  kind: string;
  source?: string;
  text: string;
  bytes: Buffer;
}

export interface Corpus {
  file: string;
  sha256: string;
  bodies: CorpusBody[];
}

/** Ends the process with one line on stderr. */
export function fail(message: string): never {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(2);
}

/** The file that is `given` (`--corpus FILE`) or that M2M_BENCH_CORPUS names; ends the process if there is none. */
export function corpusPath(given: string | undefined): string {
  const file = given ?? process.env.M2M_BENCH_CORPUS;
  if (file === undefined || file === "") {
    fail(
      "A corpus is needed: --corpus FILE or M2M_BENCH_CORPUS (docs/benchmarks/README.md says of what form).",
    );
  }
  if (!existsSync(file)) fail(`There is no corpus ${file}.`);
  return file;
}

/** The corpus that `--corpus FILE` or M2M_BENCH_CORPUS names. */
export function loadCorpus(): Corpus {
  const { values } = parseArgs({ options: { corpus: { type: "string" } }, strict: false });
  return readCorpus(corpusPath(typeof values.corpus === "string" ? values.corpus : undefined));
}

/** JSONL (or JSONL under gzip) of objects with a string `body` and, if known, a `kind` and a `source`. */
export function readCorpus(file: string): Corpus {
  const stored = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(stored) : stored).toString("utf8");
  const bodies = text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const { body, kind = "unknown", source } = parseRecord(line);
    if (typeof body !== "string") fail(`${file}:${index + 1}: This is no JSON object with a string "body".`);
    return [{ kind, source, text: body, bytes: Buffer.from(body) }];
  });
  if (bodies.length === 0) fail(`${file} is empty.`);
  return { file, sha256: createHash("sha256").update(stored).digest("hex"), bodies };
}

function parseRecord(line: string): { body?: unknown; kind?: string; source?: string } {
  try {
    return (JSON.parse(line) as { body?: unknown; kind?: string; source?: string } | null) ?? {};
  } catch {
    return {};
  }
}

/** What the figures were measured on, as Markdown. */
export function describeRun(corpus?: Corpus): string {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const memory = Math.round(totalmem() / 2 ** 30);
  const lines = [
    `- machine: ${cpus().length} × ${cpus()[0].model.trim()}, ${memory} GiB, ${process.platform} ${process.arch}`,
    `- Node ${process.version}, commit ${commit}, ${new Date().toISOString().slice(0, 10)}`,
  ];
  if (corpus) {
    const total = corpus.bodies.reduce((sum, { bytes }) => sum + bytes.length, 0);
    lines.push(
      `- corpus: ${basename(corpus.file)}, ${corpus.bodies.length} bodies, ${total} bytes, sha256 ${corpus.sha256.slice(0, 16)}`,
    );
  }
  return lines.join("\n");
}

/** A Markdown table; the first column is left-aligned, the others right. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  const rule = header.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}

/** The `share` quantile (0 to 1) of `values`. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export interface Timing {
  p50: number;
  p99: number;
}

/**
 * Milliseconds of each of `jobs`, run in turn round by round so that noise meets all alike, after a warm-up.
 * @returns one timing a job, in order.
 */
export function timeInterleaved(
  jobs: readonly (() => unknown)[],
  rounds: number,
  warmUp = rounds / 4,
): Timing[] {
  const samples = jobs.map(() => [] as number[]);
  let consumed = 0;
  for (let round = -warmUp; round < rounds; round++) {
    jobs.forEach((job, index) => {
      const start = performance.now();
      if (job() === consumed) consumed++;
      const timeMs = performance.now() - start;
      if (round >= 0) samples[index].push(timeMs);
    });
  }
  return samples.map((values) => ({ p50: quantile(values, 0.5), p99: quantile(values, 0.99) }));
}

/** Milliseconds with three significant digits. */
export function formatMs(value: number): string {
  return value.toPrecision(3).replace(/e-(\d)$/u, "e-$1");
}

/** The chat request of about 1 KB that latencies are stated for. */
export const CHAT_REQUEST_1K = JSON.stringify({
  model: "gpt-4o",
  messages: [
    {
      role: "system",
      content: "You are a careful assistant. Answer in short sentences and say when you do not know.",
    },
    {
      role: "user",
      content:
        "Our nightly job failed at 02:13 with exit code 137 while it merged the order tables. The node had 8 GiB of memory, " +
        "the query joins orders, customers and line items of the last 90 days. What would you look at first, and why?",
    },
    {
      role: "assistant",
      content:
        "Exit code 137 means the process was killed, most often for memory. I would look at the join order and at the size of " +
        "the hash tables first, because ninety days of line items do not fit into 8 GiB if they are built in memory.",
    },
    {
      role: "user",
      content:
        "The plan shows a hash join on line_items (41 million rows) with an estimate of 11 GiB, and customers is read " +
        "twice. The table has an index on (order_id, created_at). Rewrite the query so that it fits, without other results.",
    },
  ],
  temperature: 0.2,
  max_tokens: 600,
  stream: true,
});
