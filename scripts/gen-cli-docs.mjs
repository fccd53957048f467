// Writes docs/cli/*.md. Usage: npm run gen:docs
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { allFlags } from "../src/cli/definition.ts";
import { flagSummary } from "../src/cli/oclif-command.ts";
import { COMMANDS } from "../src/commands/index.ts";
import { pageName, renderIndex, renderPage } from "./cli-docs.mjs";

const folder = fileURLToPath(new URL("../docs/cli/", import.meta.url));
const pages = COMMANDS.map((one) => [pageName(one), renderPage(one, allFlags(one), flagSummary)]);

for (const [name, text] of [["README.md", renderIndex(COMMANDS)], ...pages]) {
  const path = folder + name;
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}
