import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Usage {
  readonly rss: number;
  /** Of the heap, and outside of it. */
  readonly used: number;
  readonly cpuUs: number;
}

/**
 * An old heap of an ordinary size to begin with, in MiB. V8 measures buffers outside of its heap by what is in it: in a process that holds almost
 * nothing, they make it collect all the time, which no application with a heap of its own sees.
 */
export const HEAP_FLAG = "--initial-old-space-size=64";

/** The far end in a process of its own: `peer.ts`, as it is built beside this. */
export class FarEnd {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(...args: string[]): Promise<FarEnd> {
    const child = fork(fileURLToPath(new URL("peer.mjs", import.meta.url)), args, {
      execArgv: ["--expose-gc", HEAP_FLAG],
    });
    const [port] = (await once(child, "message")) as [number];
    return new FarEnd(child, port);
  }

  /** What it uses, after a collection of garbage. */
  async usage(): Promise<Usage> {
    const answer = once(this.#child, "message");
    this.#child.send("usage");
    return ((await answer) as [Usage])[0];
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }
}
