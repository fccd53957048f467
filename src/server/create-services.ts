import { randomUUID } from "node:crypto";
import { CodecEngine, type ContentVerdict } from "../codec/index.js";
import type { HeldBytes } from "../http/index.js";
import type { ScanResult } from "../security/index.js";
import { Session, writeMessage, type CapabilityOptions } from "../session/index.js";
import { defaultTokenizers } from "../tokenizer/index.js";
import { guardWith, watched } from "./guard.js";
import { RequestMetrics } from "./metrics/requests.js";
import type { ServerOptions } from "./options.js";
import type { ServerServices, ThreatSource } from "./services.js";
import { createSessionService } from "./sessions/index.js";
import type { Stores } from "./stores.js";

const MAX_LOGGED_THREATS = 5;

/**
 * What the routes work with, and the sessions that all transports carry.
 * @throws what the scanner throws
 */
export async function createServices(
  options: ServerOptions,
  stores: Stores & { readonly contents: HeldBytes },
  isDraining: () => boolean,
): Promise<ServerServices> {
  const { engine, openScanner, security, version } = options;
  const startedAtMs = performance.now();
  const metrics = new RequestMetrics(version, () => sessions.metrics(), options.otherMetrics);
  let opened: ReturnType<typeof openScanner> | undefined;
  const open = () => {
    if (opened) return opened;
    opened = openScanner();
    // A failed load is tried again: the weights may be put in place meanwhile.
    opened.catch(() => (opened = undefined));
    return opened;
  };
  const guarding = security.isEnabled ? await open() : undefined;
  const guard = guarding && guardWith(guarding.scanner, security.isBlocking, metrics.content);
  const capabilities: CapabilityOptions = {
    agentId: randomUUID(),
    agentType: "server",
    compression: { maxPayloadBytes: Math.min(engine.limits.maxInputBytes, engine.limits.maxOutputBytes) },
    security: {
      threatDetection: guard !== undefined,
      blocking: guard !== undefined && security.isBlocking,
      ...(guarding && { blockThreshold: guarding.threshold }),
    },
  };
  const noteThreat = (source: ThreatSource, verdict: ContentVerdict): void => {
    const { threatType: type, score, shouldBlock } = verdict;
    // Ids of rules and places, never what stood there.
    const threats = (verdict as Partial<ScanResult>).threats
      ?.slice(0, MAX_LOGGED_THREATS)
      .map(({ id, location: { pointer }, score }) => ({ id, pointer, score }));
    options.logger.warn(
      { ...source, type, score, threats },
      shouldBlock ? "content blocked" : "content unsafe",
    );
  };
  const sessions = createSessionService({
    ...stores,
    capabilities,
    scanner: guard,
    onThreat: (verdict, { address, request, path }) =>
      noteThreat({ request, path: path ?? "DATA", client: address }, verdict),
  });
  // The vocabulary is read on first use: no request should wait for it.
  defaultTokenizers.get(engine.encoding).count("ready");
  return {
    engine: new CodecEngine(engine),
    defaultAlgorithm: options.defaultAlgorithm,
    encoding: engine.encoding,
    models: options.models,
    scanner: async () => (await open()).scanner,
    guard,
    guardFor: (source) => guard && watched(guard, (verdict) => noteThreat(source, verdict)),
    isBlocking: security.isBlocking,
    sessions,
    capabilities: payloadOf(capabilities, guard),
    metrics,
    version,
    uptimeMs: () => performance.now() - startedAtMs,
    checkStores: () => stores.check(),
    isDraining,
  };
}

/** How HELLO spells capabilities. */
function payloadOf(
  capabilities: CapabilityOptions,
  scanner: ServerServices["guard"],
): Readonly<Record<string, unknown>> {
  const hello = new Session({ role: "initiator", capabilities, scanner }).connect();
  return (JSON.parse(writeMessage(hello)) as { payload: Record<string, unknown> }).payload;
}
