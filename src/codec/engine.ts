import type { AlgorithmName } from "../shared/algorithms.js";
import {
  DEFAULT_BROTLI_THRESHOLD_BYTES,
  DEFAULT_ENCODING,
  DEFAULT_POLICY,
  DEFAULT_ROUTER_THRESHOLDS,
} from "../shared/defaults.js";
import { assertFunctions, assertNumbers, assertOptions } from "../shared/bounds.js";
import { assertContent } from "../shared/content.js";
import { FormatError, InputError, LimitError, M2MError } from "../shared/errors.js";
import { assertInputSize, resolveLimits, maxWireBytes, type Limits } from "../shared/limits.js";
import { decodeUtf8, utf8Length } from "../shared/utf8.js";
import { defaultTokenizers } from "../tokenizer/index.js";
import { analyzeContent, type Analysis } from "./analysis.js";
import { Content } from "./content.js";
import { detectDescriptor } from "./detect.js";
import { guardContent, type ContentScanner, type ContentVerdict } from "./guard.js";
import { candidatesFor, selectPublished, type Selection } from "./policy.js";
import { ALGORITHMS, findDescriptor } from "./registry.js";
import type { CompressionResult, DecompressionResult } from "./result.js";
import { routeByTokens, type Route } from "./router.js";
import { unsecuredWire } from "./secured.js";
import {
  assertSettings,
  type AnalyzeOptions,
  type CompressOptions,
  type DecompressOptions,
  type EngineOptions,
  type Settings,
} from "./settings.js";
import { optimizeRequest } from "./t1/index.js";
import type { AlgorithmDescriptor, Codec } from "./types.js";

const DEFAULT_TIME_BUDGET_MS = 20;

/** Compresses, decompresses and analyses messages; one instance may be kept for the life of a process. */
export class CodecEngine {
  readonly #options: EngineOptions;
  readonly #limits: Limits;

  /** @throws {InputError} `M2M_USAGE` if a setting is out of range; `M2M_KEY_INVALID` */
  constructor(options: EngineOptions = {}) {
    assertSettings(options);
    this.#options = options;
    this.#limits = resolveLimits(options.limits);
  }

  /** What it keeps to. */
  get limits(): Readonly<Limits> {
    return this.#limits;
  }

  /**
   * The wire of `content`. With a key (or `security`) it is secured, by an algorithm that can.
   * @throws {InputError} `M2M_USAGE`, `M2M_KEY_REQUIRED`, `M2M_KEY_INVALID` if the options do not fit together
   * @throws {M2MError} if the algorithm cannot carry the content (`auto` always finds one that can) or a limit is passed
   */
  compress(content: string | Uint8Array, options: CompressOptions = {}): CompressionResult {
    const settings = this.#settings(options);
    const given = this.#view(content);
    const kept = this.#kept(given, settings);
    const result = this.#compressView(kept, options.algorithm ?? "auto", settings);
    // Algorithms are compared by what they carry; what is reported is of what was given.
    return kept === given ? result : { ...result, ...sizesOf(given.bytes.length, result.compressedBytes) };
  }

  #compressView(view: Content, algorithm: AlgorithmName | "auto", settings: Settings): CompressionResult {
    if (isSecured(settings)) return this.#encode(view, securingAlgorithm(algorithm).name, settings);
    if (algorithm !== "auto") return this.#encode(view, algorithm, settings);
    return this.#choose(view, settings, (name) => this.#encode(view, name, settings));
  }

  /**
   * Scans `content`, then compresses it: what the scanner blocks never becomes a wire.
   * @returns the wire, and what the scanner said as `scan`
   * @throws {SecurityThreat} `M2M_SECURITY_THREAT` with the verdict, if it is to be blocked
   * @throws {M2MError} as `compress`
   */
  async secureCompress<Verdict extends ContentVerdict>(
    content: string | Uint8Array,
    scanner: ContentScanner<Verdict>,
    options: CompressOptions = {},
  ): Promise<CompressionResult & { readonly scan: Verdict }> {
    assertContent("A message", content);
    // A text has at least as many bytes as UTF-16 units, so an oversized one is refused before its bytes are counted.
    assertInputSize(content.length, this.#limits);
    if (typeof content === "string") assertInputSize(utf8Length(content), this.#limits);
    // Bytes of the caller may change while the scanner works: what is compressed is what was scanned.
    const own = typeof content === "string" ? content : new Uint8Array(content);
    const scan = await guardContent(scanner, own);
    return { ...this.compress(own, options), scan };
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
   * wire with an opening is ignored, as editors and `echo` add it. With a key only secured wires are accepted, unless
   * `allowUnsecured` is set.
   * @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED`, `M2M_CHECKSUM_MISMATCH`
   * @throws {M2MError} if the wire is malformed or passes a limit
   */
  decompress(wire: string | Uint8Array, options: DecompressOptions = {}): DecompressionResult {
    this.#assertWireSize(wire);
    const settings = this.#settings(options);
    const { maxOutputBytes } = options;
    if (maxOutputBytes !== undefined) {
      assertNumbers({ maxOutputBytes }, 0);
      const most = Math.min(maxOutputBytes, this.#limits.maxOutputBytes);
      settings.limits = { ...this.#limits, maxOutputBytes: most };
    }
    const { descriptor, form } = detectDescriptor(wire);
    if (settings.key !== undefined && !settings.allowUnsecured && !descriptor.canSecure) {
      throw unsecuredWire(`${descriptor.name} wire`);
    }
    const codec = descriptor.create(settings);
    const bytes =
      form === "binary" ? decodeBinary(codec, wire as Uint8Array) : decodeText(codec, descriptor, wire);
    return {
      algorithm: descriptor.name,
      form,
      ...descriptor.describeWire?.(wire),
      bytes,
      get text() {
        return decodeUtf8(bytes);
      },
    };
  }

  /** The algorithm that `auto` takes for `content`, and why. It compresses, because a choice that grows is not taken. */
  selectAlgorithm(content: string | Uint8Array, options: Omit<CompressOptions, "algorithm"> = {}): Selection {
    const { algorithm, reason = "A key secures it." } = this.compressAuto(content, options);
    return { algorithm, reason };
  }

  /** What `content` is, what each algorithm makes of it, and what each policy would choose. */
  analyze(content: string | Uint8Array, options: AnalyzeOptions = {}): Analysis {
    assertOptions("The options", options);
    const { countTokens, ...compressOptions } = options;
    assertFunctions({ countTokens });
    const settings = this.#settings(compressOptions);
    const view = this.#kept(this.#view(content), settings);
    return analyzeContent(view, {
      encoding: settings.encoding ?? DEFAULT_ENCODING,
      countTokens: countTokens ?? ((text) => countIn(settings, text)),
      compress: (algorithm) => this.#encode(view, algorithm, settings),
      warmUp: (algorithm) => this.#encode(this.#view(" "), algorithm, settings),
      // What is measured anyway needs no budget.
      choose: (policy, encode) => this.#choose(view, { ...settings, policy, timeBudgetMs: Infinity }, encode),
      route: (tokens) => routeOf(tokens, settings),
    });
  }

  /** Whether to skip, optimize or fully compress `content`, by its tokens. */
  route(content: string | Uint8Array, options: Pick<CompressOptions, "encoding"> = {}): Route {
    const settings = this.#settings(options);
    const { bytes, text } = this.#view(content);
    return routeOf(text === undefined ? undefined : countIn(settings, bytes), settings);
  }

  /**
   * JSON text without insignificant whitespace and without request parameters that equal the defaults of OpenAI's API: another text,
   * the same request there; servers of open models may have other defaults.
   * @throws {InputError} `M2M_USAGE` if it is no string
   * @throws {FormatError} `M2M_JSON_INVALID`
   * @throws {LimitError} `M2M_JSON_TOO_DEEP`
   */
  optimize(content: string): string {
    return optimizeRequest(content, this.#limits);
  }

  #settings(options: CompressOptions & DecompressOptions): Settings {
    assertSettings(options);
    const settings: Settings = { ...this.#options };
    // What is left out, or `undefined`, is as the engine has it.
    for (const name of Object.keys(options) as (keyof typeof options)[])
      if (options[name] !== undefined) (settings as Record<string, unknown>)[name] = options[name];
    return settings;
  }

  #view(content: string | Uint8Array): Content {
    assertContent("A message", content);
    // A text has at least as many bytes as UTF-16 units, so an oversized one is refused before it is encoded.
    assertInputSize(content.length, this.#limits);
    const view = new Content(content, this.#limits.maxJsonDepth);
    assertInputSize(view.bytes.length, this.#limits);
    return view;
  }

  /** What of `view` is compressed: `view` itself, unless something is dropped from it. */
  #kept(view: Content, { dropDefaults }: Settings): Content {
    if (!dropDefaults || !view.isJson) return view;
    return new Content(this.optimize(view.text as string), this.#limits.maxJsonDepth);
  }

  #assertWireSize(wire: string | Uint8Array): void {
    assertContent("A message", wire);
    const limit = maxWireBytes(this.#limits);
    if (wire.length <= limit) return;
    throw new LimitError(
      "M2M_INPUT_TOO_LARGE",
      `The wire has ${wire.length} bytes, over the limit of ${limit}.`,
    );
  }

  #encode(view: Content, algorithm: AlgorithmName, settings: Settings): CompressionResult {
    const descriptor = findDescriptor(algorithm);
    const codec = descriptor.create(settings);
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
    const compressedBytes = typeof data === "string" ? utf8Length(data) : data.length;
    return {
      algorithm,
      ...descriptor.describeWire?.(data),
      data,
      ...sizesOf(view.bytes.length, compressedBytes),
    };
  }

  #choose(view: Content, settings: Settings, encode: Encode): CompressionResult {
    const binary = settings.binary ?? false;
    const threshold = settings.brotliThresholdBytes ?? DEFAULT_BROTLI_THRESHOLD_BYTES;
    const selection = selectPublished(view, threshold, binary);
    const isPublished = (settings.policy ?? DEFAULT_POLICY) === "published";
    const published = isPublished && choosePublished(selection, encode);
    if (published) return published;
    // The table's choice comes first: whatever the budget, the result is no larger than that.
    const candidates = candidatesFor(view, binary).filter(({ isExtension }) => !isExtension || !isPublished);
    const names = new Set([selection.algorithm, ...candidates.map(({ name }) => name)]);
    return chooseSmallest([...names], settings.timeBudgetMs ?? DEFAULT_TIME_BUDGET_MS, encode);
  }
}

type Encode = (algorithm: AlgorithmName) => CompressionResult;

function sizesOf(
  originalBytes: number,
  compressedBytes: number,
): Pick<CompressionResult, "originalBytes" | "compressedBytes" | "ratio"> {
  const ratio = originalBytes === 0 ? 1 : compressedBytes / originalBytes;
  return { originalBytes, compressedBytes, ratio };
}

function routeOf(tokens: number | undefined, { router }: Settings): Route {
  if (tokens === undefined)
    return { strategy: "full", reason: "It is no text: no prompt takes it as it is." };
  return routeByTokens(tokens, { ...DEFAULT_ROUTER_THRESHOLDS, ...router });
}

function countIn(
  { encoding = DEFAULT_ENCODING, tokenizers = defaultTokenizers }: Settings,
  text: string | Uint8Array,
) {
  return tokenizers.get(encoding).count(text);
}

/** The table's choice, or the content itself if that does not make it smaller; `undefined` if neither can carry it. */
function choosePublished({ algorithm, reason }: Selection, encode: Encode): CompressionResult | undefined {
  const result = unlessRefused(() => encode(algorithm));
  if (result && (result.ratio < 1 || isPassThrough(findDescriptor(algorithm)))) return { ...result, reason };
  const plain = ALGORITHMS.find(isPassThrough);
  const passed = plain && unlessRefused(() => encode(plain.name));
  if (passed) return { ...passed, reason: `${algorithm} does not make it smaller.` };
  return result && { ...result, reason };
}

/** The smallest of the wires that the budget allows; at least one is made. */
function chooseSmallest(
  names: readonly AlgorithmName[],
  timeBudgetMs: number,
  encode: Encode,
): CompressionResult {
  // Counted from the first wire on: what loading a vocabulary takes for that says nothing of the others.
  let deadline = Infinity;
  const results: CompressionResult[] = [];
  const skipped: AlgorithmName[] = [];
  for (const name of names) {
    if (results.length > 0 && performance.now() > deadline) {
      skipped.push(name);
      continue;
    }
    const result = unlessRefused(() => encode(name));
    if (result && results.push(result) === 1) deadline = performance.now() + timeBudgetMs;
  }
  if (results.length === 0) throw new TypeError("Some algorithm carries any bytes.");
  const best = results.reduce((a, b) => (b.compressedBytes < a.compressedBytes ? b : a));
  const untried =
    skipped.length > 0 ? ` The ${timeBudgetMs} ms were spent before ${skipped.join(", ")}.` : "";
  return { ...best, reason: `It is the smallest of ${results.length} wires.${untried}` };
}

/** `undefined` if an algorithm refuses the content; options and installations that are wrong are not its doing. */
function unlessRefused(encode: () => CompressionResult): CompressionResult | undefined {
  try {
    return encode();
  } catch (error) {
    const refused =
      error instanceof FormatError || (error instanceof M2MError && error.code === "M2M_JSON_TOO_DEEP");
    if (refused) return undefined;
    throw error;
  }
}

function isPassThrough({ prefix }: AlgorithmDescriptor): boolean {
  return prefix === "";
}

function isSecured({ key, security }: Settings): boolean {
  return security === undefined ? key !== undefined : security !== "none";
}

/** @throws {InputError} `M2M_USAGE` if the algorithm that was asked for cannot secure a wire. */
function securingAlgorithm(algorithm: AlgorithmName | "auto"): AlgorithmDescriptor {
  const able = ALGORITHMS.filter(({ canSecure }) => canSecure);
  const found = algorithm === "auto" ? able[0] : able.find(({ name }) => name === algorithm);
  if (found) return found;
  throw new InputError("M2M_USAGE", `A ${algorithm} wire cannot be secured.`, {
    hint: `Use ${able.map(({ name }) => name).join(" or ")}, or leave out the key and the security.`,
  });
}

function encodeBinary(codec: Codec, algorithm: AlgorithmName, content: Uint8Array): Uint8Array {
  if (codec.encodeBinary) return codec.encodeBinary(content);
  const able = ALGORITHMS.filter(({ binary }) => binary);
  throw new InputError("M2M_USAGE", `The algorithm ${algorithm} has no binary wire.`, {
    hint: `Use one of ${able.map(({ name }) => name).join(", ")}, or leave the binary form out.`,
  });
}

function decodeBinary(codec: Codec, wire: Uint8Array): Uint8Array {
  if (codec.decodeBinary) return codec.decodeBinary(wire);
  throw new TypeError("A codec that matches binary wires decodes them.");
}

function decodeText(codec: Codec, descriptor: AlgorithmDescriptor, wire: string | Uint8Array): Uint8Array {
  const text = typeof wire === "string" ? wire : decodeUtf8(wire);
  // A reader of lines has taken the line feed and may have left the carriage return.
  return codec.decodeText(isPassThrough(descriptor) ? text : text.replace(/\r?\n$|\r$/u, ""));
}
