import { expect } from "chai";
import { requirePeer } from "../helpers/peers.js";
import { BINARY } from "../helpers/scripted-upstream.js";
import { ARGUMENT_PIECES, ARGUMENTS, STRUCTURED, TEXT, TEXT_PIECES } from "../helpers/upstream/answer.js";
import { ANTHROPIC_USAGE } from "../helpers/upstream/anthropic.js";
import { embeddingVector, OPENAI_USAGE } from "../helpers/upstream/openai.js";
import { runPython, type PythonResults } from "./python-client.js";
import { describeRoutes, type Route } from "./routes.js";

/** The first request for the model `retried` is refused, with a wait of 20 ms; all others are answered. */
function refuseOnce(route: Route): void {
  route.upstream.script({ status: 429, headers: { "retry-after-ms": "20" } });
}

describeRoutes("openai for Python", [], (route) => {
  let results: PythonResults;
  let seen: Route["upstream"]["requests"];

  before(async function () {
    this.timeout(60_000);
    const python = requirePeer(this, "python");
    refuseOnce(route());
    results = await runPython(python, "openai_client.py", route().url);
    seen = [...route().upstream.requests];
  });

  it("chat", () => {
    expect(results.chat).to.include({ text: TEXT, usage: OPENAI_USAGE.total_tokens });
    expect(results.chat.request_id).to.match(/^req_openai_\d+$/u);
  });
  it("streamed chat, piece by piece", () => expect(results.streamed).to.deep.equal(TEXT_PIECES));
  it("C3.7: the usage comes once, last, in a chunk of its own", () =>
    expect(results.usage).to.deep.equal([[0, OPENAI_USAGE.total_tokens], true]));
  it("C3.8: deltas of tool calls keep their index and their fragments", () =>
    expect(results.tools).to.deep.equal([
      ["", ...ARGUMENT_PIECES],
      ["", ...ARGUMENT_PIECES],
    ]));
  it("structured output", () => expect(results.structured).to.deep.equal(JSON.parse(STRUCTURED)));
  it("C3.11: embeddings", () =>
    expect(results.embeddings).to.deep.equal(
      [0, 1].map((row) => [...embeddingVector(row)].map((value) => Number(value.toFixed(6)))),
    ));
  it("C3.11: responses, whole and streamed", () =>
    expect(results.responses).to.deep.equal({ text: TEXT, deltas: TEXT_PIECES, final: TEXT }));
  it("C3.10: models", () => expect(results.models).to.include("gpt-4o"));
  it("C3.4: each status is the error that the SDK has for it, with the upstream's words", () => {
    const names = Object.values(results.errors as Record<string, [string, boolean, string]>);
    expect(names.map(([name]) => name)).to.deep.equal([
      "BadRequestError",
      "AuthenticationError",
      "PermissionDeniedError",
      "NotFoundError",
      "ConflictError",
      "UnprocessableEntityError",
      "RateLimitError",
      "InternalServerError",
    ]);
    for (const [name, hasBody, requestId] of names) {
      expect(hasBody, name).to.equal(true);
      expect(requestId, name).to.match(/^req_openai_\d+$/u);
    }
  });
  it("C3.2: a refused request is tried again and succeeds", () => {
    expect(results.retried).to.equal(TEXT);
    expect(seen.filter(({ asked }) => asked.model === "retried")).to.have.length(2);
  });
  it("C3.6: an error in mid-stream is raised as the API's", () =>
    expect(results["error mid-stream"]).to.deep.equal({ error: true, api: true }));
  it("C3.6: a stream that is cut is never taken for a whole one", () =>
    expect(results["cut mid-event"]).to.include({ error: true }));
  for (const script of ["split", "crlf", "comments", "gzip"]) {
    it(`C3.6: a stream survives: ${script}`, () =>
      expect(results[script].join(""), JSON.stringify(results[script])).to.equal(TEXT));
  }
  it("C3.3: a client that breaks off, or loses patience, cancels the upstream", async () => {
    expect(results.aborted).to.equal(true);
    expect(results["timed out"]).to.equal("APITimeoutError");
    for (const user of ["aborted", "timed-out"]) {
      const request = seen.find(({ asked }) => (asked as { user?: string }).user === user)!;
      expect(await request.ended, user).to.equal("aborted");
    }
  });
  it("C3.11: a multipart upload and a binary answer arrive byte for byte", () => {
    expect(results.uploaded).to.match(/^sha256 /u);
    const content = Buffer.concat(
      Array.from({ length: 300 }, () => Buffer.from(Uint8Array.from(Array(256).keys()))),
    );
    const upload = seen.find(({ path }) => path === "/v1/audio/transcriptions")!;
    expect(upload.body.includes(content)).to.equal(true);
    expect(results.downloaded).to.deep.equal([BINARY.length, BINARY.subarray(0, 300).toString("hex")]);
  });
  it("32 streams at once, each with its own words", () => expectOwnWords(results.parallel));
});

describeRoutes("anthropic for Python", [], (route) => {
  let results: PythonResults;
  let seen: Route["upstream"]["requests"];

  before(async function () {
    this.timeout(60_000);
    const python = requirePeer(this, "python");
    refuseOnce(route());
    results = await runPython(python, "anthropic_client.py", route().url);
    seen = [...route().upstream.requests];
  });

  const tokens = [ANTHROPIC_USAGE.input_tokens, ANTHROPIC_USAGE.output_tokens];

  it("messages", () => {
    expect(results.plain).to.deep.include({ text: TEXT, tokens });
    expect(results.plain.request_id).to.match(/^req_anthropic_\d+$/u);
  });
  it("C3.9: streamed messages, piece by piece", () => expect(results.streamed).to.deep.equal(TEXT_PIECES));
  it("C3.9: thinking and a tool call, put together by the SDK", () =>
    expect(results.thinking).to.deep.equal({
      types: ["thinking", "text", "tool_use"],
      input: JSON.parse(ARGUMENTS),
      stop: "tool_use",
      tokens,
    }));
  it("counted tokens", () => expect(results.counted).to.equal(25));
  it("models", () => expect(results.models).to.include("claude-sonnet-5"));
  it("C3.4: each status is the error that the SDK has for it, with the upstream's words", () => {
    const found = results.errors as Record<string, [string, string, string]>;
    expect(Object.entries(found).map(([status, [name, type]]) => `${status} ${name} ${type}`)).to.deep.equal([
      "400 BadRequestError invalid_request_error",
      "401 AuthenticationError authentication_error",
      "403 PermissionDeniedError permission_error",
      "404 NotFoundError not_found_error",
      "429 RateLimitError rate_limit_error",
      "500 InternalServerError api_error",
      "529 OverloadedError overloaded_error",
    ]);
    for (const [, , requestId] of Object.values(found)) expect(requestId).to.match(/^req_anthropic_\d+$/u);
  });
  it("C3.2: a refused request is tried again and succeeds", () => {
    expect(results.retried).to.equal(TEXT);
    expect(seen.filter(({ asked }) => asked.model === "retried")).to.have.length(2);
  });
  it("C3.9: an error in mid-stream is raised as the API's", () =>
    expect(results["error mid-stream"]).to.deep.equal({ error: true, api: true }));
  it("C3.9: a stream that is cut is never taken for a whole one", () =>
    expect(results["cut mid-event"]).to.include({ error: true }));
  for (const script of ["split", "crlf", "gzip"]) {
    it(`C3.9: a stream survives: ${script}`, () =>
      expect(results[script].join(""), JSON.stringify(results[script])).to.equal(TEXT));
  }
  it("C3.3: a client that breaks off in mid-stream cancels the upstream", async () => {
    expect(results.aborted).to.equal(true);
    const request = seen.find(({ body }) => body.includes('"aborted"'))!;
    expect(await request.ended).to.equal("aborted");
  });
  it("32 streams at once, each with its own words", () => expectOwnWords(results.parallel));
});

function expectOwnWords(streams: readonly { id: string; right: boolean; text: string }[]): void {
  expect(streams).to.have.length(32);
  for (const { right, text } of streams) {
    expect(right).to.equal(true);
    expect(text).to.equal(TEXT);
  }
  expect(new Set(streams.map(({ id }) => id)).size).to.equal(32);
}
