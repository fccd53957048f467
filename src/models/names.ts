import { splitSnapshot } from "./snapshots.js";

/** A way to read a model name: look `key` up, and accept the card only if `provider`, where given, made it. */
export interface NameReading {
  key: string;
  provider?: string;
  /** The name is of a model made of that one, which has a vocabulary and limits in common with it, and another price. */
  kin?: ModelKin;
  /** The name is of the snapshot of this date, and the key has none. */
  date?: string;
}

/** What stands before or behind the id of the model that another is made of. */
export interface ModelKin {
  readonly prefix: string;
  readonly suffix: string;
}

/** Prefixes that name the maker, as makers and resellers spell them. */
const MAKERS: ReadonlyMap<string, string> = new Map([
  ["openai", "openai"],
  ["anthropic", "anthropic"],
  ["google", "google"],
  ["gemini", "google"],
  ["meta", "meta"],
  ["meta-llama", "meta"],
  ["meta_llama", "meta"],
  ["mistral", "mistral"],
  ["mistralai", "mistral"],
  ["codestral", "mistral"],
  ["deepseek", "deepseek"],
  ["deepseek-ai", "deepseek"],
  ["xai", "xai"],
  ["x-ai", "xai"],
  ["cohere", "cohere"],
  ["cohere_chat", "cohere"],
  ["amazon", "amazon"],
  ["qwen", "qwen"],
  ["alibaba", "qwen"],
  ["dashscope", "qwen"],
  ["moonshot", "moonshot"],
  ["moonshotai", "moonshot"],
  ["perplexity", "perplexity"],
  ["ai21", "ai21"],
  ["voyage", "voyage"],
  ["voyageai", "voyage"],
  ["zai", "zai"],
  ["z-ai", "zai"],
  ["zai-org", "zai"],
  ["minimax", "minimax"],
  ["minimaxai", "minimax"],
  ["microsoft", "microsoft"],
  ["nvidia", "nvidia"],
]);

/** Prefixes that name a host, its region, or an API path: they say nothing about the maker. */
const HOSTS: ReadonlySet<string> = new Set([
  ...["openrouter", "azure", "azure_ai", "bedrock", "vertex_ai", "groq", "together", "together_ai"],
  ...["fireworks", "fireworks_ai", "accounts", "models", "publishers", "deepinfra", "cerebras"],
  ...["sambanova", "replicate", "nebius", "ollama", "converse", "invoke"],
  ...["eu", "us", "global", "global-standard"],
]);

/** Variants of one model at a reseller, behind a colon. */
const VARIANT = /:(?:free|beta|nitro|extended|floor|online|thinking|latest)$/;

/** Fine-tuned models of OpenAI: the base, then an organisation, a suffix and an id. */
const FINE_TUNED = /^(?:openai\/)?ft:([^:]+)(?::.*)?$/;

/** Models of OpenAI that hear, speak or search beside a chat model, as tiktoken reads them: by the name before. */
const PREVIEW = /^(.+?)(-(?:audio|realtime|search)-preview)$/;

/** Amazon Bedrock: an optional region, the maker, a dot; behind the name a version. */
const BEDROCK =
  /^(?:(?:us-gov|us|eu|apac|jp|au|ca|global)\.)?([a-z0-9]+)\.(.+?)(?:-v\d+(?::\d+)?|-\d+:\d+)?$/;

/** Names of Bedrock, with their versions, that no rule leads to. */
const BEDROCK_NAMES: ReadonlyMap<string, string> = new Map([
  ["claude-v2:1", "claude-2.1"],
  ["r1-v1:0", "deepseek-r1"],
]);

/** Longest name that is looked at: longer ones are no model's. */
const MAX_LENGTH = 200;

/** `name` with the characters that spellings differ in (dots, blanks, underscores, colons) made equal. */
export function foldName(name: string): string {
  return name.toLowerCase().replace(/[.\s_:@]+/g, "-");
}

/** The ways to read `name`, the most literal first. */
export function* readName(name: string): Generator<NameReading> {
  const key = name.trim().toLowerCase();
  if (key.length === 0 || key.length > MAX_LENGTH) return;
  yield* readSnapshots(key);
  const tuned = FINE_TUNED.exec(key);
  if (tuned)
    for (const reading of readSnapshots(tuned[1])) yield { ...reading, kin: { prefix: "ft:", suffix: "" } };
}

/** `name`, and the names that are left of it without dates and variants. */
function* readSnapshots(name: string): Generator<NameReading> {
  let key = name;
  let date: string | undefined;
  for (;;) {
    for (const reading of readPrefixes(key)) yield { ...reading, date: reading.date ?? date };
    const whole = key.replace(VARIANT, "");
    const snapshot = splitSnapshot(whole);
    if (snapshot.base === key) break;
    key = snapshot.base;
    date = snapshot.date ?? date;
  }
  const preview = PREVIEW.exec(key);
  if (!preview) return;
  const kin = { prefix: "", suffix: preview[2] };
  for (const reading of readPrefixes(preview[1])) yield { ...reading, kin };
}

function* readPrefixes(key: string): Generator<NameReading> {
  yield* readSpellings(key);
  let provider: string | undefined;
  let rest = key;
  for (let slash = rest.indexOf("/"); slash >= 0; slash = rest.indexOf("/")) {
    const prefix = rest.slice(0, slash);
    const maker = MAKERS.get(prefix);
    if (maker === undefined && !HOSTS.has(prefix)) return;
    provider = maker ?? provider;
    rest = rest.slice(slash + 1);
    yield* readSpellings(rest, provider);
  }
  yield* readBedrock(rest);
}

function* readBedrock(name: string): Generator<NameReading> {
  const [, prefix, id] = BEDROCK.exec(name) ?? [];
  const maker = MAKERS.get(prefix);
  if (maker === undefined) return;
  const own = BEDROCK_NAMES.get(name.slice(name.indexOf(`${prefix}.`) + prefix.length + 1));
  if (own !== undefined) yield { key: own, provider: maker };
  yield* readSpellings(id, maker);
  const { base, date } = splitSnapshot(id);
  for (const reading of readSpellings(base, maker)) yield { ...reading, date };
}

function* readSpellings(key: string, provider?: string): Generator<NameReading> {
  yield { key, provider };
  const folded = foldName(key);
  if (folded !== key) yield { key: folded, provider };
  // As Bedrock and Ollama, and as Azure spell it.
  const dashed = folded.replace(/^llama(?=\d)/, "llama-").replace(/^gpt-35-/, "gpt-3-5-");
  if (dashed !== folded) yield { key: dashed, provider };
}
