import type { ConfigValue } from "../config/index.js";
import { LOG_LEVELS } from "../shared/log-levels.js";
import type { AiTcpFlags } from "./aitcp-flags.js";
import type { FlagSpecs } from "./definition.js";
import type { ScannerFlags } from "./scan-settings.js";

/** Flags that `m2m server` and `m2m proxy` both have. They are read before either is loaded. */
export interface ListenerFlags {
  readonly port?: number;
  readonly host?: string;
  readonly "log-level"?: ConfigValue<"server.log_level">;
  readonly "log-json"?: boolean;
}

/** Where it listens. @param section of the settings: `server`, `proxy` */
export function listenFlags(section: "server" | "proxy", port: number) {
  const prefix = `M2M_${section.toUpperCase()}`;
  return {
    port: {
      type: "integer",
      summary: "TCP port; 0 picks a free one.",
      valueName: "N",
      min: 0,
      max: 65535,
      fallback: `${section}.port, or ${port}`,
      env: `${prefix}_PORT`,
    },
    host: {
      type: "string",
      summary: "Address to listen on.",
      valueName: "ADDRESS",
      fallback: `${section}.host, or 127.0.0.1`,
      env: `${prefix}_HOST`,
    },
  } as const satisfies FlagSpecs;
}

/** What it writes. @param section as above */
export function logFlags(section: "server" | "proxy") {
  const prefix = `M2M_${section.toUpperCase()}`;
  return {
    "log-level": {
      type: "enum",
      options: LOG_LEVELS,
      summary: "What is written on stderr; debug has a line for each request.",
      fallback: `${section}.log_level, or info`,
      env: `${prefix}_LOG_LEVEL`,
      group: "LOG",
    },
    "log-json": {
      type: "boolean",
      summary: "Write the log as JSON, one object a line.",
      env: `${prefix}_LOG_JSON`,
      group: "LOG",
    },
  } as const satisfies FlagSpecs;
}

/** The flags of `m2m server`. */
export interface ServerFlags extends ScannerFlags, ListenerFlags, AiTcpFlags {
  readonly blocking?: boolean;
  readonly "no-security"?: boolean;
  readonly transport?: ConfigValue<"server.transport">;
  readonly "tls-cert"?: string;
  readonly "tls-key"?: string;
  readonly "auth-token"?: string;
  readonly store?: string;
  readonly workers?: number;
  readonly "max-body-bytes"?: number;
  readonly "rate-limit"?: number;
  readonly "trust-proxy"?: string;
  readonly "aitcp-port"?: number;
  readonly "max-sessions-per-peer"?: number;
}
