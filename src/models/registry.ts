import { quote } from "../shared/quote.js";
import type { EncodingName } from "../shared/encodings.js";
import { assertList, assertOptions, assertTexts } from "../shared/bounds.js";
import { assertText } from "../shared/content.js";
import { InputError } from "../shared/errors.js";
import { joinOr, nearestNames } from "../shared/nearest-name.js";
import { freezeCard, type ModelCard, type ModelKind } from "./card.js";
import { catalog } from "./catalog.js";
import { costUsd, type TokenUsage } from "./cost.js";
import { foldName, readName } from "./names.js";
import { olderSnapshot } from "./snapshots.js";

/** Conditions of `list`; all that are given must hold. */
export interface ModelFilter {
  provider?: string;
  kind?: ModelKind;
  encoding?: EncodingName;
  tools?: boolean;
  vision?: boolean;
  reasoning?: boolean;
}

/** The models that are known: the catalog, and cards that the caller adds. Immutable, and so are the cards that it gives. */
export class ModelRegistry {
  readonly #extra: readonly ModelCard[];
  readonly #cards: ReadonlyMap<string, ModelCard>;
  /** Every spelling to its card; a Map, so that names such as `__proto__` are ordinary. */
  readonly #byName: ReadonlyMap<string, ModelCard>;

  /**
   * @param extra cards beside the catalog; a later card replaces an earlier one of the same id.
   * @throws {InputError} `M2M_USAGE` if it is no list of cards
   */
  constructor(extra: readonly ModelCard[] = []) {
    assertList("The cards", extra);
    const cards = new Map<string, ModelCard>();
    // Copies: whoever gave a card may go on with it.
    const own = extra.map(copyCard);
    for (const card of [...catalog(), ...own]) cards.set(card.id.toLowerCase(), card);
    this.#extra = own;
    this.#cards = cards;
    this.#byName = indexNames([...cards.values()]);
  }

  /** The cards that meet `filter`, in the catalog's order, added ones last. @throws {InputError} `M2M_USAGE` */
  list(filter: ModelFilter = {}): ModelCard[] {
    assertOptions("The filter", filter);
    assertTexts({ provider: filter.provider });
    const provider = filter.provider?.toLowerCase();
    return [...this.#cards.values()].filter(
      (card) =>
        (provider === undefined || card.provider === provider) &&
        (filter.kind === undefined || card.kind === filter.kind) &&
        (filter.encoding === undefined || card.encoding === filter.encoding) &&
        (filter.tools === undefined || card.tools === filter.tools) &&
        (filter.vision === undefined || card.vision === filter.vision) &&
        (filter.reasoning === undefined || card.reasoning === filter.reasoning),
    );
  }

  /** The makers of the known models, in order of name. */
  providers(): string[] {
    return [...new Set([...this.#cards.values()].map((card) => card.provider))].sort();
  }

  /**
   * The card that `name` means, or `undefined`. Letter case does not count. Read in turn: an id or alias; the same
   * behind a maker's or host's prefix (`openai/gpt-4o`); the same with other separators (`claude-3.5-sonnet`); the
   * model that an unknown snapshot (`…-2024-08-06`, `…-20241022`, `…-latest`) belongs to. Of a fine-tuned model
   * (`ft:gpt-4o-mini:acme::abc`), of `…-audio-preview` and the like, and of a snapshot that may be older than those that are
   * known (`mistral-large-2402`), the card is that of the base without its price.
   * @throws {InputError} `M2M_USAGE` if it is no string
   */
  find(name: string): ModelCard | undefined {
    assertText("The name of a model", name);
    for (const { date, key, kin, provider } of readName(name)) {
      const card = this.#byName.get(key);
      if (!card || (provider !== undefined && card.provider !== provider)) continue;
      if (kin) return kinOf(card, `${kin.prefix}${card.id}${kin.suffix}`);
      const older = date === undefined ? undefined : olderSnapshot(card, date);
      return older === undefined ? card : { ...kinOf(card, older), olderThan: card.id };
    }
    return undefined;
  }

  /** @throws {InputError} `M2M_MODEL_UNKNOWN` if `name` means no model; the hint has the nearest names. */
  get(name: string): ModelCard {
    const card = this.find(name);
    if (card) return card;
    const near = this.suggest(name);
    throw new InputError("M2M_MODEL_UNKNOWN", `There is no model ${quote(name)}.`, {
      hint:
        near.length > 0
          ? `Did you mean ${joinOr(near)}?`
          : 'See "m2m models list", or describe the model in ~/.m2m/models.toml.',
    });
  }

  /** Ids of at most three models whose names are nearest to `name`, nearest first; none if nothing is near. */
  suggest(name: string): string[] {
    assertText("The name of a model", name);
    const wanted = name.trim().toLowerCase();
    const last = wanted.slice(wanted.lastIndexOf("/") + 1);
    const near = nearestNames(last, this.#names(), 12).map((known) => this.#byName.get(known)?.id ?? known);
    const found = near.length > 0 ? near : this.search(last).map((card) => card.id);
    return [...new Set(found)].slice(0, 3);
  }

  /**
   * The cards in which every word of `query` occurs (id, alias, provider, kind, encoding or capability), matches of
   * the id first. Nothing for an empty query.
   */
  search(query: string): ModelCard[] {
    assertText("A query", query);
    const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return [];
    const whole = foldName(words.join(" "));
    const ranked = [...this.#cards.values()]
      .filter((card) => words.every((word) => describes(card, word)))
      .map((card) => ({ card, rank: rankOf(foldName(card.id), whole) }));
    return ranked.sort((a, b) => a.rank - b.rank).map(({ card }) => card);
  }

  /** What `usage` costs at the list price of `card`, in US dollars; `undefined` where the price is unknown. */
  costUsd(card: ModelCard, usage: TokenUsage): number | undefined {
    return costUsd(card, usage);
  }

  /** This registry with `extra` cards added; a card replaces one of the same id. @throws {InputError} `M2M_USAGE` */
  withModels(extra: readonly ModelCard[]): ModelRegistry {
    assertList("The cards", extra);
    return new ModelRegistry([...this.#extra, ...extra]);
  }

  *#names(): Generator<string> {
    for (const card of this.#cards.values()) {
      yield card.id.toLowerCase();
      for (const alias of card.aliases) yield alias.toLowerCase();
    }
  }
}

function copyCard(card: ModelCard): ModelCard {
  assertOptions("A card", card);
  assertText("The id of a model", card.id);
  assertList("The aliases of a model", card.aliases);
  for (const alias of card.aliases) assertText("The alias of a model", alias);
  const aliases = [...card.aliases];
  return freezeCard(card.price ? { ...card, aliases, price: { ...card.price } } : { ...card, aliases });
}

/** Ids win over aliases, later cards over earlier ones, literal names over folded ones; an ambiguous fold is left out. */
function indexNames(cards: readonly ModelCard[]): Map<string, ModelCard> {
  const exact = new Map<string, ModelCard>();
  for (const card of cards) for (const alias of card.aliases) exact.set(alias.toLowerCase(), card);
  for (const card of cards) exact.set(card.id.toLowerCase(), card);
  const folded = new Map<string, ModelCard | undefined>();
  for (const [name, card] of exact) {
    const key = foldName(name);
    folded.set(key, folded.has(key) && folded.get(key) !== card ? undefined : card);
  }
  for (const [key, card] of folded) if (card && !exact.has(key)) exact.set(key, card);
  return exact;
}

/** What is known of the model `id`, which is made of the one of `card` or went before it; its price is not. */
function kinOf({ price: _, t1Name: __, ...facts }: ModelCard, id: string): ModelCard {
  return { ...facts, id, aliases: [] };
}

function describes(card: ModelCard, word: string): boolean {
  const folded = foldName(word);
  return (
    [card.id, ...card.aliases].some((name) => foldName(name).includes(folded)) ||
    [card.provider, card.kind, card.encoding].some((fact) => fact.includes(word)) ||
    (word === "tools" && card.tools) ||
    (word === "vision" && card.vision) ||
    (word === "reasoning" && card.reasoning)
  );
}

function rankOf(id: string, query: string): number {
  if (id === query) return 0;
  if (id.startsWith(query)) return 1;
  return id.includes(query) ? 2 : 3;
}
