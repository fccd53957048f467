import { writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHAT_QUESTION } from "./traffic.js";
import { Service } from "./processes.js";

/** A way to the upstream, and what a client sends besides to go it. */
export interface Route {
  readonly name: string;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly service?: Service;
  readonly isUpstream?: boolean;
  readonly isRelay?: boolean;
  readonly isM2m?: boolean;
  /** All its requests are the same one, as no other route's are. */
  readonly isRepeated?: boolean;
}

export interface Routes {
  /** Direct first. */
  readonly all: readonly Route[];
  stop(): void;
}

const KEY = { authorization: "Bearer sk-bench" };

/**
 * Starts the upstream and all that stands before it.
 * @param probeOf a request with these headers, which a route must answer with 200
 */
export async function startRoutes(
  { portkey, litellm }: { readonly portkey?: string; readonly litellm?: string },
  probeOf: (headers: Readonly<Record<string, string>>) => Buffer,
): Promise<Routes> {
  const services: Service[] = [];
  const started = async (starting: Promise<Service>): Promise<Service> => {
    const service = await starting;
    services.push(service);
    return service;
  };
  const stop = (): void => services.forEach((service) => service.stop());
  try {
    const probe = probeOf(KEY);
    const upstream = await started(Service.script("upstream.ts", probe));
    const url = `http://127.0.0.1:${upstream.port}`;
    const relay = await started(Service.script("relay.ts", probe, url));
    const proxy = ["proxy", "--target", url, "--log-level", "error"];
    const off = await started(Service.m2m(probe, ...proxy, "--no-scan"));
    const on = await started(Service.m2m(probe, ...proxy));
    const all: Route[] = [
      { name: "direct", port: upstream.port, headers: KEY, service: upstream, isUpstream: true },
      {
        name: "bare relay (node:http, undici)",
        port: relay.port,
        headers: KEY,
        service: relay,
        isRelay: true,
      },
      { name: "m2m proxy --no-scan", port: off.port, headers: KEY, service: off, isM2m: true },
      { name: "m2m proxy", port: on.port, headers: KEY, service: on, isM2m: true },
      // Verdicts are remembered: what that saves is shown apart.
      { name: "m2m proxy, the same request again", port: on.port, headers: KEY, isRepeated: true },
    ];
    if (portkey !== undefined) {
      const headers = {
        ...KEY,
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": `${url}/v1`,
      };
      const script = join(portkey, "node_modules/@portkey-ai/gateway/build/start-server.js");
      const service = await started(
        Service.start(
          process.execPath,
          (port) => [script, "--headless", `--port=${port}`],
          probeOf(headers),
          {
            env: { TRUSTED_CUSTOM_HOSTS: "127.0.0.1,localhost", NODE_ENV: "production" },
          },
        ),
      );
      all.push({ name: "@portkey-ai/gateway", port: service.port, headers, service });
    }
    if (litellm !== undefined) {
      const key = "sk-bench-0123456789abcdefghij";
      const headers = { authorization: `Bearer ${key}` };
      const config = writeLiteLlmConfig(url);
      const service = await started(
        Service.start(
          join(litellm, "bin/litellm"),
          (port) => ["--config", config, "--host", "127.0.0.1", "--port", String(port), "--num_workers", "1"],
          probeOf(headers),
          { env: { LITELLM_MASTER_KEY: key, LITELLM_LOG: "ERROR" }, patienceMs: 120_000 },
        ),
      );
      all.push({ name: "LiteLLM, 1 worker", port: service.port, headers, service });
    }
    return { all, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

function writeLiteLlmConfig(url: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "m2m-litellm-")), "config.yaml");
  const { model } = CHAT_QUESTION;
  writeFileSync(
    file,
    `model_list:\n  - model_name: ${model}\n    litellm_params:\n      model: openai/${model}\n      api_base: ${url}/v1\n      api_key: sk-bench\n`,
  );
  return file;
}
