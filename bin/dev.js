#!/usr/bin/env node
// Runs the TypeScript source: `node bin/dev.js …`, no build needed except for the tokenizer tables.
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");
const root = join(__dirname, "..");
require("tsx/esm/api").register();
import(pathToFileURL(join(root, "src/cli/main.ts")).href).then(({ main }) =>
  main(process.argv.slice(2), root),
);
