import type { IncomingHttpHeaders } from "node:http";
import type { Logger } from "../http/index.js";
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

type Attributes = Record<string, string | number | undefined>;

/** What is used of a span, and of `@opentelemetry/api`. The package is optional, so its own types are not imported. */
interface OtelSpan {
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { code: number }): unknown;
  end(): void;
}
interface OtelTracer {
  startSpan(name: string, options: { kind: number; attributes: Attributes }, parent: unknown): OtelSpan;
}
interface OtelApi {
  readonly context: { active(): unknown };
  readonly propagation: {
    extract(context: unknown, carrier: IncomingHttpHeaders): unknown;
    inject(context: unknown, carrier: Record<string, string>): void;
  };
  readonly SpanKind: { readonly CLIENT: number };
  readonly SpanStatusCode: { readonly ERROR: number };
  readonly trace: {
    getTracer(name: string): OtelTracer;
    setSpan(context: unknown, span: OtelSpan): unknown;
  };
}

/** A name in a variable is left alone by bundlers. */
const PACKAGE = "@opentelemetry/api";

const OPERATIONS: Readonly<Record<ProviderApi, string | undefined>> = {
  "openai-chat": "chat",
  "openai-completions": "text_completion",
  "openai-embeddings": "embeddings",
  "openai-responses": "chat",
  "anthropic-messages": "chat",
  other: undefined,
};

/** Where the API of OpenTelemetry keeps what is registered, whichever copy of it does. */
const REGISTRY = Symbol.for("opentelemetry.js.api.1");

/**
 * Tracing by whatever provider is registered, and `undefined` if none is: then nothing of OpenTelemetry is loaded. Names are
 * those of the semantic conventions for generative AI (OpenTelemetry semantic conventions, gen-ai spans).
 */
export async function loadTracing(logger: Logger): Promise<Tracing | undefined> {
  const registered = (globalThis as { [REGISTRY]?: { trace?: unknown } })[REGISTRY];
  if (!registered?.trace) return undefined;
  const api = (await import(PACKAGE).catch((error: unknown) => {
    logger.warn({ err: error }, `no traces: ${PACKAGE} cannot be loaded; npm install ${PACKAGE}`);
  })) as OtelApi | undefined;
  if (!api) return undefined;
  const { context, propagation, SpanKind, SpanStatusCode, trace } = api;
  const tracer = trace.getTracer("m2m-proxy");
  return {
    start(call) {
      const parent = propagation.extract(context.active(), call.headers);
      const operation = OPERATIONS[call.api];
      const name = [operation ?? call.method, call.model].filter((word) => word !== undefined).join(" ");
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes: attributesOf(call) }, parent);
      const carrier: Record<string, string> = {};
      propagation.inject(trace.setSpan(parent, span), carrier);
      return {
        headers: Object.entries(carrier).flat(),
        end(facts) {
          describeEnd(span, facts);
          if (facts.error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
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
