import type { CodecEngine, ContentScanner } from "../codec/index.js";
import type { ModelRegistry } from "../models/index.js";
import type { ScanResult, SecurityScanner } from "../security/index.js";
import type { AlgorithmName } from "../shared/algorithms.js";
import type { BpeEncodingName } from "../shared/encodings.js";
import type { RequestMetrics } from "./metrics/requests.js";
import type { SessionService } from "./sessions/index.js";

/** What the log says of who sent a threat. */
export interface ThreatSource {
  /** What the log calls the request; absent: it came over another transport. */
  readonly request?: string;
  readonly path?: string;
  readonly client?: string;
  readonly model?: string;
}

/** What the routes work with. */
export interface ServerServices {
  readonly engine: CodecEngine;
  /** What `/compress` takes if the request names none. */
  readonly defaultAlgorithm: AlgorithmName | "auto";
  /** Vocabulary where neither the request nor its model says which. */
  readonly encoding: BpeEncodingName;
  readonly models: ModelRegistry;
  /** Scans on request; loaded by its first call, unless it is there already. */
  readonly scanner: () => Promise<SecurityScanner>;
  /** Scans all that is compressed; absent with security switched off. */
  readonly guard?: ContentScanner<ScanResult>;
  /** Scans as `guard`, and writes a line to the log for what is unsafe. */
  guardFor(request: ThreatSource): ContentScanner<ScanResult> | undefined;
  /** Whether `guard` blocks. */
  readonly isBlocking: boolean;
  readonly sessions: SessionService;
  /** What this side offers to sessions: the payload of HELLO. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly metrics: RequestMetrics;
  readonly version: string;
  /** Milliseconds since the start. */
  uptimeMs(): number;
  /** Resolves if the stores answer. @throws {M2MError} */
  checkStores(): Promise<void>;
  /** Whether the server is shutting down. */
  isDraining(): boolean;
}
