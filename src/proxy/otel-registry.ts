/** What is used of the interfaces of OpenTelemetry (`@opentelemetry/api`, version 1). */
export type Attributes = Record<string, string | number | undefined>;

export interface OtelSpan {
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { code: number }): unknown;
  end(): void;
}

export interface OtelContext {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): OtelContext;
  deleteValue(key: symbol): OtelContext;
}

export interface OtelTracer {
  startSpan(name: string, options: { kind: number; attributes: Attributes }, parent: OtelContext): OtelSpan;
}

type Carrier = Readonly<Record<string, unknown>>;

/** What programs register, whichever copy of the package they do it with. */
export interface OtelRegistry {
  readonly trace?: { getTracer(name: string): OtelTracer };
  readonly context?: { active(): OtelContext };
  readonly propagation?: {
    extract(
      context: OtelContext,
      carrier: Carrier,
      getter: { get(carrier: Carrier, key: string): unknown; keys(carrier: Carrier): string[] },
    ): OtelContext;
    inject(
      context: OtelContext,
      carrier: Record<string, string>,
      setter: { set(carrier: Record<string, string>, key: string, value: string): void },
    ): void;
  };
}

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR`. */
export const CLIENT_SPAN = 2;
export const ERROR_STATUS = 2;

const REGISTRY = Symbol.for("opentelemetry.js.api.1");
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");

/**
 * What is registered in this process. The package itself is not asked: a newer copy of it than the one that has registered sees nothing, and
 * says nothing; the registry is the same for all of version 1.
 */
export function otelRegistry(): OtelRegistry {
  return (globalThis as { [REGISTRY]?: OtelRegistry })[REGISTRY] ?? {};
}

/** The context of what runs, or an empty one where nobody keeps track. */
export function activeContext({ context }: OtelRegistry): OtelContext {
  return context?.active() ?? new PlainContext(new Map());
}

export function withSpan(context: OtelContext, span: OtelSpan): OtelContext {
  return context.setValue(SPAN_KEY, span);
}

/** The context below which a request with these headers was sent. */
export function extractContext(registry: OtelRegistry, headers: Carrier): OtelContext {
  const active = activeContext(registry);
  const getter = { get: (carrier: Carrier, key: string) => carrier[key], keys: Object.keys };
  return registry.propagation?.extract(active, headers, getter) ?? active;
}

/** Headers that carry `context` on, name, value, name, value. */
export function carrierOf({ propagation }: OtelRegistry, context: OtelContext): string[] {
  const carrier: Record<string, string> = {};
  propagation?.inject(context, carrier, {
    set: (into, key, value) => {
      into[key] = value;
    },
  });
  return Object.entries(carrier).flat();
}

class PlainContext implements OtelContext {
  readonly #values: ReadonlyMap<symbol, unknown>;

  constructor(values: ReadonlyMap<symbol, unknown>) {
    this.#values = values;
  }

  getValue(key: symbol): unknown {
    return this.#values.get(key);
  }

  setValue(key: symbol, value: unknown): OtelContext {
    return new PlainContext(new Map(this.#values).set(key, value));
  }

  deleteValue(key: symbol): OtelContext {
    const values = new Map(this.#values);
    values.delete(key);
    return new PlainContext(values);
  }
}
