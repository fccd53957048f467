import type { EngineOptions } from "../codec/index.js";
import type { HttpLimits, ListenOptions, Logger, TrustedProxies } from "../http/index.js";
import type { ModelRegistry } from "../models/index.js";
import type { SecurityScanner } from "../security/index.js";
import type { AlgorithmName } from "../shared/algorithms.js";
import type { BpeEncodingName } from "../shared/encodings.js";
import type { Limits } from "../shared/limits.js";
import type { Identity, TrustPolicy } from "../transport/index.js";
import type { OtherMetrics } from "./metrics/requests.js";

/** Who the server is on AI-TCP, and whom it lets in: no token is asked for there. */
export interface AiTcpServing {
  /** Default: the one above that of HTTP; a free one if that is 0. */
  readonly port?: number;
  readonly identity: Identity;
  readonly trust: TrustPolicy;
  /** An organisation's word for the server. */
  readonly certificate?: Uint8Array;
  /** Sessions of one identity at a time. Default 1,000. */
  readonly maxSessionsPerPeer?: number;
}

export interface ServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly tls?: ListenOptions["tls"];
  readonly version: string;
  readonly logger: Logger;
  readonly engine: EngineOptions & { readonly limits: Limits; readonly encoding: BpeEncodingName };
  readonly defaultAlgorithm: AlgorithmName | "auto";
  readonly models: ModelRegistry;
  /** Loads what `/scan` asks, and with `security` everything that is compressed. */
  readonly openScanner: () => Promise<{ readonly scanner: SecurityScanner; readonly threshold: number }>;
  readonly security: { readonly isEnabled: boolean; readonly isBlocking: boolean };
  /** `memory`, or an address as `redis://localhost:6379`. */
  readonly store: string;
  /** Absent: nobody has to show a token. */
  readonly authToken?: string;
  readonly maxBodyBytes: number;
  /** Of one client; 0 is no limit. */
  readonly requestsPerMinute: number;
  /** Whose word for the address of a client is taken. Default: nobody's, it is that of the connection. */
  readonly trustedProxies?: TrustedProxies;
  /** Most bytes of all requests that are held at once, opened ones as well. Default 256 MiB. */
  readonly maxHeldBytes?: number;
  /** Requests that are worked on at once, those that wait for messages left out. Default 1024. */
  readonly maxActiveRequests?: number;
  /** Serve sessions over QUIC too, on the UDP port of the same number. Needs `tls`. */
  readonly quic?: boolean;
  /** Serve sessions over AI-TCP too. */
  readonly aitcp?: AiTcpServing;
  readonly httpLimits?: Partial<HttpLimits>;
  /** What the other processes of the server have counted: `/metrics` is of all, whichever of them is asked. */
  readonly otherMetrics?: OtherMetrics;
}
