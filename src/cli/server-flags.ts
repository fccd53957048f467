import type { ConfigValue } from "../config/index.js";
import type { ScannerFlags } from "./scan-settings.js";

/** The flags of `m2m server`. */
export interface ServerFlags extends ScannerFlags {
  readonly port?: number;
  readonly host?: string;
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
  readonly "log-level"?: ConfigValue<"server.log_level">;
  readonly "log-json"?: boolean;
}
