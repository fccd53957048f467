import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { createConsumer, ROOT, type Consumer } from "./package.js";
import { BINARY, ended, isolatedEnvironment } from "./run-cli.js";

const START_TIMEOUT_MS = 20_000;
const RUN_TIMEOUT_MS = 20_000;
/** What the guides import, beside the package itself. */
const PACKAGES = ["openai", "@anthropic-ai/sdk", "@opentelemetry/sdk-trace-node"];

export interface CommandResult {
  /** `null` if it took too long. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Service {
  readonly process: ChildProcess;
  readonly port: number;
}

/**
 * A folder in which a guide is followed: `m2m` is a command there, the home folder is the folder itself, and the addresses that guides
 * name are those of this stage's own processes.
 */
export class GuideStage {
  readonly #consumer: Consumer = createConsumer();
  readonly #bin = join(this.#consumer.folder, "bin");
  readonly #env: NodeJS.ProcessEnv;
  /** By the port that the guide has for them. */
  readonly #services = new Map<number, Service>();
  readonly #addresses = new Map<string, string>();

  constructor(env: Readonly<Record<string, string>>) {
    mkdirSync(this.#bin);
    writeFileSync(join(this.#bin, "m2m"), `#!/bin/sh\nexec "${process.execPath}" "${BINARY}" "$@"\n`, {
      mode: 0o755,
    });
    const modules = join(this.folder, "node_modules");
    for (const name of PACKAGES) {
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(join(ROOT, "node_modules", name), join(modules, name), "junction");
    }
    this.#env = isolatedEnvironment(this.folder, env);
    this.#env.PATH = `${this.#bin}:${dirname(process.execPath)}:${process.env.PATH}`;
  }

  get folder(): string {
    return this.#consumer.folder;
  }

  /** Puts an address of this stage in place of one that guides name. */
  place(there: string, here: string): void {
    this.#addresses.set(there, here);
  }

  /** Writes a file of a guide; `~` is the folder. */
  write(name: string, text: string): void {
    const path = join(this.folder, name.replace(/^~\//, ""));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, this.here(text));
  }

  /** Runs what a guide says, to its end. */
  async run(program: string, args: readonly string[]): Promise<CommandResult> {
    const child = spawn(
      program,
      args.map((arg) => this.here(arg)),
      { cwd: this.folder, env: this.#env, stdio: ["ignore", "pipe", "pipe"], timeout: RUN_TIMEOUT_MS },
    );
    const [stdout, stderr, { code }] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      ended(child),
    ]);
    return { code, stdout: this.#there(stdout), stderr };
  }

  /**
   * Starts the service of a line that begins with `m2m server` or `m2m proxy`.
   * @param lineCount lines of what it says that are waited for
   * @returns what it says, with the guide's addresses
   */
  async start(line: string, lineCount = 1): Promise<string> {
    const port = Number(/--port (\d+)/.exec(line)?.[1] ?? (/\bm2m proxy\b/.test(line) ? 8080 : 3000));
    await this.stop(port);
    const command = `${this.here(line.replace(/ --port \d+/, "")).trimEnd()} --port 0`;
    const child = spawn("bash", ["-c", command], {
      cwd: this.folder,
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const { output, port: ownPort } = await untilListening(child, lineCount);
    this.#services.set(port, { process: child, port: ownPort });
    const aitcp = /AI-TCP listens on aitcp:\/\/(\S+)/.exec(output)?.[1];
    if (aitcp !== undefined) this.place(`127.0.0.1:${port + 1}`, aitcp);
    return this.#there(output.replaceAll(new RegExp(`\\b${ownPort}\\b`, "g"), String(port)));
  }

  /** Stops the service that a guide has on `port`, as Ctrl-C does; all of them without it. @returns exit codes */
  async stop(port?: number): Promise<(number | null)[]> {
    const services =
      port === undefined ? [...this.#services] : [...this.#services].filter(([at]) => at === port);
    return Promise.all(
      services.map(async ([at, { process: child }]) => {
        this.#services.delete(at);
        const end = ended(child);
        if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, "SIGINT");
        return (await end).code;
      }),
    );
  }

  async remove(): Promise<void> {
    await this.stop();
    this.#consumer.remove();
  }

  /** `text` of a guide with the addresses of this stage. */
  here(text: string): string {
    let result = text;
    for (const [there, here] of this.#addresses) result = result.replaceAll(there, here);
    for (const [port, service] of this.#services) {
      result = result.replaceAll(
        new RegExp(`(localhost|127\\.0\\.0\\.1):${port}\\b`, "g"),
        `$1:${service.port}`,
      );
    }
    return result;
  }

  #there(text: string): string {
    let result = text;
    for (const [there, here] of this.#addresses) result = result.replaceAll(here, there);
    return result;
  }
}

/** Waits until a service has said where it listens, in `lineCount` lines or more. */
function untilListening(
  child: ChildProcess,
  lineCount: number,
): Promise<{ readonly port: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (why: string) => () => reject(new Error(`${why}: ${output}`));
    const timer = setTimeout(fail("Nothing listens"), START_TIMEOUT_MS);
    child.once("exit", fail("m2m ended before it listened"));
    const read = (chunk: string): void => {
      output += chunk;
      const port = /listens on https?:\/\/[^\s/]+:(\d+)/.exec(output)?.[1];
      if (port === undefined || output.split("\n").length <= lineCount) return;
      clearTimeout(timer);
      resolve({ port: Number(port), output });
    };
    child.stdout!.setEncoding("utf8").on("data", read);
    child.stderr!.setEncoding("utf8").on("data", read);
  });
}
