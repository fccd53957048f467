import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isolatedEnvironment } from "../../helpers/run-cli.js";
import { Connection } from "./connection.js";

export const BINARY = fileURLToPath(new URL("../../../bin/run.js", import.meta.url));

/** A program that serves on a port of this machine, with a home folder of its own. */
export class Service {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #home: string;
  #stderr = "";

  private constructor(port: number, command: string, args: readonly string[], env: Record<string, string>) {
    this.port = port;
    this.#home = mkdtempSync(join(tmpdir(), "m2m-bench-"));
    this.#child = spawn(command, args, {
      cwd: this.#home,
      env: isolatedEnvironment(this.#home, env),
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
  }

  /**
   * Starts a program and waits until `probe` is answered with 200.
   * @param args its arguments, given its port
   */
  static async start(
    command: string,
    args: (port: number) => readonly string[],
    probe: Buffer,
    { env = {}, patienceMs = 30_000 }: { env?: Record<string, string>; patienceMs?: number } = {},
  ): Promise<Service> {
    const port = await freePort();
    const service = new Service(port, command, args(port), env);
    const startedAtMs = performance.now();
    for (;;) {
      const connection = new Connection(port);
      const { ok } = await connection.send(probe);
      connection.close();
      if (ok) return service;
      if (service.#child.exitCode !== null || performance.now() - startedAtMs > patienceMs) {
        service.stop();
        throw new Error(`${command} ${args(port).join(" ")} does not serve: ${service.#stderr}`);
      }
      await delay(50);
    }
  }

  /** A script of this folder. */
  static script(name: string, probe: Buffer, ...args: string[]): Promise<Service> {
    const file = fileURLToPath(new URL(name, import.meta.url));
    return Service.start(process.execPath, (port) => ["--import", TSX, file, String(port), ...args], probe);
  }

  /** `m2m` with a subcommand that takes `--port`. */
  static m2m(probe: Buffer, ...args: string[]): Promise<Service> {
    return Service.start(process.execPath, (port) => [BINARY, ...args, "--port", String(port)], probe);
  }

  get rssMiB(): number {
    return residentMiB(this.#child.pid!);
  }

  stop(): void {
    this.#child.kill("SIGKILL");
    rmSync(this.#home, { recursive: true, force: true });
  }
}

/** By its address: the folder that a service starts in has no packages. */
const TSX = import.meta.resolve("tsx");

/** Resident memory of a process, MiB. */
export function residentMiB(pid: number): number {
  if (process.platform === "linux") {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/u.exec(status)![1]) / 1024;
  }
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1024;
}

/** Resident memory of Node that runs nothing, MiB. */
export async function nodeMiB(): Promise<number> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await delay(1000);
  const mib = residentMiB(child.pid!);
  child.kill();
  return mib;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
