// Checks the package size and the cold start of the hot commands against their budgets.
// Usage: node scripts/check-budgets.mjs   (after npm run build)
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Sizes in bytes; times as a multiple of `node -e 0`; peak memory in MB. */
const BUDGET = {
  // Of these the prior of dictionary may have 3 MB and 4 MB.
  packedBytes: 23_000_000,
  // AI-TCP, and what carries sessions over it, are 0.6 MB in 270 files with their types.
  unpackedBytes: 39_500_000,
  fileCount: 1500,
  // 2.2 is the target; a shared machine may be given slack.
  coldStartRatio: Number(process.env.M2M_COLD_START_BUDGET ?? 2.2),
  peakMegabytes: 80,
};
const PAIRS = 15;
const ATTEMPTS = 3;

const request = '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}';
const COMMANDS = [["--version"], ["compress", "-a", "token-native", request], ["tokens", request]];

const failures = [];
const report = (what, value, limit, unit) => {
  const over = value > limit;
  console.log(`${over ? "OVER" : "ok  "}  ${what}: ${value}${unit} (budget ${limit}${unit})`);
  return over;
};

function checkSize() {
  const npm = process.env.npm_execpath;
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const output = npm
    ? execFileSync(process.execPath, [npm, ...args], {
        cwd: root,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      })
    : execFileSync("npm", args, {
        cwd: root,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        shell: true,
      });
  const [pack] = JSON.parse(output);
  if (report("packed size", pack.size, BUDGET.packedBytes, " B")) failures.push("packed size");
  if (report("unpacked size", pack.unpackedSize, BUDGET.unpackedBytes, " B")) failures.push("unpacked size");
  if (report("files", pack.entryCount, BUDGET.fileCount, "")) failures.push("file count");
}

// NODE_EXTRA_CA_CERTS alone triples the start of node itself and would hide ours.
const env = { ...process.env, NODE_OPTIONS: "" };
delete env.NODE_EXTRA_CA_CERTS;

/** Wall time in ms and peak memory in MB of one child. */
function measure(args) {
  const start = process.hrtime.bigint();
  const child = spawnSync(process.execPath, args, {
    env,
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  const wallMs = Number(process.hrtime.bigint() - start) / 1e6;
  if (child.status !== 0) throw new Error(`node ${args.join(" ")} exited ${child.status}: ${child.stderr}`);
  return wallMs;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Median of the ratios of pairs that ran one after the other, so that a busy machine weighs on both. */
function coldStartRatio(args) {
  const ratios = [];
  for (let i = 0; i < PAIRS; i++) {
    const base = measure(["-e", "0"]);
    ratios.push(measure(args) / base);
  }
  return median(ratios);
}

/** Peak resident memory in MB, told by the process itself when it ends. */
function peakMegabytes(args) {
  const hook =
    "data:text/javascript," +
    encodeURIComponent(
      'process.on("exit",()=>process.stderr.write("\\nPEAK "+process.resourceUsage().maxRSS/1024+"\\n"))',
    );
  const child = spawnSync(process.execPath, ["--import", hook, ...args], {
    env,
    encoding: "utf8",
    input: "",
  });
  const match = /PEAK ([\d.]+)/.exec(child.stderr);
  if (!match) throw new Error(`No peak from node ${args.join(" ")}: ${child.stderr}`);
  return Math.round(Number(match[1]));
}

function checkColdStart() {
  for (const command of COMMANDS) {
    const name = `m2m ${command.join(" ").slice(0, 30)}`;
    const args = [`${root}bin/run.js`, ...command];
    measure(args);
    let ratio = Infinity;
    for (let attempt = 0; attempt < ATTEMPTS && ratio > BUDGET.coldStartRatio; attempt++) {
      ratio = Math.min(ratio, Number(coldStartRatio(args).toFixed(2)));
    }
    if (report(`${name}: start`, ratio, BUDGET.coldStartRatio, " x node -e 0"))
      failures.push(`${name} start`);
    if (report(`${name}: peak`, peakMegabytes(args), BUDGET.peakMegabytes, " MB"))
      failures.push(`${name} peak`);
  }
}

checkSize();
checkColdStart();
if (failures.length > 0) {
  console.error(`Over budget: ${failures.join(", ")}.`);
  process.exitCode = 1;
}
