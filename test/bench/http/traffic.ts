import { SERIAL } from "./message.js";

/** What goes over the wire in the benchmark of the proxy. */
export const CHAT_QUESTION = {
  model: "gpt-4o-mini",
  messages: [
    { role: "system", content: "You are a concise assistant." },
    {
      role: "user",
      content: `Question ${SERIAL}: what is the boiling point of water at 2,000 m above the sea, and why?`,
    },
  ],
  temperature: 0.2,
  max_tokens: 200,
};

const BASE = {
  id: "chatcmpl-bench",
  created: 1_790_000_000,
  model: "gpt-4o-mini",
  system_fingerprint: "fp_bench",
};
const WORDS =
  "At 2,000 m water boils at about 93 °C, since the air presses less on it and vapour needs less heat to win.".split(
    " ",
  );

export const CHAT_ANSWER = JSON.stringify({
  ...BASE,
  object: "chat.completion",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: WORDS.join(" "), refusal: null },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage: { prompt_tokens: 41, completion_tokens: 27, total_tokens: 68 },
});

/** 20 events: 18 pieces of text, the end, and `[DONE]`. */
export const STREAM_EVENTS: readonly string[] = [
  ...WORDS.slice(0, 18).map((word) => chunk({ content: `${word} ` }, null)),
  chunk({}, "stop"),
  "data: [DONE]\n\n",
];

function chunk(delta: object, reason: string | null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: reason }];
  return `data: ${JSON.stringify({ ...BASE, object: "chat.completion.chunk", choices })}\n\n`;
}
