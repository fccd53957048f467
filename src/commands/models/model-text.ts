import type { CommandContext } from "../../cli/context.js";
import { type Column, renderFacts, renderTable } from "../../cli/table.js";
import type { ModelCard } from "../../models/index.js";

/** The JSON form of a card in `--json` documents. */
export const MODEL_JSON_TYPE = `{
    id: string;
    /** Other names of the same model. */
    aliases: string[];
    /** Its maker. */
    provider: string;
    kind: "chat" | "reasoning" | "embedding";
    encoding: "cl100k_base" | "o200k_base" | "llama" | "heuristic";
    /** true: its models file names no encoding. Absent: it is known. */
    isEncodingUnknown?: true;
    /** In tokens. */
    contextWindow: number;
    /** In tokens; absent: unknown, or no limit of its own. */
    maxOutputTokens?: number;
    /** Absent: unknown, or set by whoever hosts the model. */
    price?: { inputUsdPerMillion: number; cachedInputUsdPerMillion?: number; outputUsdPerMillion?: number };
    tools: boolean;
    vision: boolean;
    reasoning: boolean;
    /** The model whose facts these are but for the price, of a snapshot that may be older than those that are known of it. */
    olderThan?: string;
    /** Short name on the T1 wire. */
    t1Name?: string;
    /** Date of the facts, YYYY-MM-DD. */
    asOf: string;
  }`;

interface ModelColumn extends Column {
  cell(card: ModelCard): string;
}

/** From the most to the least wanted: a narrow terminal shows the first ones. */
const COLUMNS: readonly ModelColumn[] = [
  { title: "MODEL", cell: (card) => card.id },
  { title: "PROVIDER", cell: (card) => card.provider },
  { title: "CONTEXT", align: "right", cell: (card) => String(card.contextWindow) },
  { title: "INPUT $/M", align: "right", cell: (card) => usd(card.price?.inputUsdPerMillion) },
  { title: "OUTPUT $/M", align: "right", cell: (card) => usd(card.price?.outputUsdPerMillion) },
  { title: "ENCODING", cell: (card) => card.encoding },
  { title: "KIND", cell: (card) => card.kind },
  { title: "MAX OUTPUT", align: "right", cell: (card) => String(card.maxOutputTokens ?? "-") },
  { title: "CAN", cell: (card) => capabilities(card).join(",") || "-" },
  { title: "AS OF", cell: (card) => card.asOf },
];

/** Blanks between two columns of a table. */
const GAP = 2;

/** `cards` for a person: a table no wider than the terminal. In a pipe: all columns, tab-separated, without titles. */
export async function renderModels(context: CommandContext, cards: readonly ModelCard[]): Promise<string> {
  if (!context.terminal.stdoutIsTerminal) {
    return cards.map((card) => COLUMNS.map((column) => column.cell(card)).join("\t")).join("\n");
  }
  const columns = fitColumns(cards, context.terminal.columns ?? 80);
  return renderTable(
    context,
    columns,
    cards.map((card) => columns.map((column) => column.cell(card))),
  );
}

/** The first columns that `width` has room for; at least one. */
function fitColumns(cards: readonly ModelCard[], width: number): readonly ModelColumn[] {
  let used = -GAP;
  const count = COLUMNS.findIndex((column) => {
    used += GAP + Math.max(column.title.length, ...cards.map((card) => column.cell(card).length));
    return used > width;
  });
  return count < 0 ? COLUMNS : COLUMNS.slice(0, Math.max(1, count));
}

/** What `card` says, a line a fact, values aligned. */
export async function renderModel(context: CommandContext, card: ModelCard): Promise<string> {
  const style = await context.style();
  const { price } = card;
  const rows: [label: string, value: string | undefined][] = [
    ["Model", style.bold(card.id)],
    ["Also", card.aliases.join(", ") || undefined],
    ["Provider", card.provider],
    ["Kind", card.kind],
    ["Encoding", card.encoding === "heuristic" ? "heuristic (counts are estimates)" : card.encoding],
    ["Context window", tokens(card.contextWindow)],
    ["Max output", tokens(card.maxOutputTokens)],
    ["Input", perMillion(price?.inputUsdPerMillion) ?? "price unknown"],
    ["Cached input", perMillion(price?.cachedInputUsdPerMillion)],
    ["Output", perMillion(price?.outputUsdPerMillion)],
    ["Can", capabilities(card).join(", ") || undefined],
    ["T1 name", card.t1Name],
    ["Facts of", card.asOf],
  ];
  return renderFacts(rows, style.dim);
}

function capabilities(card: ModelCard): string[] {
  return (["tools", "vision", "reasoning"] as const).filter((name) => card[name]);
}

/** Two decimals, more where they matter: 2.50, 0.075. */
function usd(price: number | undefined): string {
  return price === undefined ? "-" : price.toFixed(6).replace(/(\.\d\d\d*?)0+$/, "$1");
}

/** 128,000 tokens. `toLocaleString` would load the locales, which takes longer than all the rest. */
function tokens(count: number | undefined): string | undefined {
  return count === undefined ? undefined : `${String(count).replace(/\B(?=(\d{3})+$)/g, ",")} tokens`;
}

function perMillion(price: number | undefined): string | undefined {
  return price === undefined ? undefined : `$${usd(price)} per million tokens`;
}
