import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A script of this folder as a process of its own, with the lines that it prints. */
export class Child {
  readonly #process: ChildProcess;
  readonly lines: string[] = [];
  #rest = "";

  constructor(script: string, args: readonly string[], before: readonly string[] = []) {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const [program, ...first] = [...before, process.execPath, "--import=tsx", path, ...args];
    this.#process = spawn(program ?? "", first, { stdio: ["ignore", "pipe", "inherit"] });
    this.#process.stdout?.on("data", (chunk: Buffer) => {
      const parts = (this.#rest + chunk.toString()).split("\n");
      this.#rest = parts.pop() ?? "";
      this.lines.push(...parts);
    });
  }

  get isOver(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  pause(): void {
    this.#process.kill("SIGSTOP");
  }

  resume(): void {
    this.#process.kill("SIGCONT");
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    if (this.isOver) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
  }

  /** Resolves when it has ended by itself. @returns its exit code */
  async ended(): Promise<number | null> {
    if (!this.isOver) await once(this.#process, "exit");
    return this.#process.exitCode;
  }
}
