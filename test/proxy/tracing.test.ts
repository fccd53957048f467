import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { expect } from "chai";
import { ProxyFixture } from "./fixture.js";

describe("proxy: traces", () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  let fixture: ProxyFixture;

  before(async () => {
    provider.register();
    fixture = await ProxyFixture.start({ retries: 0 });
  });
  after(async () => {
    await fixture.stop();
    await provider.shutdown();
    trace.disable();
    context.disable();
    propagation.disable();
  });
  beforeEach(() => {
    exporter.reset();
    fixture.upstream.reset();
  });

  const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  it("have a client span with what the conventions name, below the caller's, and carried on", async () => {
    await fixture.chat({}, { traceparent: PARENT });
    const [span] = exporter.getFinishedSpans();
    expect([span.name, span.kind]).to.deep.equal(["chat gpt-4o", SpanKind.CLIENT]);
    expect(span.spanContext().traceId).to.equal("0af7651916cd43dd8448eb211c80319c");
    expect(span.parentSpanContext?.spanId).to.equal("b7ad6b7169203331");
    expect(span.attributes).to.include({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.usage.input_tokens": 21,
      "gen_ai.usage.output_tokens": 9,
      "http.response.status_code": 200,
      "server.address": "127.0.0.1",
      "server.port": fixture.upstream.port,
    });
    expect(fixture.upstream.last.values("traceparent")).to.deep.equal([
      `00-0af7651916cd43dd8448eb211c80319c-${span.spanContext().spanId}-01`,
    ]);
  });

  it("are found where an older copy of the API has registered the tracer", async () => {
    const registry = (globalThis as unknown as Record<symbol, { version: string }>)[
      Symbol.for("opentelemetry.js.api.1")
    ];
    const { version } = registry;
    // Newer copies do not look at what this one has registered.
    registry.version = "1.0.0";
    const traced = await ProxyFixture.start();
    try {
      await traced.chat({}, { traceparent: PARENT });
      const [span] = exporter.getFinishedSpans();
      expect(span.name).to.equal("chat gpt-4o");
      expect(span.spanContext().traceId).to.equal("0af7651916cd43dd8448eb211c80319c");
    } finally {
      registry.version = version;
      await traced.stop();
    }
  });

  it("know streams and failures", async () => {
    await fixture.call({
      method: "POST",
      path: "/v1/messages",
      body: JSON.stringify({ model: "claude-sonnet-4-5", stream: true, messages: [] }),
    });
    fixture.upstream.script("status-500", "cut-mid-event");
    await fixture.chat();
    await fixture.chat({ stream: true });
    const [stream, refused, cut] = exporter.getFinishedSpans();
    expect(stream.attributes["gen_ai.provider.name"]).to.equal("anthropic");
    expect(stream.attributes["gen_ai.usage.output_tokens"]).to.be.greaterThan(0);
    expect(stream.status.code).to.equal(SpanStatusCode.UNSET);
    expect([refused.attributes["error.type"], refused.status.code]).to.deep.equal([
      "500",
      SpanStatusCode.ERROR,
    ]);
    expect(cut.attributes["error.type"]).to.equal("failed");
  });
});
