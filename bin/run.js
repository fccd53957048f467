#!/usr/bin/env node
// CommonJS, because it starts faster than an ES module. What is compiled is kept (Node >= 22.1).
const { join } = require("node:path");
require("node:module").enableCompileCache?.();

let cli;
try {
  cli = require("../dist/cli/main.cjs");
} catch (error) {
  if (error.code !== "MODULE_NOT_FOUND" || !/dist[\\/]cli[\\/]main\.cjs/.test(error.message)) throw error;
  process.stderr.write("m2m: it is not built yet.\n  Run npm run build in its folder.\n");
  process.exitCode = 70;
}
cli?.main(process.argv.slice(2), join(__dirname, ".."));
