import type { ModelCard, ModelRegistry } from "../../models/index.js";
import { M2MError } from "../../shared/errors.js";
import { TOKEN } from "../../shared/json-scanner.js";
import type { OptimizeLevel } from "../../shared/proxy-options.js";
import { countTokens } from "../../tokenizer/index.js";
import type { ProviderApi } from "../providers/index.js";
import { findDefaults } from "./defaults.js";
import { applyEdits, outlineOf, type OutlineNode, stringOf, type TextEdit } from "./outline.js";
import { ShorteningMemory } from "./shortening-memory.js";
import { findToolResults } from "./tool-results.js";
import { shorten, type Shortening } from "./tool-text.js";

export interface OptimizeRequest {
  readonly api: ProviderApi;
  readonly level: OptimizeLevel;
  /** The model's name, as the request has it: whose tokens and prices count. */
  readonly model?: string;
}

export interface OptimizeChange {
  /** JSON Pointer (RFC 6901) in the request as it came. */
  readonly pointer: string;
  readonly how: "drop" | Shortening;
  /** 0 for dropped parameters: no provider counts them. */
  readonly tokensSaved: number;
}

export interface Optimization {
  readonly body: string;
  readonly changes: readonly OptimizeChange[];
  readonly tokensSaved: number;
  /** At the list price of input that is not cached; `undefined` if it is unknown. */
  readonly usdSaved: number | undefined;
  /** Why nothing was tried. */
  readonly note?: string;
}

export interface RequestOptimizerOptions {
  /** Room for what was done with tool results, since a conversation sends them again and again. Default 8 MiB. */
  readonly memoryBytes?: number;
}

const DEFAULT_MEMORY_BYTES = 8 * 1024 * 1024;

/**
 * Makes requests smaller without changing what they say. What is not changed stays byte for byte; what is depends on itself alone,
 * so that the beginning of a conversation is sent the same in each turn and providers' prompt caches hit.
 */
export class RequestOptimizer {
  readonly #registry: ModelRegistry;
  readonly #memory: ShorteningMemory;

  constructor(registry: ModelRegistry, { memoryBytes = DEFAULT_MEMORY_BYTES }: RequestOptimizerOptions = {}) {
    this.#registry = registry;
    this.#memory = new ShorteningMemory(memoryBytes);
  }

  /** Never throws: a request that cannot be made smaller comes back as it is. */
  optimize(body: string, request: OptimizeRequest): Optimization {
    if (request.level === "off" || request.api === "other") return unchanged(body);
    try {
      return this.#optimize(body, request);
    } catch (error) {
      const why = error instanceof M2MError ? error.code : "unexpected error";
      return { ...unchanged(body), note: `The request was left as it is: ${why}.` };
    }
  }

  #optimize(body: string, { api, level, model }: OptimizeRequest): Optimization {
    const root = outlineOf(body);
    if (root.token !== TOKEN.OPEN_OBJECT)
      return { ...unchanged(body), note: "The request is no JSON object." };
    const card = model === undefined ? undefined : this.#registry.find(model);
    const edits: TextEdit[] = [];
    const changes: OptimizeChange[] = [];
    for (const { name, edit } of findDefaults(api, body, root, card)) {
      edits.push(edit);
      changes.push({ pointer: `/${name}`, how: "drop", tokensSaved: 0 });
    }
    if (level === "minify" || level === "toon") {
      for (const { pointer, node } of findToolResults(api, body, root)) {
        const shorter = this.#shorten(body, node, level === "toon", card);
        if (!shorter) continue;
        edits.push({ start: node.start, end: node.end, replacement: shorter.literal });
        changes.push({ pointer, how: shorter.how, tokensSaved: shorter.tokensSaved });
      }
    }
    const tokensSaved = changes.reduce((sum, change) => sum + change.tokensSaved, 0);
    return {
      body: edits.length > 0 ? applyEdits(body, edits) : body,
      changes,
      tokensSaved,
      usdSaved: card && this.#registry.costUsd(card, { inputTokens: tokensSaved }),
    };
  }

  #shorten(
    body: string,
    node: OutlineNode,
    allowToon: boolean,
    card: ModelCard | undefined,
  ): ReturnType<ShorteningMemory["get"]> {
    const literal = body.slice(node.start, node.end);
    const key = `${allowToon ? "toon" : "minify"} ${card?.encoding ?? ""} ${card?.provider ?? ""} ${literal}`;
    return this.#memory.get(key, () => {
      const text = stringOf(body, node);
      // What has no UTF-8 form has no tokens to be counted.
      if (!text?.isWellFormed()) return undefined;
      const shorter = shorten(text, allowToon, (one) => countTokens(one, { model: card }));
      return shorter && { ...shorter, literal: JSON.stringify(shorter.text) };
    });
  }
}

function unchanged(body: string): Optimization {
  return { body, changes: [], tokensSaved: 0, usdSaved: 0 };
}
