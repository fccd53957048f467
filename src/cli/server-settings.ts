import cluster from "node:cluster";
import type { Config } from "../config/index.js";
import { TrustedProxies, type Logger } from "../http/index.js";
import { isSharedStore, MEMORY_STORE, type ServerOptions } from "../server/index.js";
import { InputError, type M2MError } from "../shared/errors.js";
import { readSmallFile } from "../shared/files.js";
import type { TrustOptions } from "../transport/index.js";
import { checkedToken } from "./auth-token.js";
import type { CommandContext } from "./context.js";
import { noteLeftAlone } from "./left-alone.js";
import { warnOfOpenHost } from "./open-host.js";
import { openScanner, REMEMBERED_TEXTS } from "./scan-settings.js";
import type { ServerFlags } from "./server-flags.js";
import { openServiceLog, type ServiceNotes } from "./service-notes.js";
import { loadEngineSettings } from "./settings.js";
import { printable } from "./terminal.js";
import { versionFacts } from "./version.js";

const MAX_PEM_BYTES = 1024 * 1024;

const AITCP_FLAGS = [
  ...[
    "aitcp-port",
    "max-sessions-per-peer",
    "identity",
    "passphrase-file",
    "trust",
    "trust-organisation",
    "known-peers",
    "certificate",
  ],
  "trust-anyone",
] as readonly (keyof ServerFlags)[];

/** What a process of the server is started with, and what is said of it. */
export interface ServerSettings {
  readonly options: ServerOptions;
  readonly workers: number;
  readonly notes: ServiceNotes;
}

/**
 * The server's options by precedence, checked against each other.
 * @throws {InputError} `M2M_USAGE`, `M2M_CONFIG_INVALID`, `M2M_FILE_READ`
 */
export async function loadServerSettings(
  context: CommandContext,
  flags: ServerFlags,
): Promise<ServerSettings> {
  const config = await context.config();
  const engine = await loadEngineSettings(context, {});
  const isEnabled = flags["no-security"] ? false : config.get("security.enabled");
  const transport = flags.transport ?? config.get("server.transport");
  const workers = flags.workers ?? config.get("server.workers");
  const store = flags.store ?? config.get("server.store") ?? MEMORY_STORE;
  if (workers > 1) assertWorkers(store, transport);
  if (transport !== "aitcp") assertNoAiTcp(flags, transport);
  const { logger, notes } = openServiceLog(context, {
    level: flags["log-level"] ?? config.get("server.log_level"),
    json: flags["log-json"] ?? config.get("server.log_json"),
  });
  const options: ServerOptions = {
    host: flags.host ?? config.get("server.host"),
    port: flags.port ?? config.get("server.port"),
    tls: readTls(flags, config),
    version: versionFacts().version,
    logger,
    engine,
    defaultAlgorithm: config.get("compression.default_algorithm"),
    models: await context.models(),
    openScanner: () =>
      openScanner(context, flags, { limits: engine.limits, rememberedTexts: REMEMBERED_TEXTS }),
    security: { isEnabled, isBlocking: isEnabled && (flags.blocking ?? config.get("server.blocking")) },
    store,
    authToken: checkedToken(flags["auth-token"] ?? config.get("server.auth_token")),
    maxBodyBytes: flags["max-body-bytes"] ?? config.get("server.max_body_bytes"),
    requestsPerMinute: flags["rate-limit"] ?? config.get("server.rate_limit"),
    trustedProxies: trustedProxiesOf(flags, config),
    maxActiveRequests: config.get("server.max_concurrent"),
    maxHeldBytes: config.get("server.max_held_bytes"),
    quic: transport === "quic",
    ...(transport === "aitcp" && { aitcp: await loadAiTcp(context, config, flags, { logger, notes }) }),
  };
  return { options, workers, notes };
}

/** Loads what AI-TCP needs for who asks for it. */
async function loadAiTcp(
  context: CommandContext,
  config: Config,
  flags: ServerFlags,
  { logger, notes }: { readonly logger: Logger; readonly notes: ServiceNotes },
): Promise<NonNullable<ServerOptions["aitcp"]>> {
  const { loadCredentials } = await import("./aitcp-settings.js");
  const { TrustPolicy } = await import("../transport/index.js");
  const onBroken = ({ code, message }: M2MError): void =>
    logger.warn({ code }, `${message} The identities that were in the file before are still trusted.`);
  const { trust, ...credentials } = loadCredentials(context, config, flags, { onBroken });
  const anyone = flags["trust-anyone"] ?? config.get("aitcp.trust_anyone");
  if (!cluster.isWorker) noteTrust(notes, trust, anyone);
  const port = flags["aitcp-port"] ?? config.get("aitcp.port");
  return {
    ...credentials,
    ...(port !== undefined && { port }),
    maxSessionsPerPeer: flags["max-sessions-per-peer"] ?? config.get("aitcp.max_sessions_per_peer"),
    trust: new TrustPolicy({ ...trust, anyone }),
  };
}

/** Whom the server lets in, where that is everybody or nobody. */
function noteTrust(
  notes: ServiceNotes,
  { pinned = [], organisations = [], knownPeers }: TrustOptions,
  anyone: boolean,
): void {
  if (anyone) {
    notes.warn(
      "everybody who can reach AI-TCP is let in, whatever the identity.\n" +
        "  Give --trust IDENTITY or --trust-organisation IDENTITY in place of --trust-anyone.",
    );
  } else if ([...pinned, ...organisations, ...(knownPeers?.listAnywhere() ?? [])].length === 0) {
    const line = knownPeers ? `, or write the line "* IDENTITY" into ${printable(knownPeers.path)}` : "";
    notes.warn(
      "AI-TCP lets nobody in: no identity is trusted.\n" +
        "  Give --trust IDENTITY, with what `m2m keygen --public FILE` prints for an agent's key, or a file of such lines" +
        `${line}. --trust-organisation IDENTITY lets in all that it certifies.`,
    );
  }
}

/** Whom to let in, above all, must not be said in vain. @throws {InputError} `M2M_USAGE` */
function assertNoAiTcp(flags: ServerFlags, transport: string): void {
  const given = AITCP_FLAGS.find((name) => flags[name] !== undefined);
  if (given === undefined) return;
  throw new InputError("M2M_USAGE", `--${given} is of AI-TCP, and the transport is ${transport}.`, {
    hint: "Give --transport aitcp too, or leave it out.",
  });
}

function assertWorkers(store: string, transport: string): void {
  if (!isSharedStore(store)) {
    throw new InputError(
      "M2M_USAGE",
      "Several workers need a store that they share: sessions would be lost between them.",
      {
        hint: "Give --store redis://HOST:PORT, or leave out --workers.",
      },
    );
  }
  if (transport !== "quic") return;
  throw new InputError(
    "M2M_USAGE",
    "QUIC is served by one process: a connection's packets would go to any of several.",
    {
      hint: "Leave out --workers, or --transport quic.",
    },
  );
}

function readTls(flags: ServerFlags, config: Config): ServerOptions["tls"] {
  const cert = flags["tls-cert"] ?? config.get("server.tls_cert");
  const key = flags["tls-key"] ?? config.get("server.tls_key");
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new InputError("M2M_USAGE", "A certificate and its key are given together.", {
      hint: "Give --tls-cert and --tls-key.",
    });
  }
  return { cert: readPem(cert), key: readPem(key) };
}

function readPem(path: string): Buffer {
  return Buffer.from(readSmallFile(path, MAX_PEM_BYTES));
}

/** @throws {InputError} `M2M_USAGE` */
function trustedProxiesOf(flags: ServerFlags, config: Config): TrustedProxies | undefined {
  const flag = flags["trust-proxy"];
  if (flag !== undefined) return TrustedProxies.parse(flag, "--trust-proxy");
  const setting = config.get("server.trust_proxy");
  return setting === undefined ? undefined : TrustedProxies.parse(setting, "server.trust_proxy");
}

/** What a person should know before others do. */
export function noteRisks(notes: ServiceNotes, config: Config, { authToken, host }: ServerOptions): void {
  noteLeftAlone(notes, config, ["server", "aitcp"], "sets the server's port only");
  warnOfOpenHost(notes, host, authToken, "M2M_SERVER_AUTH_TOKEN");
}
