import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface RedisServerOptions {
  readonly password?: string;
  /** Every write is on disk before it is answered. */
  readonly appendOnly?: boolean;
  /** Further options of the command line. */
  readonly args?: readonly string[];
  /** TLS on the port, with the files of a certificate and its key. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A `redis-server` of its own, on a free port of 127.0.0.1, with a temporary folder. */
export class RedisServer {
  readonly port: number;
  readonly #program: string;
  readonly #options: RedisServerOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), "m2m-redis-"));
  #process: ChildProcess | undefined;

  private constructor(program: string, port: number, options: RedisServerOptions) {
    this.#program = program;
    this.port = port;
    this.#options = options;
  }

  /** @param program what `requirePeer` gives */
  static async start(program: string, options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(program, await freePort(), options);
    await server.restart();
    return server;
  }

  get url(): string {
    const { password, tls } = this.#options;
    const user = password === undefined ? "" : `:${encodeURIComponent(password)}@`;
    return `${tls ? "rediss" : "redis"}://${user}127.0.0.1:${this.port}`;
  }

  /** Starts it, on the same port and folder as before. */
  async restart(): Promise<void> {
    const { password, appendOnly, tls, args = [] } = this.#options;
    const child = spawn(
      this.#program,
      [
        ...["--bind", "127.0.0.1", "--dir", this.#folder, "--save", ""],
        ...(tls
          ? ["--port", "0", "--tls-port", String(this.port), "--tls-auth-clients", "no"]
          : ["--port", String(this.port)]),
        ...(tls
          ? ["--tls-cert-file", tls.cert, "--tls-key-file", tls.key, "--tls-ca-cert-file", tls.cert]
          : []),
        ...(appendOnly ? ["--appendonly", "yes", "--appendfsync", "always"] : []),
        ...(password === undefined ? [] : ["--requirepass", password]),
        ...args,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      let log = "";
      child.stdout.on("data", (chunk: Buffer) => {
        log += chunk.toString();
        if (log.includes("Ready to accept connections")) resolve();
      });
      child.once("error", reject);
      child.once("exit", () => reject(new Error(`redis-server did not start:\n${log}`)));
    });
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops it: its connections stay, and nothing is answered. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    await this.#end("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
