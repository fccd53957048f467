#!/usr/bin/env node
// CommonJS, because it starts faster than an ES module.
const { existsSync, readFileSync } = require("node:fs");
const { enableCompileCache } = require("node:module");
const { join } = require("node:path");

const root = join(__dirname, "..");
const bundle = join(root, "dist/cli/main.cjs");

function load() {
  if (enableCompileCache) {
    // Node >= 22.1 keeps what it has compiled.
    enableCompileCache();
    return require(bundle);
  }
  let cachedData;
  try {
    cachedData = readFileSync(join(root, "dist/cli/main.cache"));
  } catch {
    return require(bundle);
  }
  return require("./load.js").loadScript(bundle, cachedData).exports;
}

if (existsSync(bundle)) load().main(process.argv.slice(2), root);
else {
  process.stderr.write("m2m: it is not built yet.\n  Run npm run build in its folder.\n");
  process.exitCode = 70;
}
