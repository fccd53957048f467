import type { IncomingHttpHeaders } from "node:http";
import {
  carrierOf,
  CLIENT_SPAN,
  ERROR_STATUS,
  extractContext,
  otelRegistry,
  withSpan,
  type Attributes,
  type OtelSpan,
} from "./otel-registry.js";
import type { Dialect, ProviderApi, ResponseFacts } from "./providers/index.js";
import type { Spent } from "./stats/stats.js";
import type { Target } from "./upstream/target.js";

/** What a span is begun with. */
export interface TracedCall {
  readonly api: ProviderApi;
  readonly dialect: Dialect;
  readonly method: string;
  readonly model?: string;
  readonly headers: IncomingHttpHeaders;
  readonly target: Target;
}

/** What is known when it ends. */
export interface TracedEnd {
  readonly status?: number;
  /** Absent if all is well. */
  readonly error?: string;
  readonly facts?: ResponseFacts;
  readonly spent?: Spent;
}

/** The span of one exchange. */
export interface ExchangeSpan {
  /** Headers that carry it on, name, value, name, value. */
  readonly headers: readonly string[];
  end(facts: TracedEnd): void;
}

export interface Tracing {
  start(call: TracedCall): ExchangeSpan;
}

const OPERATIONS: Readonly<Record<ProviderApi, string | undefined>> = {
  "openai-chat": "chat",
  "openai-completions": "text_completion",
  "openai-embeddings": "embeddings",
  "openai-responses": "chat",
  "anthropic-messages": "chat",
  other: undefined,
};

/**
 * Tracing by whatever provider is registered, and `undefined` if none is. Names are those of the semantic conventions for generative AI
 * (OpenTelemetry semantic conventions, gen-ai spans).
 */
export function openTracing(): Tracing | undefined {
  const registry = otelRegistry();
  const tracer = registry.trace?.getTracer("m2m-proxy");
  if (!tracer) return undefined;
  return {
    start(call) {
      const parent = extractContext(registry, call.headers);
      const operation = OPERATIONS[call.api];
      const name = [operation ?? call.method, call.model].filter((word) => word !== undefined).join(" ");
      const span = tracer.startSpan(name, { kind: CLIENT_SPAN, attributes: attributesOf(call) }, parent);
      return {
        headers: carrierOf(registry, withSpan(parent, span)),
        end(facts) {
          describeEnd(span, facts);
          if (facts.error !== undefined) span.setStatus({ code: ERROR_STATUS });
          span.end();
        },
      };
    },
  };
}

function attributesOf({ api, dialect, method, model, target }: TracedCall): Attributes {
  const { hostname, port, protocol } = new URL(target.origin);
  return {
    "gen_ai.operation.name": OPERATIONS[api],
    "gen_ai.provider.name": dialect,
    "gen_ai.request.model": model,
    "http.request.method": method,
    "server.address": hostname,
    "server.port": Number(port) || (protocol === "https:" ? 443 : 80),
  };
}

function describeEnd(span: OtelSpan, { status, error, facts, spent }: TracedEnd): void {
  span.setAttributes({
    "http.response.status_code": status,
    "error.type": error,
    "gen_ai.response.id": facts?.id,
    "gen_ai.response.model": facts?.model,
    "gen_ai.usage.input_tokens": spent?.inputTokens,
    "gen_ai.usage.output_tokens": spent?.outputTokens,
  });
}
