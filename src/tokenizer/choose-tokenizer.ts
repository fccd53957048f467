import { assertOptions } from "../shared/bounds.js";
import { ModelRegistry } from "../models/index.js";
import { type EncodingName, isBpeEncoding } from "../shared/encodings.js";
import { UnsupportedError } from "../shared/errors.js";
import { estimateTokens } from "./estimate.js";
import type { Tokenizer } from "./tokenizer.js";
import { defaultTokenizers, type TokenizerCache } from "./tokenizer-cache.js";

/** What counting needs to know of a model; a `ModelCard` has it. */
export interface CountedModel {
  id?: string;
  encoding: EncodingName;
  provider?: string;
}

/** What is used of a `ModelRegistry`. */
export interface ModelLookup {
  /** @throws {InputError} `M2M_MODEL_UNKNOWN` */
  get(name: string): CountedModel;
  find(name: string): CountedModel | undefined;
}

/** Which tokenizer counts. `encoding` wins over `model`; without either it is cl100k_base. */
export interface TokenizerChoice {
  encoding?: EncodingName;
  /** A model's name, looked up in `registry`, or its card. */
  model?: string | CountedModel;
  /** Default: one cache for the process. */
  tokenizers?: TokenizerCache;
  /** Default: the built-in catalog. */
  registry?: ModelLookup;
}

/** Counts texts in one encoding. */
export interface TokenCounter {
  readonly encoding: EncodingName;
  /** Whether counts are those of the model, not estimates. */
  readonly exact: boolean;
  /** Id of the model that was chosen, if one was and its card has an id. */
  readonly model?: string;
  /** Who made that model, if its card says so. */
  readonly provider?: string;
  count(text: string): number;
}

/** Made when a model is first asked for by name, so that importing this costs nothing. */
class LazyRegistry implements ModelLookup {
  #registry: ModelRegistry | undefined;

  get(name: string): CountedModel {
    return this.#open().get(name);
  }

  find(name: string): CountedModel | undefined {
    return this.#open().find(name);
  }

  #open(): ModelRegistry {
    return (this.#registry ??= new ModelRegistry());
  }
}
const builtInModels: ModelLookup = new LazyRegistry();

/** The choice with the model `name` taken where nothing was chosen and the model is known. */
export function preferModel(choice: TokenizerChoice, name: string | undefined): TokenizerChoice {
  if (choice.encoding !== undefined || choice.model !== undefined || name === undefined) return choice;
  return { ...choice, model: (choice.registry ?? builtInModels).find(name) };
}

/** @throws {InputError} `M2M_USAGE` if the options or the model are of another type */
function chooseModel(choice: TokenizerChoice): CountedModel {
  assertOptions("The options", choice);
  const { encoding, model, registry = builtInModels } = choice;
  if (typeof model !== "string" && model !== undefined) assertOptions("The option model", model);
  const card = typeof model === "string" ? registry.get(model) : model;
  return { id: card?.id, encoding: encoding ?? card?.encoding ?? "cl100k_base", provider: card?.provider };
}

/**
 * The counter that the choice means.
 * @throws {InputError} `M2M_MODEL_UNKNOWN`
 * @throws {FormatError} `M2M_RANK_TABLE_INVALID` if the rank table is missing or damaged
 */
export function chooseCounter(choice: TokenizerChoice): TokenCounter {
  const { id: model, encoding, provider } = chooseModel(choice);
  if (!isBpeEncoding(encoding)) {
    return { encoding, exact: false, model, provider, count: (text) => estimateTokens(text, { provider }) };
  }
  const tokenizer = (choice.tokenizers ?? defaultTokenizers).get(encoding);
  return { encoding, exact: true, model, provider, count: (text) => tokenizer.count(text) };
}

/**
 * The tokenizer with ids that the choice means.
 * @throws {InputError} `M2M_MODEL_UNKNOWN`
 * @throws {UnsupportedError} `M2M_TOKENIZER_UNSUPPORTED` if the vocabulary is not here
 * @throws {FormatError} `M2M_RANK_TABLE_INVALID` if the rank table is missing or damaged
 */
export function chooseTokenizer(choice: TokenizerChoice): Tokenizer {
  const { encoding } = chooseModel(choice);
  if (isBpeEncoding(encoding)) return (choice.tokenizers ?? defaultTokenizers).get(encoding);
  throw new UnsupportedError(
    "M2M_TOKENIZER_UNSUPPORTED",
    "This tokenizer is not here: its tokens can be estimated, but have no ids.",
    { hint: "Choose cl100k_base, o200k_base or llama." },
  );
}
