import type { Dispatcher } from "undici";
// The whole of undici, with fetch and more, takes 9 MiB.
import buildConnector from "undici/lib/core/connect.js";
import Pool from "undici/lib/dispatcher/pool.js";
import { keepBaselineParser } from "./baseline-parser.js";
import { CircuitBreaker, type BreakerOptions } from "./breaker.js";
import type { Target } from "./target.js";

/** One place that requests are sent to. */
export interface UpstreamOptions {
  readonly name: string;
  readonly target: Target;
  /** Models that it serves, `*` for any number of characters; none: all. */
  readonly models?: readonly string[];
  /** Its share among those that serve a model; 0: only if no other is left. Default 1. */
  readonly weight?: number;
  /** Sent in place of the client's own. */
  readonly apiKey?: string;
  /** Of the proxy that it is, if it is one that asks for a token. */
  readonly token?: string;
}

export interface ConnectionOptions {
  readonly connectTimeoutMs: number;
  /** From the end of the request to the status of the answer. */
  readonly headersTimeoutMs: number;
  /** Between two pieces of the answer. */
  readonly idleTimeoutMs: number;
}

/** Idle connections are kept so long, unless the upstream says that it ends them earlier. */
const KEEP_ALIVE_MS = 30_000;

export class Upstream {
  readonly name: string;
  readonly target: Target;
  readonly weight: number;
  readonly apiKey: string | undefined;
  readonly token: string | undefined;
  readonly breaker: CircuitBreaker;
  readonly #models: RegExp | undefined;
  readonly #pool: Pool;

  constructor(options: UpstreamOptions, connection: ConnectionOptions, breaker: BreakerOptions) {
    this.name = options.name;
    this.target = options.target;
    this.weight = options.weight ?? 1;
    this.apiKey = options.apiKey;
    this.token = options.token;
    this.breaker = new CircuitBreaker(breaker);
    this.#models = options.models && options.models.length > 0 ? patternOf(options.models) : undefined;
    this.#pool = new Pool(options.target.origin, {
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: connection.headersTimeoutMs,
      bodyTimeout: connection.idleTimeoutMs,
      connect: keepBaselineParser(buildConnector({ timeout: connection.connectTimeoutMs })),
    });
  }

  /** @param model `undefined` if the request names none: whoever takes all models takes it */
  serves(model: string | undefined): boolean {
    return this.#models === undefined || (model !== undefined && this.#models.test(model));
  }

  /** Whether it names the models that it serves: it is preferred to one that takes all. */
  get isChoosy(): boolean {
    return this.#models !== undefined;
  }

  /** @param path behind the base path, with its query */
  dispatch(
    request: Pick<Dispatcher.DispatchOptions, "method" | "path" | "headers" | "body">,
    handler: Dispatcher.DispatchHandler,
  ): void {
    this.#pool.dispatch({ ...request, path: this.target.basePath + request.path }, handler);
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

function patternOf(models: readonly string[]): RegExp {
  const parts = models.map((model) =>
    model
      .split("*")
      .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*"),
  );
  return new RegExp(`^(?:${parts.join("|")})$`, "is");
}
