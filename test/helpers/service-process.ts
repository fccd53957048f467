import type { ChildProcess } from "node:child_process";
import { CliFolder, ended } from "./run-cli.js";

const START_TIMEOUT_MS = 20_000;

/** `m2m server` or `m2m proxy` as a process of its own, on a port that it chose, with none of the user's settings. */
export class ServiceProcess {
  readonly #folder = new CliFolder();
  readonly #child: ChildProcess;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  isRunning = true;
  output = "";
  /** Address without a path. */
  url = "";

  private constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = this.#folder.start([...args, "--port", "0"], env, ["ignore", "pipe", "pipe"]);
    this.exited = ended(this.#child).finally(() => {
      this.isRunning = false;
      this.#folder.remove();
    });
  }

  /** Starts `m2m` with `args`, and `--port 0`; resolves once it says where it listens. */
  static async start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<ServiceProcess> {
    const service = new ServiceProcess(args, env);
    service.url = await service.#address();
    return service;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends the process as a service manager does, and waits for it. @returns its exit code, null if a signal ended it */
  async stop(): Promise<number | null> {
    this.signal("SIGTERM");
    return (await this.exited).code;
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited;
  }

  /** The address in the line that says "listening": other lines may name other addresses. */
  #address(): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`Nothing listens after ${START_TIMEOUT_MS} ms: ${this.output}`)),
        START_TIMEOUT_MS,
      );
      const read = (text: string): void => {
        this.output += text;
        const line = this.output.split("\n").find((one) => /listen/iu.test(one) && /:\d+/u.test(one));
        const address = line === undefined ? undefined : /https?:\/\/[\w.:[\]-]+:\d+/u.exec(line)?.[0];
        if (address === undefined) return;
        clearTimeout(timer);
        resolve(address);
      };
      this.#child.stdout!.setEncoding("utf8").on("data", read);
      this.#child.stderr!.setEncoding("utf8").on("data", read);
      void this.exited.then(({ code }) => {
        clearTimeout(timer);
        reject(new Error(`m2m ended with ${code} before it listened: ${this.output}`));
      });
    });
  }
}
