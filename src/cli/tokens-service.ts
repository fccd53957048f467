import type { ModelRegistry } from "../models/index.js";
import { isBpeEncoding, type EncodingName } from "../shared/encodings.js";
import { FormatError, InputError } from "../shared/errors.js";
import { assertJsonText } from "../shared/json-text.js";
import { isJsonObject } from "../shared/json-value.js";
import { decodeUtf8, utf8Length } from "../shared/utf8.js";
import { countChatTokens, defaultTokenizers, modelOfRequest, type ChatTokens } from "../tokenizer/index.js";
import type { CommandContext } from "./context.js";
import { chooseCounting, countText, describeInexact, type Counting } from "./count.js";
import { explaining, LIMIT_HINTS, sourceLabel } from "./explain-error.js";
import type { EncodingChoice } from "./flags.js";
import { readSource, type Source } from "./input.js";
import { runLines } from "./lines.js";
import { withOutput, writeResult, type Output, type OutputOptions } from "./output.js";
import { Progress, wantsProgress } from "./progress.js";
import { printable } from "./terminal.js";
import { countOf, formatUsd } from "./words.js";

export interface TokensJob {
  readonly sources: readonly Source[];
  readonly choice: EncodingChoice | undefined;
  readonly ids: boolean;
  readonly truncate?: number;
  readonly chat: boolean;
  readonly field?: string;
  readonly modelFiles?: readonly string[];
  /** Most bytes of a text, or of a line. */
  readonly maxBytes: number;
  readonly output: OutputOptions;
}

/** One of `inputs` in the `--json` document. */
interface Counted {
  tokens: number;
  bytes: number;
  encoding: EncodingName;
  exact: boolean;
  model?: string;
  ids?: number[];
  text?: string;
  truncated?: boolean;
  chat?: Pick<ChatTokens, "messages" | "tools" | "overhead" | "replyPriming" | "uncountedParts">;
  costUsd?: number;
}

/** Counts whole inputs: a bare number for one, a table with a total for several. */
export async function countSources(context: CommandContext, job: TokensJob): Promise<void> {
  const { maxBytes, sources } = job;
  const several = sources.length > 1;
  const counter = await createCounter(context, job);
  const inputs: { label?: string; name?: string; counted: Counted; counting: Counting }[] = [];
  const progress = new Progress(context, several && wantsProgress(context));
  let allBytes = 0;
  try {
    for (const source of sources) {
      const label = sourceLabel(source, several);
      const result = await explaining(label, LIMIT_HINTS, async () =>
        counter.count(await readSource(source, maxBytes)),
      );
      inputs.push({ label, name: source.name, ...result });
      allBytes += result.counted.bytes;
      await progress.tick(`${inputs.length} of ${sources.length} files`, allBytes);
    }
  } finally {
    progress.stop();
  }
  const all = inputs.map(({ counted, name }) => (name === undefined ? counted : { name, ...counted }));
  await withOutput(context, job.output, async (output) => {
    if (context.json) await output.write(`${JSON.stringify(describeAll(all))}\n`);
    else await writePlain(output, job, all);
  });
  if (context.json) return;
  const notes = inputs.flatMap(({ counted, counting, label }) => {
    const about = label !== undefined && several ? `${label}: ` : "";
    return explain(counted, counting).map((note) => note.replace(/^(m2m: )?/, `$1${about}`));
  });
  // What is said of every text alike is said once.
  for (const note of new Set(job.chat ? notes : explainTexts(inputs))) context.note(note);
}

/** Counts each line. @returns the exit code */
export async function countLines(context: CommandContext, job: TokensJob): Promise<number> {
  const counter = await createCounter(context, job);
  const sum = new ChatSum();
  const code = await withOutput(context, job.output, (output) =>
    runLines(context, {
      sources: job.sources,
      output,
      field: job.field,
      maxLineBytes: job.maxBytes,
      hints: LIMIT_HINTS,
      transform(message) {
        const { counted, counting } = counter.count(message);
        if (context.json) return counted;
        sum.add(counted, counting);
        return plainLine(counted);
      },
    }),
  );
  if (!context.json) for (const note of sum.explain(job.chat)) context.note(note);
  return code;
}

/** What all inputs have in common stands beside them too. */
function describeAll(inputs: readonly Counted[]): object {
  const [{ encoding, model }] = inputs;
  return {
    version: 1,
    encoding: inputs.every((one) => one.encoding === encoding) ? encoding : undefined,
    exact: inputs.every(({ exact }) => exact),
    model: inputs.every((one) => one.model === model) ? model : undefined,
    inputs,
    total: totalOf(inputs),
  };
}

function totalOf(inputs: readonly Counted[]): number {
  return inputs.reduce((sum, { tokens }) => sum + tokens, 0);
}

async function writePlain(
  output: Output,
  { ids, truncate }: TokensJob,
  inputs: readonly (Counted & { name?: string })[],
): Promise<void> {
  if (truncate !== undefined && !ids) {
    if (inputs.length === 1) return writeResult(output, inputs[0].text ?? "");
    return output.write(inputs.map((one, index) => underName(one, index === 0)).join(""));
  }
  if (inputs.length === 1 || ids) {
    return output.write(inputs.map((one) => `${plainLine(one)}\n`).join(""));
  }
  const total = totalOf(inputs);
  const width = String(total).length;
  const rows = [...inputs, { name: "total", tokens: total }].map(({ name = "", tokens }) =>
    output.isTerminal
      ? `${String(tokens).padStart(width)}  ${printable(name)}\n`
      : `${tokens}\t${printable(name)}\n`,
  );
  return output.write(rows.join(""));
}

/** One text of several, as `head` shows the beginnings of files. */
function underName({ name = "", text = "" }: Counted & { name?: string }, isFirst: boolean): string {
  return `${isFirst ? "" : "\n"}==> ${printable(name)} <==\n${text}${text.endsWith("\n") ? "" : "\n"}`;
}

function plainLine({ ids, text, tokens }: Counted): string {
  if (ids) return ids.join(" ");
  return text ?? String(tokens);
}

interface Counter {
  count(bytes: Uint8Array): { counted: Counted; counting: Counting };
}

/** @throws {InputError} `M2M_USAGE` if ids are asked for of a tokenizer that is not here */
async function createCounter(context: CommandContext, job: TokensJob): Promise<Counter> {
  const { chat, choice, ids, truncate } = job;
  const registry = chat || choice?.card ? await context.models(job.modelFiles) : undefined;
  const common = chooseCounting(choice, undefined, undefined);
  const { encoding } = common;
  const tokenizer = isBpeEncoding(encoding) ? defaultTokenizers.get(encoding) : undefined;
  if (!tokenizer && (ids || truncate !== undefined)) {
    throw new InputError(
      "M2M_USAGE",
      `The encoding ${encoding} has no token ids: it only estimates counts.`,
      { hint: "Leave --ids and --truncate out, or choose cl100k, o200k or llama3." },
    );
  }

  function count(bytes: Uint8Array): { counted: Counted; counting: Counting } {
    if (chat) return countChat(bytes, choice, registry);
    const about = describeCounting(common);
    if (tokenizer && truncate !== undefined) {
      const { content: text, tokenCount, truncated } = tokenizer.truncate(decodeUtf8(bytes), truncate);
      const found = ids ? Array.from(tokenizer.encode(text)) : undefined;
      const counted = { tokens: tokenCount, bytes: utf8Length(text), ...about, ids: found, text, truncated };
      return { counted, counting: common };
    }
    if (tokenizer && ids) {
      const found = Array.from(tokenizer.encode(bytes));
      return {
        counted: { tokens: found.length, bytes: bytes.length, ...about, ids: found },
        counting: common,
      };
    }
    const tokens = countText(bytes, common);
    const costUsd = priceOf(tokens, common, registry);
    return { counted: { tokens, bytes: bytes.length, ...about, costUsd }, counting: common };
  }

  return { count };
}

/** Counts a request as its own model does, where the flags do not say otherwise. */
function countChat(
  bytes: Uint8Array,
  choice: EncodingChoice | undefined,
  registry: ModelRegistry | undefined,
): { counted: Counted; counting: Counting } {
  const request = parseRequest(bytes);
  const counting = chooseCounting(choice, modelOfRequest(request), registry);
  const { encoding, card } = counting;
  const { exact, messages, overhead, replyPriming, tools, total, uncountedParts } = countChatTokens(request, {
    encoding,
    model: card,
  });
  return {
    counting,
    counted: {
      tokens: total,
      bytes: bytes.length,
      ...describeCounting(counting),
      exact: exact && counting.exact,
      chat: { messages, tools, overhead, replyPriming, uncountedParts },
      costUsd: priceOf(total, counting, registry),
    },
  };
}

function describeCounting({
  card,
  encoding,
  exact,
}: Counting): Pick<Counted, "encoding" | "exact" | "model"> {
  return { encoding, exact, model: card?.id };
}

function priceOf(
  tokens: number,
  { card }: Counting,
  registry: ModelRegistry | undefined,
): number | undefined {
  return card && registry?.costUsd(card, { inputTokens: tokens });
}

/** What a number alone, which stands on stdout, does not say of a request. */
function explain(counted: Counted, counting: Counting): string[] {
  const { chat, costUsd, encoding, exact, model } = counted;
  if (!chat) return [];
  const { messages, overhead, tools, uncountedParts } = chat;
  const about = exact ? "" : "about ";
  const cost =
    costUsd === undefined ? "" : `; ${about}${formatUsd(costUsd)} as input of ${printable(model ?? "")}`;
  const inexact = describeInexact(counting);
  const manner = isBpeEncoding(encoding) ? `${encoding}${exact ? "" : ", an estimate"}` : "an estimate";
  return [
    ...(inexact === undefined ? [] : [`m2m: ${inexact}`]),
    `messages ${messages}, tools ${tools}, overhead ${overhead} (${manner})${cost}`,
    ...(uncountedParts === 0
      ? []
      : [
          `m2m: ${countOf(uncountedParts, "part")} (image, sound or file) ${uncountedParts === 1 ? "is" : "are"} not counted.`,
        ]),
  ];
}

function explainTexts(inputs: readonly { counting: Counting }[]): string[] {
  return inputs.flatMap(({ counting }) => {
    const inexact = describeInexact(counting);
    return inexact === undefined ? [] : [`m2m: ${inexact}`];
  });
}

/** More different notes than this about the models of lines are not kept. */
const MAX_NOTES = 20;

/** What the lines of a run come to. */
class ChatSum {
  #requests = 0;
  #tokens = 0;
  #costUsd = 0;
  #priced = 0;
  #exact = true;
  #lastInexact: Counting | undefined;
  readonly #notes = new Set<string>();

  add(counted: Counted, counting: Counting): void {
    this.#requests++;
    this.#tokens += counted.tokens;
    this.#exact &&= counted.exact;
    if (counted.costUsd !== undefined) {
      this.#priced++;
      this.#costUsd += counted.costUsd;
    }
    // Lines of text share one counting: its note is made once.
    if (counting.exact || counting === this.#lastInexact || this.#notes.size === MAX_NOTES) return;
    this.#lastInexact = counting;
    this.#notes.add(`m2m: ${describeInexact(counting)}`);
  }

  explain(chat: boolean): string[] {
    const notes = [...this.#notes];
    if (!chat || this.#requests === 0) return notes;
    const known = this.#priced === this.#requests ? "" : ` of the ${this.#priced} whose price is known`;
    const cost = this.#priced === 0 ? "" : `; ${formatUsd(this.#costUsd)} as input${known}`;
    const tokens = `${this.#exact ? "" : "about "}${countOf(this.#tokens, "token")}`;
    return [...notes, `${countOf(this.#requests, "request")}, ${tokens}${cost}`];
  }
}

/** @throws {FormatError} `M2M_UTF8_INVALID`, `M2M_JSON_INVALID` */
function parseRequest(bytes: Uint8Array): Record<string, unknown> {
  const text = decodeUtf8(bytes);
  assertJsonText(text);
  const value: unknown = JSON.parse(text);
  if (isJsonObject(value)) return value;
  throw new FormatError("M2M_JSON_INVALID", "The input is no chat request: it is no object.");
}
