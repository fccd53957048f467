import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { BINARY, isolatedEnvironment } from "./run-cli.js";

export interface ProcessResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A home folder with a project folder in it, in which `m2m` runs as a process of its own, without a terminal. */
export class Sandbox {
  readonly home = realpathSync(mkdtempSync(join(tmpdir(), "m2m-home-")));
  readonly project = join(this.home, "project");

  constructor() {
    mkdirSync(this.project);
  }

  /** Runs `m2m` in the project folder. Of the environment it gets what `env` says, and what Node needs. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): ProcessResult {
    const { status, stdout, stderr } = spawnSync(process.execPath, [BINARY, ...args], {
      cwd: this.project,
      encoding: "utf8",
      env: isolatedEnvironment(this.home, env),
      input: "",
    });
    return { code: status, stdout, stderr };
  }

  /** Writes a file below the home folder. @returns its path */
  write(name: string, text: string): string {
    const path = join(this.home, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
