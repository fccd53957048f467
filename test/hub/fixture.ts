import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  downloadModel,
  findKnownModel,
  resolveSource,
  type DownloadRequest,
  type DownloadResult,
} from "../../src/hub/index.js";
import { FakeServer, file, sha256 } from "./hub-server.js";

export const MODEL = findKnownModel("hydra");
export const CONFIG = new TextEncoder().encode('{"hidden_size": 4}\n');

/** Bytes that differ everywhere, so that a wrong join shows. */
export function bytesOf(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export const WEIGHTS = bytesOf(300_000);
export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** Never waits long. */
export const PATIENCE = { stallTimeoutMs: 300, maxTries: 3, retryDelayMs: 1, maxRetryAfterMs: 2000 };

export interface Attempt extends Partial<DownloadRequest> {
  readonly from?: string;
  readonly revision?: string;
}

/** A server, a folder for the model, and downloads from the one into the other. */
export class Fixture {
  readonly server: FakeServer;
  readonly root = mkdtempSync(join(tmpdir(), "m2m-hub-"));
  readonly folder = join(this.root, "models/hydra");

  private constructor(server: FakeServer) {
    this.server = server;
  }

  static async start(): Promise<Fixture> {
    return new Fixture(await FakeServer.start());
  }

  /** Serves a mirror below `/mirror/`, with a manifest unless `manifest` is false. */
  serveMirror(weights: Uint8Array = WEIGHTS, manifest = true): void {
    this.server.on("/mirror/config.json", file(CONFIG));
    this.server.on("/mirror/model.safetensors", file(weights));
    if (!manifest) return;
    this.server.on(
      "/mirror/m2m-model.json",
      file(this.manifestOf({ "config.json": CONFIG, "model.safetensors": weights })),
    );
  }

  manifestOf(files: Record<string, Uint8Array>): Uint8Array {
    const list = Object.entries(files).map(([name, bytes]) => ({
      name,
      sizeBytes: bytes.length,
      sha256: sha256(bytes),
    }));
    return new TextEncoder().encode(JSON.stringify({ version: 1, files: list }));
  }

  download({
    from = `${this.server.url}/mirror`,
    revision,
    env = {},
    ...rest
  }: Attempt = {}): Promise<DownloadResult> {
    const source = resolveSource(MODEL, { from, revision }, { cwd: this.root, env });
    return downloadModel({
      model: MODEL,
      source,
      folder: this.folder,
      force: false,
      env,
      patience: PATIENCE,
      ...rest,
    });
  }

  /** From the hub that the server plays. */
  downloadFromHub({ env = {}, revision, ...rest }: Attempt = {}): Promise<DownloadResult> {
    const hub = { HF_ENDPOINT: this.server.url, ...env };
    const source = resolveSource(MODEL, { revision }, { cwd: this.root, env: hub });
    return downloadModel({
      model: MODEL,
      source,
      folder: this.folder,
      force: false,
      env: hub,
      patience: PATIENCE,
      ...rest,
    });
  }

  read(name: string): Buffer {
    return readFileSync(join(this.folder, name));
  }

  /** Names in the model's folder, and with a slash those in the folder of the download. */
  files(): string[] {
    if (!existsSync(this.folder)) return [];
    return readdirSync(this.folder, { recursive: true, encoding: "utf8" })
      .map((name) => name.replaceAll("\\", "/"))
      .sort();
  }

  clear(): void {
    this.server.reset();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** What the hub answers for a large file: facts, and where its bytes are. */
export function linkedHeaders(bytes: Uint8Array): Record<string, string> {
  return {
    "x-repo-commit": COMMIT,
    "x-linked-size": String(bytes.length),
    "x-linked-etag": `"${sha256(bytes)}"`,
  };
}
