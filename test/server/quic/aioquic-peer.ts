import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("peer.py", import.meta.url));

export interface PeerRun {
  readonly process: ChildProcess;
  /** The object that the scenario says first, where it says one before its result. */
  readonly first: Promise<Record<string, unknown>>;
  /** The last object. */
  readonly result: Promise<Record<string, unknown>>;
}

/** Runs a scenario of peer.py, a client that stands on aioquic. */
export function runPeer(
  python: string,
  scenario: string,
  port: number,
  certFile: string,
  argument = "",
): PeerRun {
  const child = spawn(python, [SCRIPT, scenario, String(port), certFile, argument]);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  const lines: string[] = [];
  const first = new Promise<Record<string, unknown>>((resolve) => {
    createInterface(child.stdout).on("line", (line) => {
      lines.push(line);
      resolve(JSON.parse(lines[0]) as Record<string, unknown>);
    });
  });
  const result = new Promise<Record<string, unknown>>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0 && lines.length > 0) resolve(JSON.parse(lines.at(-1)!) as Record<string, unknown>);
      else reject(new Error(`peer.py ${scenario} ends with ${code ?? signal}: ${stderr}`));
    });
  });
  result.catch(() => {});
  return { process: child, first, result };
}
