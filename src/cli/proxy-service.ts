import type { Config } from "../config/index.js";
import { isAnyHost } from "../http/index.js";
import { startProxy, type Proxy, type UpstreamOptions } from "../proxy/index.js";
import type { SecurityScanner } from "../security/index.js";
import { checkedToken } from "./auth-token.js";
import type { CommandContext } from "./context.js";
import { noteLeftAlone } from "./left-alone.js";
import { warnOfOpenHost } from "./open-host.js";
import { openProxyStores, proxySettings, proxyUpstreams, type ProxyFlags } from "./proxy-settings.js";
import { openServiceLog, type ServiceNotes } from "./service-notes.js";
import { loadEngineSettings } from "./settings.js";
import { printable } from "./terminal.js";
import { GRACE_MS, untilSignal } from "./until-signal.js";

/**
 * Runs a proxy until the process is told to stop.
 * @returns the exit code
 * @throws {InputError} `M2M_USAGE`, `M2M_CONFIG_INVALID`, `M2M_LISTEN_FAILED`, and what the scanner's settings may
 */
export async function runProxy(context: CommandContext, flags: ProxyFlags): Promise<number> {
  const config = await context.config();
  const { logger, notes } = openServiceLog(context, {
    level: flags["log-level"] ?? config.get("proxy.log_level"),
    json: flags["log-json"] ?? config.get("proxy.log_json"),
  });
  // A repository does not say where requests, and the keys in them, go.
  noteLeftAlone(notes, config, ["proxy", "upstream"], "sets nothing of the proxy");
  const upstreams = proxyUpstreams(context, config, flags.target);
  const host = flags.host ?? config.get("proxy.host");
  const authToken = checkedToken(flags["auth-token"] ?? config.get("proxy.auth_token"));
  const stores = await openProxyStores(config, flags, logger);
  try {
    const proxy = await startProxy({
      ...proxySettings(config, flags),
      ...stores,
      host,
      port: flags.port ?? config.get("proxy.port"),
      upstreams,
      peer: flags.peer ?? config.get("proxy.peer"),
      authToken,
      allowedHosts: config.get("proxy.allowed_hosts")?.split(","),
      logger,
      models: await context.models(),
      scanner: await openProxyScanner(context, config, flags),
    });
    // Who reads the line may send a signal at once.
    const stopped = untilSignal(async () => {
      logger.info("draining");
      await proxy.close(GRACE_MS);
      logger.info("stopped");
    });
    warnOfOpenHost(notes, host, authToken, "M2M_PROXY_AUTH_TOKEN");
    await announce(context, notes, proxy, upstreams);
    return await stopped;
  } finally {
    await stores.close();
  }
}

async function openProxyScanner(
  context: CommandContext,
  config: Config,
  flags: ProxyFlags,
): Promise<SecurityScanner | undefined> {
  if (flags["no-scan"] || !config.get("proxy.scan")) return undefined;
  const { openScanner, REMEMBERED_TEXTS } = await import("./scan-settings.js");
  const { limits } = await loadEngineSettings(context, {});
  const maxBytes = config.get("proxy.max_body_bytes");
  const { scanner } = await openScanner(context, flags, {
    limits: { ...limits, maxInputBytes: maxBytes, maxOutputBytes: maxBytes },
    rememberedTexts: REMEMBERED_TEXTS,
  });
  return scanner;
}

async function announce(
  context: CommandContext,
  notes: ServiceNotes,
  { host, url }: Proxy,
  upstreams: readonly UpstreamOptions[],
): Promise<void> {
  const targets = upstreams.map(({ name, target }) => ({ name, url: target.url }));
  if (context.json) await context.printJson({ version: 1, url, upstreams: targets });
  const places = targets.map((one) => printable(one.url)).join(", ");
  // In one piece: who waits for the first line may read no more.
  notes.note(
    [
      `m2m proxy listens on ${printable(url)}${isAnyHost(host) ? " (on all interfaces)" : ""} for ${places}`,
      `  OPENAI_BASE_URL=${printable(url)}/v1 ANTHROPIC_BASE_URL=${printable(url)}`,
      `  What goes through: ${printable(url)}/_m2m/`,
    ].join("\n"),
  );
}
