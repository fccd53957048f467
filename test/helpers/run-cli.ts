import {
  spawn,
  spawnSync,
  type ChildProcess,
  type SpawnSyncReturns,
  type StdioOptions,
} from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./package.js";

export const BINARY = join(ROOT, "bin/run.js");

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface CliOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder in which `m2m` runs as a process of its own: bytes in, bytes out. */
export class CliFolder {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), "m2m-cli-")));

  run(args: readonly string[], options: CliOptions = {}): CliResult {
    const child = spawnSync(process.execPath, [BINARY, ...args], {
      cwd: this.path,
      env: this.#env(options.env),
      input: options.input ?? "",
      maxBuffer: 1 << 28,
    });
    return resultOf(child);
  }

  /** Runs a line of a POSIX shell, in which `m2m` is the command. */
  shell(line: string, env?: CliOptions["env"]): CliResult {
    const script = `m2m() { "$NODE" "$M2M" "$@"; }\n${line}`;
    const child = spawnSync("bash", ["-c", script], {
      cwd: this.path,
      env: { ...this.#env(env), NODE: process.execPath, M2M: BINARY },
      input: "",
      maxBuffer: 1 << 28,
    });
    return resultOf(child);
  }

  /** Starts `m2m` with pipes, or other streams, that the caller owns. */
  start(args: readonly string[], env?: CliOptions["env"], stdio: StdioOptions = "pipe"): ChildProcess {
    return spawn(process.execPath, [BINARY, ...args], { cwd: this.path, env: this.#env(env), stdio });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** Nothing of the user's own settings, and no wish about colours. */
  #env(env: CliOptions["env"] = {}): NodeJS.ProcessEnv {
    return isolatedEnvironment(this.path, env);
  }
}

function resultOf({ status, signal, stdout, stderr }: SpawnSyncReturns<Buffer>): CliResult {
  return { code: status, signal, stdout, stderr: stderr.toString() };
}

/** What Node needs of this process's environment, a home folder of its own, and `env`. */
export function isolatedEnvironment(
  home: string,
  env: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const names = ["PATH", "SystemRoot", "TEMP", "TMP", "TMPDIR"];
  const inherited = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  return { ...inherited, HOME: home, USERPROFILE: home, ...env };
}

/** Waits for the end of `child`. */
export function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}
