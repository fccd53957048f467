import { FormatError, InputError, LimitError, M2MError } from "../shared/errors.js";
import { assertInputSize, DEFAULT_LIMITS, maxWireBytes, type Limits } from "../shared/limits.js";
import { decodeUtf8, encodeUtf8 } from "../shared/utf8.js";
import { defaultTokenizers } from "../tokenizer/index.js";
import { analyzeContent, type Analysis } from "./analysis.js";
import { Content } from "./content.js";
import { detect } from "./detect.js";
import {
  candidatesFor,
  DEFAULT_BROTLI_THRESHOLD_BYTES,
  selectPublished,
  type PolicyName,
  type Selection,
} from "./policy.js";
import { createCodec, findDescriptor } from "./registry.js";
import type { CompressionResult, DecompressionResult } from "./result.js";
import { DEFAULT_ROUTER_THRESHOLDS, routeByTokens, type Route, type RouterThresholds } from "./router.js";
import { optimizeRequest } from "./t1/index.js";
import type { AlgorithmName, Codec, CodecOptions } from "./types.js";

export interface EngineOptions extends CodecOptions {
  /** How `auto` chooses. Default `published`. */
  policy?: PolicyName;
  /** Above this many bytes `published` takes brotli. Default 1024. */
  brotliThresholdBytes?: number;
  /** Milliseconds after which `smallest` tries no further candidate. Default 20. */
  timeBudgetMs?: number;
  router?: Partial<RouterThresholds>;
}

export interface CompressOptions extends Omit<EngineOptions, "router"> {
  /** Default `auto`. */
  algorithm?: AlgorithmName | "auto";
  /** Give the binary wire instead of text. */
  binary?: boolean;
  /** The wire must be one line: a text wire with a line feed (of `none`) is refused, and never chosen by `auto`. */
  singleLine?: boolean;
}

const DEFAULT_TIME_BUDGET_MS = 20;

/** Compresses, decompresses and analyses messages; one instance may be kept for the life of a process. */
export class CodecEngine {
  readonly #options: EngineOptions;
  readonly #limits: Limits;

  constructor(options: EngineOptions = {}) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  /**
   * The wire of `content`.
   * @throws {M2MError} if the chosen algorithm cannot carry it (`auto` always finds one that can) or a limit is passed.
   */
  compress(content: string | Uint8Array, options: CompressOptions = {}): CompressionResult {
    const settings = { ...this.#options, ...withoutUndefined(options) };
    const view = this.#view(content);
    const algorithm = options.algorithm ?? "auto";
    if (settings.key && algorithm === "auto") settings.algorithm = "m2m";
    else if (algorithm === "auto") return this.#compressAuto(view, settings);
    else settings.algorithm = algorithm;
    if (settings.key && settings.algorithm !== "m2m") {
      throw new InputError(
        "M2M_USAGE",
        `Only m2m frames can be secured with a key, not ${settings.algorithm}.`,
      );
    }
    return this.#encode(view, settings.algorithm, settings);
  }

  /** `compress` with the algorithm chosen by the policy. */
  compressAuto(
    content: string | Uint8Array,
    options: Omit<CompressOptions, "algorithm"> = {},
  ): CompressionResult {
    return this.compress(content, { ...options, algorithm: "auto" });
  }

  /**
   * The content of a wire, told by its opening; what has none of ours is passed through. One line break behind a text
   * wire with an opening is ignored, as editors and `echo` add it.
   * @throws {M2MError} if the wire is malformed, fails its checks or passes a limit.
   */
  decompress(
    wire: string | Uint8Array,
    options: Pick<EngineOptions, "key" | "allowUnsecured"> = {},
  ): DecompressionResult {
    const limit = maxWireBytes(this.#limits);
    if (wire.length > limit) {
      throw new LimitError(
        "M2M_INPUT_TOO_LARGE",
        `The wire has ${wire.length} bytes, over the limit of ${limit}.`,
      );
    }
    const { descriptor, form, encoding } = detect(wire);
    const codec = createCodec(descriptor, { ...this.#options, ...withoutUndefined(options) });
    const bytes =
      form === "binary"
        ? decodeBinary(codec, wire as Uint8Array)
        : codec.decodeText(
            withoutFinalLineBreak(typeof wire === "string" ? wire : decodeUtf8(wire), descriptor.prefix),
          );
    return {
      algorithm: descriptor.name,
      form,
      encoding,
      bytes,
      get text() {
        return decodeUtf8(bytes);
      },
    };
  }

  /** The algorithm that `auto` would take, and why. Compresses only under the policy `smallest`. */
  selectAlgorithm(content: string | Uint8Array, options: Omit<CompressOptions, "algorithm"> = {}): Selection {
    const { algorithm, reason = "" } = this.compressAuto(content, options);
    return { algorithm, reason };
  }

  /** What `content` is, what each algorithm makes of it, and what each policy would choose. */
  analyze(content: string | Uint8Array, options: CompressOptions = {}): Analysis {
    const settings = { ...this.#options, ...withoutUndefined(options) };
    const view = this.#view(content);
    return analyzeContent(view, {
      encoding: settings.encoding ?? "cl100k_base",
      tokenizers: settings.tokenizers ?? defaultTokenizers,
      binary: settings.binary ?? false,
      compress: (algorithm) => this.#encode(view, algorithm, settings),
      select: (policy) => this.#compressAuto(view, { ...settings, policy }),
      route: () => this.#route(view, settings),
    });
  }

  /** Skip, optimize or compress fully, by the message's tokens. */
  route(content: string | Uint8Array, options: Pick<EngineOptions, "encoding"> = {}): Route {
    return this.#route(this.#view(content), { ...this.#options, ...options });
  }

  /**
   * JSON text without insignificant whitespace and without request parameters that equal their defaults: another text,
   * the same request.
   * @throws {FormatError} `M2M_JSON_INVALID`
   */
  optimize(content: string): string {
    return optimizeRequest(content, this.#limits);
  }

  #view(content: string | Uint8Array): Content {
    // Bytes are at least UTF-16 units, so an oversized string is refused before it is encoded.
    assertInputSize(content.length, this.#limits);
    const view = new Content(content, this.#limits.maxJsonDepth);
    assertInputSize(view.bytes.length, this.#limits);
    return view;
  }

  #route(view: Content, settings: EngineOptions): Route {
    const tokenizer = (settings.tokenizers ?? defaultTokenizers).get(settings.encoding ?? "cl100k_base");
    const tokens = view.text === undefined ? Math.ceil(view.bytes.length / 2) : tokenizer.count(view.bytes);
    return routeByTokens(tokens, { ...DEFAULT_ROUTER_THRESHOLDS, ...settings.router });
  }

  #encode(
    view: Content,
    algorithm: AlgorithmName,
    settings: CompressOptions,
    reason?: string,
  ): CompressionResult {
    const descriptor = findDescriptor(algorithm);
    const codec = createCodec(descriptor, settings);
    const data = settings.binary ? encodeBinary(codec, algorithm, view.bytes) : codec.encodeText(view.bytes);
    if (settings.singleLine && typeof data === "string" && data.includes("\n")) {
      throw new FormatError(
        "M2M_LINE_INVALID",
        `The ${algorithm} wire of this content is more than one line.`,
        {
          hint: "Leave the algorithm to auto, or choose token-native, brotli or m2m.",
        },
      );
    }
    const originalBytes = view.bytes.length;
    const compressedBytes = typeof data === "string" ? utf8Length(data) : data.length;
    return {
      algorithm,
      encoding: algorithm === "token-native" ? (settings.encoding ?? "cl100k_base") : undefined,
      data,
      originalBytes,
      compressedBytes,
      ratio: originalBytes === 0 ? 1 : compressedBytes / originalBytes,
      reason,
    };
  }

  #compressAuto(view: Content, settings: CompressOptions): CompressionResult {
    if (settings.policy === "smallest") return this.#compressSmallest(view, settings);
    const threshold = settings.brotliThresholdBytes ?? DEFAULT_BROTLI_THRESHOLD_BYTES;
    const { algorithm, reason } = selectPublished(view, threshold, settings.binary ?? false);
    const result = this.#tryEncode(view, algorithm, settings, reason);
    if (result && (algorithm === "none" || result.ratio < 1)) return result;
    const plain =
      algorithm === "none"
        ? undefined
        : this.#tryEncode(view, "none", settings, `${algorithm} does not make it smaller.`);
    return plain ?? result ?? this.#compressSmallest(view, settings);
  }

  #compressSmallest(view: Content, settings: CompressOptions): CompressionResult {
    const deadline = performance.now() + (settings.timeBudgetMs ?? DEFAULT_TIME_BUDGET_MS);
    let best: CompressionResult | undefined;
    let tried = 0;
    for (const { name } of candidatesFor(view, settings.binary ?? false)) {
      if (best && performance.now() > deadline) break;
      const result = this.#tryEncode(view, name, settings);
      if (result) tried++;
      if (result && (!best || result.compressedBytes < best.compressedBytes)) best = result;
    }
    if (!best) return this.#encode(view, "m2m", settings, "Only a frame can carry it.");
    return { ...best, reason: `It is the smallest of ${tried} wires.` };
  }

  /** `undefined` if the algorithm refuses this content. */
  #tryEncode(view: Content, algorithm: AlgorithmName, settings: CompressOptions, reason?: string) {
    try {
      return this.#encode(view, algorithm, settings, reason);
    } catch (error) {
      if (error instanceof M2MError) return undefined;
      throw error;
    }
  }
}

function encodeBinary(codec: Codec, algorithm: AlgorithmName, content: Uint8Array): Uint8Array {
  if (codec.encodeBinary) return codec.encodeBinary(content);
  throw new InputError("M2M_USAGE", `The algorithm ${algorithm} has no binary wire.`, {
    hint: "Use token-native or m2m, or leave the binary form out.",
  });
}

function decodeBinary(codec: Codec, wire: Uint8Array): Uint8Array {
  if (codec.decodeBinary) return codec.decodeBinary(wire);
  throw new TypeError("A codec that matches binary wires decodes them.");
}

function withoutFinalLineBreak(wire: string, prefix: string): string {
  if (prefix === "" || !wire.endsWith("\n")) return wire;
  return wire.slice(0, wire.endsWith("\r\n") ? -2 : -1);
}

function withoutUndefined<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}

function utf8Length(text: string): number {
  // Most wires are ASCII; T1 and none carry the content's own characters.
  return typeof Buffer === "undefined" ? encodeUtf8(text).length : Buffer.byteLength(text);
}
