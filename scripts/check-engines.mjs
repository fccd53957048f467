// Checks that every production dependency in node_modules admits the Node versions we promise.
// Usage: node scripts/check-engines.mjs [version…]; default: the floor of package.json and the 20.x we test on.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import semver from "semver";

const root = fileURLToPath(new URL("..", import.meta.url));
const readJson = (path) => JSON.parse(readFileSync(`${root}${path}`, "utf8"));

const floor = semver.minVersion(readJson("package.json").engines.node).version;
const versions = process.argv.length > 2 ? process.argv.slice(2) : [floor, "20.20.2"];
const lock = readJson("package-lock.json");

let checked = 0;
const refused = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === "" || entry.dev || entry.devOptional) continue;
  if (!existsSync(`${root}${path}/package.json`)) {
    if (!entry.optional) refused.push(`${path} is in the lock file but not installed; run npm ci`);
    continue;
  }
  checked++;
  const { name, version, engines } = readJson(`${path}/package.json`);
  const range = engines?.node;
  for (const node of range ? versions : []) {
    if (!semver.satisfies(node, range))
      refused.push(`${name} ${version} wants Node ${range}, which excludes ${node}`);
  }
}

for (const line of refused) console.error(line);
console.log(
  `engines: ${checked} production packages against Node ${versions.join(", ")}: ${refused.length} refused`,
);
if (checked === 0 || refused.length > 0) process.exitCode = 1;
