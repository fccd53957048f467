import type { ChildProcess } from "node:child_process";
import type { CliFolder } from "../helpers/run-cli.js";

/** A server that runs as a process of its own. */
export interface CliServer {
  readonly child: ChildProcess;
  readonly url: string;
  /** What `--json` printed. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly started: any;
  /** All of stderr so far. */
  readonly stderr: () => string;
  /** Resolves when stderr holds `part`. */
  saysOnStderr(part: string): Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Starts `m2m server`, on a free port unless `args` say which, and waits until it listens. */
export async function startCliServer(
  folder: CliFolder,
  args: readonly string[] = [],
  env?: Readonly<Record<string, string>>,
): Promise<CliServer> {
  const port = args.includes("--port") ? [] : ["--port", "0"];
  const child = folder.start(["server", ...port, "--json", ...args], env);
  let stdout = "";
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Awaited<CliServer["ended"]>>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal })),
  );
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes("\n")) resolve(stdout);
    });
    void ended.then(({ code }) => reject(new Error(`It has ended with ${code}: ${stderr}`)));
  });
  const started = JSON.parse(line) as { url: string };
  const saysOnStderr = async (part: string) => {
    while (!stderr.includes(part)) {
      const more = new Promise((resolve) => child.stderr?.once("data", resolve));
      await Promise.race([
        more,
        ended.then(() => Promise.reject(new Error(`It never said ${part}: ${stderr}`))),
      ]);
    }
  };
  return { child, started, url: started.url, stderr: () => stderr, saysOnStderr, ended };
}
