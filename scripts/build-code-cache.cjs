// Writes dist/cli/main.cache. Called by scripts/build-cli.mjs; stdout is what the commands print and is thrown away.
const { writeFileSync } = require("node:fs");
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
  writeFileSync(join(root, "dist/cli/main.cache"), script.createCachedData());
}

run().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
