import cluster from "node:cluster";
import { isAnyHost } from "../http/index.js";
import { startServer, type Server, type ServerOptions } from "../server/index.js";
import type { CommandContext } from "./context.js";
import type { ServiceNotes } from "./service-notes.js";
import type { ServerFlags } from "./server-flags.js";
import { loadServerSettings, noteRisks } from "./server-settings.js";
import { runWorkers, type Listening } from "./server-workers.js";
import { printable } from "./terminal.js";
import { GRACE_MS, untilSignal } from "./until-signal.js";
import { otherMetrics, tellMetrics } from "./worker-metrics.js";

/**
 * Runs a server, of one process or several, until it is told to stop.
 * @returns the exit code
 * @throws {M2MError} what the settings and the start may
 */
export async function runServer(context: CommandContext, flags: ServerFlags): Promise<number> {
  const { options, workers, notes } = await loadServerSettings(context, flags);
  if (cluster.isWorker) return runWorker(options);
  noteRisks(notes, await context.config(), options);
  if (workers > 1)
    return runWorkers(workers, notes, (listening) =>
      announce(context, notes, options, { ...listening, workers }),
    );
  const server = await startServer(options);
  const { quicPort } = server;
  // Who reads the line may send a signal at once.
  const stopped = untilSignal(() => stop(server, options));
  await announce(context, notes, options, { ...placesOf(server), workers, quicPort });
  return stopped;
}

/** One of several processes: it says nothing but whether it listens. */
async function runWorker(options: ServerOptions): Promise<number> {
  try {
    const server = await startServer({ ...options, otherMetrics: otherMetrics() });
    tellMetrics(() => server.metricsSnapshot());
    const stopped = untilSignal(() => stop(server, options), "disconnect");
    process.send?.(placesOf(server));
    return await stopped;
  } finally {
    // The channel to the first process would keep this one alive.
    process.channel?.unref();
  }
}

async function stop(server: Server, { logger }: ServerOptions): Promise<void> {
  logger.info("draining");
  await server.close(GRACE_MS);
  logger.info("stopped");
}

/** Where the server listens, as its first process says it. */
function placesOf({ aitcp, url }: Server): Listening {
  if (!aitcp) return { url };
  // For people: where it listens on all addresses, the URL has one that can be opened.
  return { url, aitcp: { url: `aitcp://${new URL(url).hostname}:${aitcp.port}`, identity: aitcp.identity } };
}

interface Announcement extends Listening {
  readonly workers: number;
  readonly quicPort?: number;
}

async function announce(
  context: CommandContext,
  notes: ServiceNotes,
  { authToken, host, security, store }: ServerOptions,
  { aitcp, quicPort, url, workers }: Announcement,
): Promise<void> {
  const shown = aitcp && (await withFingerprint(aitcp));
  if (context.json) {
    const { isBlocking, isEnabled } = security;
    await context.printJson({
      version: 1,
      url,
      pid: process.pid,
      workers,
      ...(quicPort !== undefined && { quicPort }),
      ...(shown && { aitcp: shown }),
      security: { enabled: isEnabled, blocking: isBlocking },
      authentication: authToken !== undefined,
      store: storeKind(store),
    });
    return;
  }
  const more = [
    ...(isAnyHost(host) ? ["on all interfaces"] : []),
    security.isEnabled
      ? security.isBlocking
        ? "threats are blocked"
        : "threats are reported"
      : "no scanning",
    `sessions in ${storeKind(store)}`,
    ...(workers > 1 ? [`${workers} workers`] : []),
    ...(quicPort === undefined ? [] : [`QUIC on UDP port ${quicPort}`]),
  ];
  notes.note(`m2m server listens on ${printable(url)} (${more.join(", ")})`);
  if (shown) {
    notes.note(`AI-TCP listens on ${printable(shown.url)} as ${shown.identity} (${shown.fingerprint})`);
  }
}

async function withFingerprint<Named extends { readonly identity: string }>(named: Named) {
  const { fingerprint, parseIdentity } = await import("../transport/index.js");
  return { ...named, fingerprint: fingerprint(parseIdentity(named.identity)) };
}

/** An address may hold a password. */
function storeKind(store: string): string {
  return store.includes("://") ? store.slice(0, store.indexOf("://")).toLowerCase() : store;
}
