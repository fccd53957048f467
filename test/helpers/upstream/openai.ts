import {
  ARGUMENT_PIECES,
  ARGUMENTS,
  dataEvent,
  hasToolResult,
  jsonAnswer,
  namedEvent,
  streamAnswer,
  STRUCTURED,
  TEXT,
  TEXT_PIECES,
  type Answer,
  type AnswerContext,
} from "./answer.js";

const CREATED = 1_790_000_000;
const DONE = "data: [DONE]\n\n";

export const OPENAI_USAGE = { prompt_tokens: 21, completion_tokens: 9, total_tokens: 30 };

/** What OpenAI puts beside its answers. */
export function openAiHeaders(serial: number): Record<string, string> {
  return {
    "x-request-id": `req_openai_${serial}`,
    "openai-processing-ms": "12",
    "openai-version": "2020-10-01",
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-reset-requests": "6ms",
    "x-ratelimit-limit-tokens": "2000000",
    "x-ratelimit-remaining-tokens": "1999900",
  };
}

const ERRORS: Readonly<
  Record<number, { message: string; type: string; param: string | null; code: string | null }>
> = {
  400: {
    message: "Unsupported value: 'temperature'.",
    type: "invalid_request_error",
    param: "temperature",
    code: "unsupported_value",
  },
  401: {
    message: "Incorrect API key provided.",
    type: "invalid_request_error",
    param: null,
    code: "invalid_api_key",
  },
  404: {
    message: "The model does not exist.",
    type: "invalid_request_error",
    param: "model",
    code: "model_not_found",
  },
  429: { message: "Rate limit reached.", type: "requests", param: null, code: "rate_limit_exceeded" },
};

export function openAiError(status: number): { error: (typeof ERRORS)[number] } {
  return {
    error: ERRORS[status] ?? {
      message: "The server had an error.",
      type: "server_error",
      param: null,
      code: null,
    },
  };
}

/** What OpenAI sends in a stream that fails. */
export const OPENAI_STREAM_ERROR = dataEvent(openAiError(500));

/** The name of the first tool that is offered, whatever the API spells it like. */
function toolName({ asked }: AnswerContext): string | undefined {
  if (hasToolResult(asked)) return undefined;
  const tool = asked.tools?.[0];
  return tool?.function?.name ?? tool?.name;
}

export function chatCompletion(context: AnswerContext): Answer {
  const { asked, serial, noUsage } = context;
  const base = {
    id: `chatcmpl-${serial}`,
    created: CREATED,
    model: asked.model,
    system_fingerprint: "fp_scripted",
  };
  const name = toolName(context);
  const isStructured = asked.response_format?.type === "json_schema";
  if (asked.stream) return streamAnswer(chatEvents(context, base, name, isStructured));
  const call = { id: `call_${serial}`, type: "function", function: { name, arguments: ARGUMENTS } };
  const message =
    name === undefined
      ? { role: "assistant", content: isStructured ? STRUCTURED : TEXT, refusal: null }
      : { role: "assistant", content: null, tool_calls: [call] };
  return jsonAnswer(200, {
    ...base,
    object: "chat.completion",
    choices: [
      { index: 0, message, logprobs: null, finish_reason: name === undefined ? "stop" : "tool_calls" },
    ],
    ...(noUsage ? {} : { usage: OPENAI_USAGE }),
  });
}

function chatEvents(
  context: AnswerContext,
  base: object,
  name: string | undefined,
  isStructured: boolean,
): string[] {
  const { asked, serial, noUsage } = context;
  const withUsage = asked.stream_options?.include_usage === true && !noUsage;
  const chunk = (choices: readonly object[], usage: object | null = null): string =>
    dataEvent({
      ...base,
      object: "chat.completion.chunk",
      choices,
      // The API has `usage: null` in every chunk but the last if usage is asked for.
      ...(withUsage ? { usage } : {}),
    });
  const delta = (value: object): string => chunk([{ index: 0, delta: value, finish_reason: null }]);
  const end = (reason: string): string => chunk([{ index: 0, delta: {}, finish_reason: reason }]);
  const pieces = isStructured ? STRUCTURED.match(/.{1,9}/gu)! : TEXT_PIECES;
  const events =
    name === undefined
      ? [
          delta({ role: "assistant", content: "" }),
          ...pieces.map((content) => delta({ content })),
          end("stop"),
        ]
      : [
          delta({ role: "assistant", content: null }),
          // Two calls at once, so that a reader needs `index`.
          ...[0, 1].flatMap((index) => [
            delta({
              tool_calls: [
                { index, id: `call_${serial}_${index}`, type: "function", function: { name, arguments: "" } },
              ],
            }),
            ...ARGUMENT_PIECES.map((piece) =>
              delta({ tool_calls: [{ index, function: { arguments: piece } }] }),
            ),
          ]),
          end("tool_calls"),
        ];
  return [...events, ...(withUsage ? [chunk([], OPENAI_USAGE)] : []), DONE];
}

export function completion({ asked, serial, noUsage }: AnswerContext): Answer {
  const base = {
    id: `cmpl-${serial}`,
    object: "text_completion",
    created: CREATED,
    model: asked.model,
  };
  const choice = (text: string, reason: string | null) => [
    { index: 0, text, logprobs: null, finish_reason: reason },
  ];
  if (asked.stream)
    return streamAnswer([
      ...TEXT_PIECES.map((text) => dataEvent({ ...base, choices: choice(text, null) })),
      dataEvent({ ...base, choices: choice("", "stop") }),
      DONE,
    ]);
  return jsonAnswer(200, {
    ...base,
    choices: choice(TEXT, "stop"),
    ...(noUsage ? {} : { usage: OPENAI_USAGE }),
  });
}

/** The numbers of the vector number `row`. */
export function embeddingVector(row: number, dimensions = 8): Float32Array {
  return Float32Array.from({ length: dimensions }, (_, column) => (row + 1) / (column + 2));
}

export function embeddings({ asked, noUsage }: AnswerContext): Answer {
  const inputs = Array.isArray(asked.input) ? asked.input : [asked.input];
  return jsonAnswer(200, {
    object: "list",
    model: asked.model,
    data: inputs.map((_, index) => {
      const vector = embeddingVector(index, asked.dimensions);
      const embedding =
        asked.encoding_format === "base64" ? Buffer.from(vector.buffer).toString("base64") : [...vector];
      return { object: "embedding", index, embedding };
    }),
    ...(noUsage ? {} : { usage: { prompt_tokens: 7, total_tokens: 7 } }),
  });
}

export const RESPONSES_USAGE = {
  input_tokens: 21,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 9,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 30,
};

export function responses(context: AnswerContext): Answer {
  const { asked, serial, noUsage } = context;
  const name = toolName(context);
  const text = asked.text?.format?.type === "json_schema" ? STRUCTURED : TEXT;
  const item =
    name === undefined
      ? {
          id: `msg_${serial}`,
          type: "message",
          role: "assistant",
          status: "completed",
          content: [{ type: "output_text", text, annotations: [] }],
        }
      : {
          id: `fc_${serial}`,
          type: "function_call",
          call_id: `call_${serial}`,
          name,
          arguments: ARGUMENTS,
          status: "completed",
        };
  const document = (status: string, output: readonly object[]) => ({
    id: `resp_${serial}`,
    object: "response",
    created_at: CREATED,
    status,
    model: asked.model,
    output,
    error: null,
    parallel_tool_calls: true,
    tools: [],
    ...(noUsage ? {} : { usage: status === "completed" ? RESPONSES_USAGE : null }),
  });
  if (!asked.stream) return jsonAnswer(200, document("completed", [item]));
  const place = { item_id: item.id, output_index: 0 };
  const part = { ...place, content_index: 0 };
  const deltas =
    name === undefined
      ? [
          {
            type: "response.content_part.added",
            ...part,
            part: { type: "output_text", text: "", annotations: [] },
          },
          ...(text === TEXT ? TEXT_PIECES : [text]).map((delta) => ({
            type: "response.output_text.delta",
            ...part,
            delta,
          })),
          { type: "response.output_text.done", ...part, text },
          {
            type: "response.content_part.done",
            ...part,
            part: { type: "output_text", text, annotations: [] },
          },
        ]
      : [
          ...ARGUMENT_PIECES.map((delta) => ({
            type: "response.function_call_arguments.delta",
            ...place,
            delta,
          })),
          { type: "response.function_call_arguments.done", ...place, arguments: ARGUMENTS },
        ];
  const started =
    name === undefined
      ? { ...item, status: "in_progress", content: [] }
      : { ...item, status: "in_progress", arguments: "" };
  const events = [
    { type: "response.created", response: document("in_progress", []) },
    { type: "response.output_item.added", output_index: 0, item: started },
    ...deltas,
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response: document("completed", [item]) },
  ];
  return streamAnswer(events.map((event, index) => namedEvent({ ...event, sequence_number: index })));
}

export function openAiModels(): Answer {
  return jsonAnswer(200, {
    object: "list",
    data: ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"].map((id) => ({
      id,
      object: "model",
      created: CREATED,
      owned_by: "openai",
    })),
  });
}
