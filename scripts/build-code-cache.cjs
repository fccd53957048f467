// Writes dist/cli/main.cache. Called by scripts/build.mjs; stdout is what the commands print and is thrown away.
const { renameSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { loadScript } = require("../bin/load.js");

const root = join(__dirname, "..");
const request = '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}';

async function run() {
  const { exports, script } = loadScript(join(root, "dist/cli/main.cjs"));
  await exports.main(["--version"], root);
  await exports.main(["tokens", request], root);
  await exports.main(["compress", "--algorithm", "token-native", request], root);
  if (process.exitCode) throw new Error(`a command exits ${process.exitCode}`);
  // Written under another name first: a reader never sees half a cache.
  const path = join(root, "dist/cli/main.cache");
  writeFileSync(`${path}.tmp`, script.createCachedData());
  renameSync(`${path}.tmp`, path);
}

run().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
