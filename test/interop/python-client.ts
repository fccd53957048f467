import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { isolatedEnvironment } from "../helpers/run-cli.js";

/** Result by scenario; a scenario that threw has its traceback under `failure`. */
export type PythonResults = ReturnType<typeof JSON.parse>;

/** Runs a script of this folder against the service at `url`; what it prints is a JSON object. */
export async function runPython(python: string, script: string, url: string): Promise<PythonResults> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(python, ["-B", file, url], {
    env: isolatedEnvironment("/nonexistent", { PYTHONUTF8: "1", PYTHONWARNINGS: "ignore" }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (stdout === "") throw new Error(`${script} printed nothing: ${stderr}`);
  return JSON.parse(stdout);
}
