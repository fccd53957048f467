import type { Config, ConfigKey, ConfigValue } from "../config/index.js";
import { createLogger, isLoopbackHost, type LogLevel } from "../http/index.js";
import { parseTarget, startProxy, type UpstreamOptions } from "../proxy/index.js";
import { InputError } from "../shared/errors.js";
import type { CommandContext } from "./context.js";
import type { ScannerFlags } from "./scan-settings.js";
import { writeStderr } from "./stdio.js";
import { printable } from "./terminal.js";
import { untilSignal } from "./until-signal.js";

/** The flags of `m2m proxy`. */
export interface ProxyFlags extends ScannerFlags {
  readonly target?: string;
  readonly port?: number;
  readonly host?: string;
  readonly "auth-token"?: string;
  readonly "no-scan"?: boolean;
  readonly blocking?: boolean;
  readonly "scan-responses"?: boolean;
  readonly optimize?: ConfigValue<"proxy.optimize">;
  readonly peer?: boolean;
  readonly "cache-ttl"?: number;
  readonly "include-usage"?: boolean;
  readonly timeout?: number;
  readonly retries?: number;
  readonly "log-level"?: LogLevel;
  readonly "log-json"?: boolean;
}

/** How long running requests may take to finish once the process is told to stop. */
const GRACE_MS = 30_000;

/**
 * Runs a proxy until the process is told to stop.
 * @returns the exit code
 * @throws {InputError} `M2M_USAGE`, `M2M_CONFIG_INVALID`, `M2M_LISTEN_FAILED`, and what the scanner's settings may
 */
export async function runProxy(context: CommandContext, flags: ProxyFlags): Promise<number> {
  const config = await context.config();
  noteIgnored(context, config);
  const upstreams = upstreamsOf(context, config, flags.target);
  const host = flags.host ?? config.get("proxy.host");
  const authToken = flags["auth-token"] ?? config.get("proxy.auth_token");
  const proxy = await startProxy({
    host,
    port: flags.port ?? config.get("proxy.port"),
    upstreams,
    authToken,
    logger: createLogger({
      level: flags["log-level"] ?? config.get("proxy.log_level"),
      json: flags["log-json"] ?? config.get("proxy.log_json"),
      write: writeStderr,
    }),
    models: await context.models(),
    maxBodyBytes: config.get("proxy.max_body_bytes"),
    connectTimeoutMs: config.get("proxy.connect_timeout_s") * 1000,
    headersTimeoutMs: (flags.timeout ?? config.get("proxy.timeout_s")) * 1000,
    idleTimeoutMs: config.get("proxy.idle_timeout_s") * 1000,
    retries: flags.retries ?? config.get("proxy.retries"),
    includeUsage: flags["include-usage"] ?? config.get("proxy.include_usage"),
  });
  if (!isLoopbackHost(host) && authToken === undefined) {
    context.note(
      `m2m: warning: ${printable(host)} can be reached by other machines, and nobody has to show a token: set M2M_PROXY_AUTH_TOKEN.`,
    );
  }
  await announce(context, proxy.url, upstreams);
  return untilSignal(() => proxy.close(GRACE_MS));
}

async function announce(
  context: CommandContext,
  url: string,
  upstreams: readonly UpstreamOptions[],
): Promise<void> {
  const targets = upstreams.map(({ name, target }) => ({ name, url: target.url }));
  if (context.json) await context.printJson({ version: 1, url, upstreams: targets });
  context.note(`m2m proxy listens on ${url} for ${targets.map((one) => printable(one.url)).join(", ")}`);
  context.note(`  OPENAI_BASE_URL=${url}/v1 ANTHROPIC_BASE_URL=${url}`);
  context.note(`  What goes through: ${url}/_m2m/`);
}

/** A repository does not say where requests, and the keys in them, go. */
function noteIgnored(context: CommandContext, { ignored, projectFile }: Config): void {
  const own = ignored.filter((key: ConfigKey) => key.startsWith("proxy."));
  if (own.length === 0) return;
  const left = `${own.join(", ")} ${own.length === 1 ? "is" : "are"} left alone`;
  context.note(`m2m: ${printable(projectFile ?? "")}: ${left}: a project file sets nothing of the proxy.`);
}

function upstreamsOf(
  context: CommandContext,
  config: Config,
  flag: string | undefined,
): readonly UpstreamOptions[] {
  if (flag !== undefined) return [{ name: "target", target: parseTarget(flag, "--target") }];
  if (config.upstreams.length > 0) return config.upstreams.map((table) => upstreamOf(context, table));
  const target = config.get("proxy.target");
  if (target === undefined) {
    throw new InputError("M2M_USAGE", "There is no target to forward to.", {
      hint: "Give --target https://api.openai.com, or set up [[upstream]] in the user file.",
    });
  }
  return [{ name: "target", target: parseTarget(target, "proxy.target") }];
}

function upstreamOf({ env }: CommandContext, table: Config["upstreams"][number]): UpstreamOptions {
  const target = parseTarget(table.url, "The url of an [[upstream]]");
  const { models, weight, api_key_env: variable } = table;
  const apiKey = variable === undefined ? table.api_key : env[variable];
  if (variable !== undefined && !apiKey) {
    throw new InputError("M2M_CONFIG_INVALID", `The key of the upstream ${target.url} is missing.`, {
      hint: `Set the environment variable ${variable}.`,
    });
  }
  return { name: table.name ?? new URL(target.url).host, target, models, weight, apiKey };
}
