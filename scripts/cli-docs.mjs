// Renders the pages of docs/cli from the commands' definitions. Used by gen-cli-docs.mjs and by the test that compares.

const NOTE = "<!-- Made by `npm run gen:docs` from the command's definition. Do not edit. -->";

/** File name of a command's page. */
export function pageName({ id }) {
  return `${id.replaceAll(" ", "-")}.md`;
}

/** The page of one command. `flags` are its own and the common ones; `describe` gives a flag's line. */
export function renderPage(definition, flags, describe) {
  const { args, description, examples, id, jsonType, summary } = definition;
  const usage = Object.entries(args).map(([name, { required, rest, multiple }]) => {
    const word = rest || multiple ? `${name}…` : name;
    return required ? `<${word}>` : `[${word}]`;
  });
  const parts = [`# m2m ${id}`, NOTE, summary];
  if (description) parts.push(description);
  parts.push(`\`\`\`\nm2m ${[id, ...usage, "[flags]"].join(" ")}\n\`\`\``);
  if (usage.length > 0) {
    const rows = Object.entries(args).map(([name, { summary: text }]) => [`\`${name}\``, text]);
    parts.push("## Arguments", table(["Argument", "Meaning"], rows));
  }
  const rows = Object.entries(flags).map(([name, spec]) => [`\`${spell(name, spec)}\``, describe(spec)]);
  parts.push("## Flags", table(["Flag", "Meaning"], rows));
  parts.push(
    "## Examples",
    ...examples.map((one) => `${one.description}:\n\n\`\`\`sh\n${one.command}\n\`\`\``),
  );
  parts.push("## `--json`", `\`\`\`ts\n${jsonType.trim()}\n\`\`\``);
  return `${parts.join("\n\n")}\n`;
}

/** The page that lists all commands. */
export function renderIndex(definitions) {
  const rows = definitions.map((one) => [`[\`m2m ${one.id}\`](${pageName(one)})`, one.summary]);
  return `# Command line\n\n${NOTE}\n\n${table(["Command", "What it does"], rows)}\n\nWhat all commands share is in [conventions.md](conventions.md).\n`;
}

function spell(name, spec) {
  const value =
    spec.type === "boolean" ? "" : ` ${spec.valueName ?? (spec.options ? spec.options.join("|") : "VALUE")}`;
  return `${spec.char ? `-${spec.char}, ` : ""}--${name}${value}${spec.multiple ? "…" : ""}`;
}

function table(titles, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(titles), `|${" --- |".repeat(titles.length)}`, ...rows.map(line)].join("\n");
}
