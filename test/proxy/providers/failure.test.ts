import Anthropic from "@anthropic-ai/sdk";
import { Stream as AnthropicStream } from "@anthropic-ai/sdk/core/streaming";
import { expect } from "chai";
import OpenAI from "openai";
import { Stream as OpenAiStream } from "openai/core/streaming";
import { errorBody, errorEvent, type ApiFailure } from "../../../src/proxy/providers/index.js";

const failure = (status: number, more: Partial<ApiFailure> = {}): ApiFailure => ({
  status,
  message: "It did not work.",
  code: "M2M_UPSTREAM_FAILED",
  ...more,
});

const answerOf = (text: string): Response => new Response(new Blob([text]).stream());

async function drain(stream: AsyncIterable<unknown>): Promise<{ seen: unknown[]; error: unknown }> {
  const seen: unknown[] = [];
  try {
    for await (const item of stream) seen.push(item);
  } catch (error) {
    return { seen, error };
  }
  return { seen, error: undefined };
}

describe("errorBody", () => {
  it("is what OpenAI's SDK makes its errors of", () => {
    const classes = {
      400: OpenAI.BadRequestError,
      401: OpenAI.AuthenticationError,
      403: OpenAI.PermissionDeniedError,
      404: OpenAI.NotFoundError,
      429: OpenAI.RateLimitError,
      502: OpenAI.InternalServerError,
    };
    for (const [status, kind] of Object.entries(classes)) {
      const body = JSON.parse(errorBody("openai", failure(Number(status), { param: "model" })));
      const error = OpenAI.APIError.generate(Number(status), body, undefined, new Headers());
      expect(error).to.be.instanceOf(kind);
      expect(error.message).to.equal(`${status} It did not work.`);
      expect(error).to.include({ code: "M2M_UPSTREAM_FAILED", param: "model" });
      expect(error.type).to.match(/_error$/);
    }
  });

  it("is what Anthropic's SDK makes its errors of", () => {
    const types = {
      400: "invalid_request_error",
      401: "authentication_error",
      403: "permission_error",
      413: "request_too_large",
      418: "invalid_request_error",
      429: "rate_limit_error",
      500: "api_error",
      502: "api_error",
      504: "timeout_error",
      529: "overloaded_error",
    };
    for (const [status, type] of Object.entries(types)) {
      const body = JSON.parse(errorBody("anthropic", failure(Number(status))));
      const error = Anthropic.APIError.generate(Number(status), body, undefined, new Headers());
      expect(error).to.be.instanceOf(Anthropic.APIError);
      expect(error.type).to.equal(type);
      expect(body.error.message).to.equal("It did not work.");
      expect((error as { errorCode?: unknown }).errorCode).to.equal("M2M_UPSTREAM_FAILED");
    }
  });

  it("has no code where there is none, and the kind that is given", () => {
    const plain: ApiFailure = { status: 429, message: "No more.", type: "insufficient_quota" };
    expect(JSON.parse(errorBody("openai", plain))).to.deep.equal({
      error: { message: "No more.", type: "insufficient_quota", param: null, code: null },
    });
    expect(JSON.parse(errorBody("anthropic", { status: 500, message: "x" }))).to.deep.equal({
      type: "error",
      error: { type: "api_error", message: "x" },
    });
  });
});

describe("errorEvent", () => {
  const message = "The upstream\nbroke off.";

  it("is raised by OpenAI's SDK behind what came before, for each API", async () => {
    for (const api of ["openai-chat", "openai-completions", "openai-responses"] as const) {
      const text = `data: {"id":"1"}\n\n${errorEvent(api, "openai", failure(502, { message }), 7)}`;
      const { seen, error } = await drain(
        OpenAiStream.fromSSEResponse(answerOf(text), new AbortController()),
      );
      expect(seen).to.deep.equal([{ id: "1" }]);
      expect(error).to.be.instanceOf(OpenAI.APIError);
      expect(error).to.include({ message, code: "M2M_UPSTREAM_FAILED", type: "server_error" });
    }
  });

  it("has the members of the Responses API's own event", () => {
    const event = errorEvent("openai-responses", "openai", failure(502), 7);
    expect(event).to.match(/^event: error\ndata: .*\n\n$/);
    expect(JSON.parse(event.split("data: ")[1])).to.include({
      type: "error",
      sequence_number: 7,
      code: "M2M_UPSTREAM_FAILED",
      message: "It did not work.",
      param: null,
    });
  });

  it("is raised by Anthropic's SDK with its type", async () => {
    const text = `event: ping\ndata: {}\n\n${errorEvent("anthropic-messages", "anthropic", failure(529, { message }))}`;
    const { error } = await drain(AnthropicStream.fromSSEResponse(answerOf(text), new AbortController()));
    expect(error).to.be.instanceOf(Anthropic.APIError);
    expect(error).to.include({ type: "overloaded_error", apiMessage: message });
  });
});
