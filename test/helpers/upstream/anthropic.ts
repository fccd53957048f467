import {
  ARGUMENT_PIECES,
  ARGUMENTS,
  hasToolResult,
  jsonAnswer,
  namedEvent,
  streamAnswer,
  TEXT,
  TEXT_PIECES,
  type Answer,
  type AnswerContext,
} from "./answer.js";

const THOUGHTS = ["The user ", "greets; ", "greet back."];
const SIGNATURE = "c2NyaXB0ZWQ=";

export const ANTHROPIC_USAGE = {
  input_tokens: 25,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 13,
};

/** What Anthropic puts beside its answers. */
export function anthropicHeaders(serial: number): Record<string, string> {
  return {
    "request-id": `req_anthropic_${serial}`,
    "anthropic-organization-id": "org-scripted",
    "anthropic-ratelimit-requests-limit": "4000",
    "anthropic-ratelimit-requests-remaining": "3999",
    "anthropic-ratelimit-tokens-remaining": "399000",
  };
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

export function anthropicError(
  status: number,
  serial: number,
): { type: "error"; error: { type: string; message: string }; request_id: string } {
  const type = ERROR_TYPES[status] ?? "api_error";
  return {
    type: "error",
    error: { type, message: `Scripted ${type}.` },
    request_id: `req_anthropic_${serial}`,
  };
}

/** What Anthropic sends in a stream that fails. */
export function anthropicStreamError(serial: number): string {
  return namedEvent(anthropicError(529, serial));
}

type Block =
  | { readonly type: "thinking"; readonly thinking: string; readonly signature: string }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: object };

export function messages(context: AnswerContext): Answer {
  const { asked, serial, noUsage } = context;
  const tool = hasToolResult(asked) ? undefined : asked.tools?.[0]?.name;
  const blocks: Block[] = [
    ...(asked.thinking === undefined
      ? []
      : [{ type: "thinking" as const, thinking: THOUGHTS.join(""), signature: SIGNATURE }]),
    { type: "text", text: TEXT },
    ...(tool === undefined
      ? []
      : [
          {
            type: "tool_use" as const,
            id: `toolu_${serial}`,
            name: tool,
            input: JSON.parse(ARGUMENTS) as object,
          },
        ]),
  ];
  const stopReason = tool === undefined ? "end_turn" : "tool_use";
  const base = { id: `msg_${serial}`, type: "message", role: "assistant", model: asked.model };
  if (!asked.stream)
    return jsonAnswer(200, {
      ...base,
      content: blocks,
      stop_reason: stopReason,
      stop_sequence: null,
      ...(noUsage ? {} : { usage: ANTHROPIC_USAGE }),
    });
  const start = {
    ...base,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    ...(noUsage ? {} : { usage: { ...ANTHROPIC_USAGE, output_tokens: 1 } }),
  };
  return streamAnswer([
    namedEvent({ type: "message_start", message: start }),
    namedEvent({ type: "ping" }),
    ...blocks.flatMap(blockEvents),
    namedEvent({
      type: "message_delta",
      delta: { stop_reason: stopReason, stop_sequence: null },
      ...(noUsage ? {} : { usage: { output_tokens: ANTHROPIC_USAGE.output_tokens } }),
    }),
    namedEvent({ type: "message_stop" }),
  ]);
}

function blockEvents(block: Block, index: number): string[] {
  const delta = (value: object): string => namedEvent({ type: "content_block_delta", index, delta: value });
  const [started, deltas] =
    block.type === "thinking"
      ? [
          { ...block, thinking: "", signature: "" },
          [
            ...THOUGHTS.map((thinking) => delta({ type: "thinking_delta", thinking })),
            delta({ type: "signature_delta", signature: SIGNATURE }),
          ],
        ]
      : block.type === "text"
        ? [{ ...block, text: "" }, TEXT_PIECES.map((text) => delta({ type: "text_delta", text }))]
        : [
            { ...block, input: {} },
            ["", ...ARGUMENT_PIECES].map((json) => delta({ type: "input_json_delta", partial_json: json })),
          ];
  return [
    namedEvent({ type: "content_block_start", index, content_block: started }),
    ...deltas,
    namedEvent({ type: "content_block_stop", index }),
  ];
}

export function countTokens(): Answer {
  return jsonAnswer(200, { input_tokens: 25 });
}

export function anthropicModels(): Answer {
  const data = ["claude-sonnet-5", "claude-haiku-4-5"].map((id) => ({
    type: "model",
    id,
    display_name: id,
    created_at: "2025-09-29T00:00:00Z",
  }));
  return jsonAnswer(200, { data, has_more: false, first_id: data[0].id, last_id: data[1].id });
}
