// npx tsx models/prior/check.ts [FILE]: lists what in the prior's text points to a person or opens a door; exit 1 if there is any.
import { readFileSync } from "node:fs";
import { openPrior } from "../../src/codec/context/prior/prior-file.js";
import { PERSONAL } from "./personal.js";

const path = process.argv[2] ?? new URL("m2m.prior", import.meta.url);
const text = Buffer.from(openPrior(readFileSync(path)).text).toString("utf8");
let findings = 0;
for (const [name, pattern] of PERSONAL) {
  for (const match of text.matchAll(new RegExp(pattern, `${pattern.flags}g`))) {
    findings++;
    console.log(`${name}: ${JSON.stringify(match[0].slice(0, 60))}`);
  }
}
console.log(`${text.length} characters, ${findings} findings`);
process.exitCode = findings === 0 ? 0 : 1;
