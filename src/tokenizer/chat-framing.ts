/** What a model's template puts around the messages of a chat. */
import type { TokenCounter } from "./choose-tokenizer.js";

export interface ChatFraming {
  /** Tokens before the first message, around each message, and of the reply's beginning. */
  readonly startTokens: number;
  readonly messageTokens: number;
  readonly replyTokens: number;
  /** What a name costs beside its text; absent where names are not said to the model. */
  readonly nameTokens?: number;
  /** Blanks at both ends of a content are taken away. */
  readonly trims: boolean;
  /** It is published for this model, so that texts that are counted exactly make an exact whole. */
  readonly isKnown: boolean;
}

/**
 * OpenAI's, as its Cookbook counts ("How to count tokens with tiktoken", section 6): each message is framed by 3 tokens, a name
 * costs 1 more, and the reply is primed with 3.
 */
const OPENAI = { startTokens: 0, messageTokens: 3, nameTokens: 1, replyTokens: 3, trims: false } as const;
/** `gpt-3.5-turbo-0301` framed messages by 4, and a name stood in the place of the role. */
const OPENAI_0301 = { ...OPENAI, messageTokens: 4, nameTokens: -1 } as const;
/** The Cookbook is about these. Models that reason, and Harmony of gpt-oss, are framed otherwise; the others have no chats. */
const COOKBOOK = /^(?:ft:)?(?:gpt-3\.5-turbo|gpt-4|chatgpt-4o)(?!.*-(?:instruct|audio|realtime|search))/;

/**
 * Llama 3's (Meta, "Llama 3 model card and prompt formats"): `<|begin_of_text|>`, then each message as
 * `<|start_header_id|>role<|end_header_id|>\n\ncontent<|eot_id|>`, then the header of the assistant.
 */
const LLAMA = { startTokens: 1, messageTokens: 4, replyTokens: 4, trims: true } as const;
/** From 3.1 on the template of most hosts puts the date into a system message of its own. */
const LLAMA_3_0 = /^llama-3-\d+b$/;

/**
 * How the model of `counter` frames messages, as far as that is known.
 * @param name what the caller calls the model, which may be older than its card
 */
export function framingOf(
  { encoding, model, provider }: TokenCounter,
  name: string | undefined,
): ChatFraming {
  // Its distillations are framed as DeepSeek's own models are.
  if (encoding === "llama" && provider !== "deepseek") {
    return { ...LLAMA, isKnown: provider === "meta" && model !== undefined && LLAMA_3_0.test(model) };
  }
  const isKnown =
    provider === "openai" && encoding !== "llama" && model !== undefined && COOKBOOK.test(model);
  return { ...(name === "gpt-3.5-turbo-0301" ? OPENAI_0301 : OPENAI), isKnown };
}
