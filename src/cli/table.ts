import type { CommandContext } from "./context.js";
import { printable } from "./terminal.js";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/** Facts, one a line, values aligned; those without a value are left out. */
export function renderFacts(
  facts: readonly (readonly [label: string, value: string | undefined])[],
  styleLabel: (label: string) => string = (label) => label,
): string {
  const known = facts.filter(([, value]) => value !== undefined);
  const width = Math.max(...known.map(([label]) => label.length)) + 2;
  return known.map(([label, value]) => `${styleLabel(label.padEnd(width))}${value}`).join("\n");
}

/** A cell may be styled already; whatever else would act on the terminal is shown. */
function printableCell(cell: string): string {
  const parts = cell.split(/(\u001b\[[0-9;]*m)/);
  return parts.map((part, index) => (index % 2 === 1 ? part : printable(part))).join("");
}

/**
 * `rows` as a table for a person: framed by blanks, titles in bold on a terminal. Cells are already text.
 * Loads cli-table3, which measures East Asian and emoji widths.
 */
export async function renderTable(
  context: CommandContext,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): Promise<string> {
  const [{ default: Table }, style] = await Promise.all([import("cli-table3"), context.style()]);
  const table = new Table({
    head: columns.map((column) => style.bold(column.title)),
    colAligns: columns.map((column) => column.align ?? "left"),
    chars: {
      top: "",
      "top-mid": "",
      "top-left": "",
      "top-right": "",
      bottom: "",
      "bottom-mid": "",
      "bottom-left": "",
      "bottom-right": "",
      left: "",
      "left-mid": "",
      mid: "",
      "mid-mid": "",
      right: "",
      "right-mid": "",
      middle: "  ",
    },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  for (const row of rows) table.push(row.map(printableCell));
  const text = table.toString();
  return text.replace(/[ \t]+$/gm, "");
}
