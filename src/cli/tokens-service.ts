import type { ModelCard } from "../models/index.js";
import { isBpeEncoding, type EncodingName } from "../shared/encodings.js";
import { FormatError, InputError } from "../shared/errors.js";
import { assertJsonText } from "../shared/json-text.js";
import { decodeUtf8 } from "../shared/utf8.js";
import { countChatTokens, defaultTokenizers, estimateTokens, type ChatTokens } from "../tokenizer/index.js";
import type { CommandContext } from "./context.js";
import type { EncodingChoice } from "./flags.js";
import { readSource, type Source } from "./input.js";
import { runLines } from "./lines.js";
import { withOutput, type Output, type OutputOptions } from "./output.js";
import { formatUsd } from "./stats.js";

export interface TokensJob {
  readonly sources: readonly Source[];
  readonly choice: EncodingChoice | undefined;
  readonly ids: boolean;
  readonly truncate?: number;
  readonly chat: boolean;
  readonly field?: string;
  readonly modelFiles?: readonly string[];
  readonly output: OutputOptions;
}

/** One of `inputs` in the `--json` document. */
interface Counted {
  name?: string;
  tokens: number;
  bytes: number;
  ids?: number[];
  text?: string;
  truncated?: boolean;
  chat?: Pick<ChatTokens, "messages" | "tools" | "overhead" | "replyPriming" | "uncountedParts" | "exact">;
  costUsd?: number;
}

/** Most bytes that are counted as one text; `--lines` has no such bound for the whole. */
const MAX_TEXT_BYTES = 512 * 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const LINE_FEED = 0x0a;

/** Counts whole inputs: a bare number for one, a table with a total for several. */
export async function countSources(context: CommandContext, job: TokensJob): Promise<void> {
  const first = await readSource(job.sources[0], MAX_TEXT_BYTES);
  const counter = await createCounter(context, job, first);
  const counted: Counted[] = [];
  for (const [index, source] of job.sources.entries()) {
    const bytes = index === 0 ? first : await readSource(source, MAX_TEXT_BYTES);
    const result = counter.count(bytes);
    counted.push(source.name === undefined ? result : { name: source.name, ...result });
  }
  const total = counted.reduce((sum, { tokens }) => sum + tokens, 0);
  await withOutput(context, job.output, async (output) => {
    if (context.json) {
      const { encoding, exact, card } = counter;
      const report = { version: 1, encoding, exact, model: card?.id, inputs: counted, total };
      await output.write(`${JSON.stringify(report)}\n`);
    } else await writePlain(output, job, counted, total);
  });
  if (!context.json) counter.explain(counted);
}

/** Counts each line. @returns the exit code */
export async function countLines(context: CommandContext, job: TokensJob): Promise<number> {
  const counter = await createCounter(context, job, undefined);
  if (!context.json) counter.explain([]);
  return withOutput(context, job.output, (output) =>
    runLines(context, {
      sources: job.sources,
      output,
      field: job.field,
      maxLineBytes: MAX_LINE_BYTES,
      transform(message) {
        const counted = counter.count(message);
        return context.json ? counted : plainLine(counted);
      },
    }),
  );
}

async function writePlain(output: Output, job: TokensJob, counted: Counted[], total: number): Promise<void> {
  if (job.truncate !== undefined && !job.ids) {
    for (const { text = "" } of counted) await output.write(text);
    const last = counted.at(-1)?.text ?? "";
    // In a pipe or a file the text is exact; on a terminal the prompt would stick to it.
    if (output.isTerminal && last.charCodeAt(last.length - 1) !== LINE_FEED) await output.write("\n");
    return;
  }
  if (counted.length === 1 || job.ids) {
    for (const one of counted) await output.write(`${plainLine(one)}\n`);
    return;
  }
  const width = String(total).length;
  const rows = [...counted, { name: "total", tokens: total }];
  await output.write(rows.map(({ name, tokens }) => `${String(tokens).padStart(width)}  ${name}\n`).join(""));
}

function plainLine({ ids, text, tokens }: Counted): string {
  if (ids) return ids.join(" ");
  return text ?? String(tokens);
}

interface Counter {
  readonly encoding: EncodingName;
  readonly exact: boolean;
  readonly card: ModelCard | undefined;
  count(bytes: Uint8Array): Counted;
  /** Tells on stderr what a number alone does not say. */
  explain(counted: readonly Counted[]): void;
}

async function createCounter(
  context: CommandContext,
  job: TokensJob,
  first: Uint8Array | undefined,
): Promise<Counter> {
  let choice = job.choice;
  if (job.chat && !choice?.card && first) {
    // The request says which model it is for; a flag that says otherwise wins.
    const { model } = parseRequest(first) as { model?: unknown };
    const card = typeof model === "string" ? (await context.models(job.modelFiles)).find(model) : undefined;
    if (card) choice = { encoding: choice?.encoding ?? card.encoding, card };
  }
  const { card, encoding = "cl100k_base" } = choice ?? {};
  const exact = isBpeEncoding(encoding);
  if (!exact && (job.ids || job.truncate !== undefined)) {
    throw new InputError(
      "M2M_USAGE",
      `The encoding ${encoding} has no token ids: it only estimates counts.`,
      {
        hint: "Leave --ids and --truncate out, or choose cl100k, o200k or llama3.",
      },
    );
  }
  const registry = card && (await context.models(job.modelFiles));
  const price = (tokens: number) => card && registry?.costUsd(card, { inputTokens: tokens });
  const tokenizer = isBpeEncoding(encoding) ? defaultTokenizers.get(encoding) : undefined;

  function count(bytes: Uint8Array): Counted {
    if (job.chat) {
      const { total, encoding: _, ...chat } = countChatTokens(parseRequest(bytes), { encoding, model: card });
      return { tokens: total, bytes: bytes.length, chat, costUsd: price(total) };
    }
    if (!tokenizer) {
      const tokens = estimateTokens(decodeUtf8(bytes), { provider: card?.provider });
      return { tokens, bytes: bytes.length, costUsd: price(tokens) };
    }
    if (job.truncate !== undefined) {
      const { content, tokenCount, truncated } = tokenizer.truncate(decodeUtf8(bytes), job.truncate);
      const ids = job.ids ? Array.from(tokenizer.encode(content)) : undefined;
      return { tokens: tokenCount, bytes: bytes.length, ids, text: content, truncated };
    }
    if (job.ids) {
      const ids = Array.from(tokenizer.encode(bytes));
      return { tokens: ids.length, bytes: bytes.length, ids };
    }
    const tokens = tokenizer.count(bytes);
    return { tokens, bytes: bytes.length, costUsd: price(tokens) };
  }

  function explain(counted: readonly Counted[]): void {
    if (!exact)
      context.note(`m2m: ${card ? `${card.id} has a closed tokenizer; ` : ""}the count is an estimate.`);
    if (!job.chat) return;
    for (const { chat, costUsd, tokens } of counted) {
      if (!chat) continue;
      const cost = costUsd === undefined ? "" : `; ${formatUsd(costUsd)} as input of ${card?.id}`;
      const { messages, overhead, tools, uncountedParts } = chat;
      context.note(
        `${tokens} tokens (${encoding}): messages ${messages}, tools ${tools}, overhead ${overhead}${cost}`,
      );
      if (uncountedParts > 0) context.note(`m2m: ${uncountedParts} images, sounds or files are not counted.`);
    }
  }

  return { encoding, exact, card, count, explain };
}

function parseRequest(bytes: Uint8Array): object {
  const text = decodeUtf8(bytes);
  assertJsonText(text);
  const value: unknown = JSON.parse(text);
  if (typeof value === "object" && value !== null && "messages" in value && Array.isArray(value.messages))
    return value;
  throw new FormatError("M2M_JSON_INVALID", "The input is no chat request: it has no list of messages.");
}
