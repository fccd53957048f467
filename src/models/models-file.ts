import { assertText } from "../shared/content.js";
import { ENCODINGS, type EncodingName } from "../shared/encodings.js";
import { InputError } from "../shared/errors.js";
import { nearestNames } from "../shared/nearest-name.js";
import { isTable, parseToml, type TomlDocument } from "../shared/toml.js";
import { MODEL_KINDS, type ModelCard, type ModelKind, type ModelPrice } from "./card.js";
import { catalog } from "./catalog.js";

type Path = readonly string[];
type Table = Readonly<Record<string, unknown>>;

/** Date of the facts of a card whose author gave none. */
const UNDATED = "unknown";

/**
 * The cards that a models file describes (docs/models.md): an array of tables `models`. A card with the id of a
 * catalog model keeps of that model what it does not state itself.
 * @param fileName for messages
 * @throws {InputError} `M2M_MODELS_FILE_INVALID` with file, line and key, `M2M_USAGE` if it is no text
 */
export async function parseModelsToml(text: string, fileName: string): Promise<ModelCard[]> {
  assertText("A models file", text);
  const document = await parseToml(text, fileName, "M2M_MODELS_FILE_INVALID");
  const reader = new ModelsReader(document, fileName);
  return reader.read();
}

/** Reads one document; knows where it stands, for messages. */
class ModelsReader {
  readonly #document: TomlDocument;
  readonly #fileName: string;

  constructor(document: TomlDocument, fileName: string) {
    this.#document = document;
    this.#fileName = fileName;
  }

  read(): ModelCard[] {
    const root = this.#document.root;
    this.#assertKeys(root, [], ["models"]);
    if (!Object.hasOwn(root, "models")) return [];
    if (!Array.isArray(root.models))
      throw this.#invalid(["models"], "models is a list of tables: [[models]]");
    const names = new Map<string, string>();
    return root.models.map((entry: unknown, index) => {
      const path = ["models", String(index)];
      if (!isTable(entry)) throw this.#invalid(path, "models is a list of tables: [[models]]");
      const card = this.#readCard(entry, path);
      for (const name of [card.id, ...card.aliases]) {
        const other = names.get(name);
        if (other !== undefined) throw this.#invalid(path, `"${name}" already names the model ${other}`);
        names.set(name, card.id);
      }
      return card;
    });
  }

  #readCard(entry: Table, path: Path): ModelCard {
    this.#assertKeys(entry, path, CARD_KEYS);
    const id = this.#name(entry, path, "id");
    if (id === undefined) throw this.#invalid(path, "id is missing");
    const base = catalog().find((card) => card.id === id);
    const contextWindow = this.#count(entry, path, "context_window") ?? base?.contextWindow;
    if (contextWindow === undefined) throw this.#invalid(path, `${id} has no context_window`);
    const encoding = this.#oneOf<EncodingName>(entry, path, "encoding", ENCODINGS) ?? base?.encoding;
    return {
      id,
      aliases: this.#aliases(entry, path) ?? base?.aliases ?? [],
      provider: this.#name(entry, path, "provider") ?? base?.provider ?? "custom",
      kind: this.#oneOf<ModelKind>(entry, path, "kind", MODEL_KINDS) ?? base?.kind ?? "chat",
      encoding: encoding ?? "heuristic",
      ...(encoding === undefined && { isEncodingUnknown: true }),
      contextWindow,
      maxOutputTokens: this.#count(entry, path, "max_output_tokens") ?? base?.maxOutputTokens,
      price: this.#price(entry, path) ?? base?.price,
      tools: this.#flag(entry, path, "tools") ?? base?.tools ?? false,
      vision: this.#flag(entry, path, "vision") ?? base?.vision ?? false,
      reasoning: this.#flag(entry, path, "reasoning") ?? base?.reasoning ?? false,
      t1Name: base?.t1Name,
      asOf: this.#date(entry, path) ?? UNDATED,
    };
  }

  #price(entry: Table, path: Path): ModelPrice | undefined {
    if (!Object.hasOwn(entry, "price")) return undefined;
    const at = [...path, "price"];
    const price = entry.price;
    if (!isTable(price)) throw this.#invalid(at, "price is a table");
    this.#assertKeys(price, at, PRICE_KEYS);
    const inputUsdPerMillion = this.#usd(price, at, "input_usd_per_million");
    if (inputUsdPerMillion === undefined) throw this.#invalid(at, "price has no input_usd_per_million");
    return {
      inputUsdPerMillion,
      cachedInputUsdPerMillion: this.#usd(price, at, "cached_input_usd_per_million"),
      outputUsdPerMillion: this.#usd(price, at, "output_usd_per_million"),
    };
  }

  #name(table: Table, path: Path, key: string): string | undefined {
    if (!Object.hasOwn(table, key)) return undefined;
    const value = table[key];
    if (isName(value)) return value.toLowerCase();
    throw this.#invalid([...path, key], `${key} is a name without blanks`);
  }

  #aliases(table: Table, path: Path): string[] | undefined {
    if (!Object.hasOwn(table, "aliases")) return undefined;
    const value = table.aliases;
    if (Array.isArray(value) && value.every(isName)) return value.map((name) => name.toLowerCase());
    throw this.#invalid([...path, "aliases"], "aliases is a list of names without blanks");
  }

  #oneOf<Option extends string>(
    table: Table,
    path: Path,
    key: string,
    options: readonly Option[],
  ): Option | undefined {
    if (!Object.hasOwn(table, key)) return undefined;
    const found = options.find((option) => option === table[key]);
    if (found !== undefined) return found;
    throw this.#invalid([...path, key], `${key} is one of ${options.join(", ")}`);
  }

  #count(table: Table, path: Path, key: string): number | undefined {
    if (!Object.hasOwn(table, key)) return undefined;
    const value = table[key];
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    throw this.#invalid([...path, key], `${key} is an integer of at least 1`);
  }

  #usd(table: Table, path: Path, key: string): number | undefined {
    if (!Object.hasOwn(table, key)) return undefined;
    const value = table[key];
    if (typeof value === "number" && value >= 0 && value < Infinity) return value;
    throw this.#invalid([...path, key], `${key} is a number of at least 0`);
  }

  #flag(table: Table, path: Path, key: string): boolean | undefined {
    if (!Object.hasOwn(table, key)) return undefined;
    const value = table[key];
    if (typeof value === "boolean") return value;
    throw this.#invalid([...path, key], `${key} is true or false`);
  }

  /** A TOML date, or the same as text. */
  #date(table: Table, path: Path): string | undefined {
    if (!Object.hasOwn(table, "as_of")) return undefined;
    const value = table.as_of;
    const text = value instanceof Date ? value.toISOString().slice(0, 10) : value;
    if (typeof text === "string" && /^\d{4}-\d\d-\d\d$/.test(text)) return text;
    throw this.#invalid([...path, "as_of"], "as_of is a date such as 2026-01-31");
  }

  #assertKeys(table: Table, path: Path, known: readonly string[]): void {
    for (const key of Object.keys(table)) {
      if (known.includes(key)) continue;
      const [near] = nearestNames(key, known, 1);
      throw this.#invalid(
        [...path, key],
        `there is no key "${key}" here`,
        near === undefined ? `Known keys: ${known.join(", ")}.` : `Did you mean ${near}?`,
      );
    }
  }

  #invalid(path: Path, why: string, hint?: string): InputError {
    const line = this.#document.lineOf(path);
    return new InputError("M2M_MODELS_FILE_INVALID", `${this.#fileName}:${line}: ${dotted(path)}: ${why}.`, {
      line,
      hint,
    });
  }
}

const CARD_KEYS = [
  ...["id", "aliases", "provider", "kind", "encoding", "context_window", "max_output_tokens", "price"],
  ...["tools", "vision", "reasoning", "as_of"],
];
const PRICE_KEYS = ["input_usd_per_million", "cached_input_usd_per_million", "output_usd_per_million"];

/** `models[0].price`: indices count from 0, as in TOML's own examples. */
function dotted(path: Path): string {
  return path.map((key, index) => (/^\d+$/.test(key) ? `[${key}]` : index > 0 ? `.${key}` : key)).join("");
}

function isName(value: unknown): value is string {
  return typeof value === "string" && /^[!-~]{1,200}$/.test(value);
}
