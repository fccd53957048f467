#!/usr/bin/env node
// CommonJS, because it starts faster than an ES module.
const { existsSync } = require("node:fs");
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
  const { loadScript, readBytes } = require("./load.js");
  let cachedData;
  try {
    cachedData = readBytes(join(root, "dist/cli/main.cache"));
  } catch {
    return require(bundle);
  }
  return loadScript(bundle, cachedData).exports;
}

async function start() {
  if (existsSync(bundle)) await load().main(process.argv.slice(2), root);
  else fail("it is not built yet.\n  Run npm run build in its folder.");
}

/** 70 is a defect; Node's own 1 would mean findings. */
function fail(message) {
  process.stderr.write(`m2m: ${message}\n`);
  process.exitCode = 70;
}

start().catch((error) =>
  fail(
    `it cannot start: ${(error && error.stack) || error}\n  Install it again, or report it with this stack to the maintainers of m2m-protocol.`,
  ),
);
