import type { Ora } from "ora";
import type { CommandContext } from "./context.js";

/** Work that ends sooner shows nothing. */
const DELAY_MS = 1000;
const INTERVAL_MS = 100;

/** Whether somebody watches who wants to know how far the work is: never in a pipe, in CI, or for a program. */
export function wantsProgress({
  env,
  json,
  quiet,
  terminal,
}: Pick<CommandContext, "env" | "json" | "quiet" | "terminal">): boolean {
  return !json && !quiet && !env.CI && env.TERM !== "dumb" && terminal.stderrIsTerminal;
}

/**
 * A spinner on stderr for work that takes longer than a second. It moves when the work calls `tick`: what reads files
 * that are there already leaves no time for timers. Loads ora when it first shows something.
 */
export class Progress {
  readonly #context: CommandContext;
  readonly #start = performance.now();
  #next: number;
  #spinner: Ora | undefined;

  /** @param wanted `false`: nothing is ever shown */
  constructor(context: CommandContext, wanted: boolean = wantsProgress(context)) {
    this.#context = context;
    this.#next = wanted ? this.#start + DELAY_MS : Infinity;
  }

  /** Shows `done` (such as "3 files") and the rate of `bytes` so far, where it is time to. */
  async tick(done: string, bytes: number): Promise<void> {
    const now = performance.now();
    if (now < this.#next) return;
    this.#next = now + INTERVAL_MS;
    const text = formatProgress(done, bytes, now - this.#start);
    if (this.#spinner) {
      this.#spinner.text = text;
      this.#spinner.render();
    } else if (process.stderr.columns > 0) this.#spinner = await this.#show(text);
    // Ora counts the lines to take away by the width: in a terminal that says 0 it would never end.
    else this.#next = Infinity;
  }

  /** Takes the spinner away for a line on stderr; the next `tick` shows it again. */
  clear(): void {
    this.#spinner?.clear();
  }

  /** The work has ended, well or not. */
  readonly stop = (): void => {
    this.#next = Infinity;
    process.off("exit", this.stop);
    this.#spinner?.stop();
    this.#spinner = undefined;
  };

  async #show(text: string): Promise<Ora> {
    const [module, style] = await Promise.all([import("ora"), this.#context.style("stderr")]);
    // Ctrl-C while the work waits ends the process by `exit`. Ora would hide the cursor, and for that install signal
    // handlers, which do not run while JavaScript does: Ctrl-C would do nothing.
    process.on("exit", this.stop);
    return defaultOf(module)({
      text,
      isEnabled: true,
      hideCursor: false,
      discardStdin: false,
      color: style.level > 0 ? "cyan" : false,
    }).start();
  }
}

/** The bundle loads modules by `require`, and then their default is the whole module, with a default of its own. */
function defaultOf<T extends object>(module: { default: T | { default: T } }): T {
  const found = module.default;
  return "default" in found ? found.default : found;
}

/** Such as `12 lines, 3.4 MB, 1.7 MB/s`. */
export function formatProgress(done: string, bytes: number, elapsedMs: number): string {
  const megabytes = bytes / 1e6;
  return `${done}, ${megabytes.toFixed(1)} MB, ${((1000 * megabytes) / elapsedMs).toFixed(1)} MB/s`;
}
