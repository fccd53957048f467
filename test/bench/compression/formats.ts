import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
} from "node:zlib";
import {
  ALGORITHMS,
  CodecEngine,
  type AlgorithmDescriptor,
  type CompressOptions,
} from "../../../src/codec/index.js";
import { isJsonText, minifyJsonText } from "../../../src/shared/json-text.js";
import type { DictionaryName } from "./dictionaries.js";
import { loadZstd } from "./zstd.js";

/** One way to write a message, ready to use. */
export interface Coder {
  compress(content: Uint8Array): Uint8Array;
  decompress(wire: Uint8Array): Uint8Array;
}

export interface Format {
  readonly name: string;
  /** The dictionary that `open` has to be given; without one for it the format is left out. */
  readonly dictionary?: DictionaryName;
  /** Whether the plots show it; they cannot show all. */
  readonly plotted?: boolean;
  /** Whether streams and conversations measure it too, each event or message by itself. */
  readonly alone?: boolean;
  /** Whether it is one of this project: the plots set it off. */
  readonly ours?: boolean;
  /** Whether it can carry a message; one that it cannot is counted as it is. Absent: any. */
  carries?(text: string): boolean;
  /** What decompressing gives where that is not the same bytes. */
  restored?(text: string): Uint8Array;
  open(dictionary?: Uint8Array): Coder | Promise<Coder>;
}

/** Every format that is compared, in the order of the tables. */
export const FORMATS: readonly Format[] = [
  ...ALGORITHMS.map(wireFormat),
  levelFormat("fast"),
  levelFormat("max"),
  {
    name: "gzip 9",
    open: () => ({ compress: (content) => gzipSync(content, { level: 9 }), decompress: gunzipSync }),
  },
  { name: "deflate 9", open: () => deflate(9) },
  {
    name: "deflate 9 + dictionary",
    dictionary: "deflate",
    plotted: true,
    open: (dictionary) => deflate(9, dictionary),
  },
  { name: "zstd 3", open: () => zstd(3) },
  { name: "zstd 19", plotted: true, open: () => zstd(19) },
  {
    name: "zstd 3 + dictionary",
    dictionary: "zstd",
    plotted: true,
    open: (dictionary) => zstd(3, dictionary),
  },
  {
    name: "zstd 19 + dictionary",
    dictionary: "zstd",
    plotted: true,
    alone: true,
    open: (dictionary) => zstd(19, dictionary),
  },
  { name: "brotli 5", plotted: true, open: () => brotli(5) },
  { name: "brotli 9", open: () => brotli(9) },
  { name: "brotli 11", plotted: true, alone: true, open: () => brotli(11) },
];

/** A wire format of this project, in binary where it has such a form. */
function wireFormat(descriptor: AlgorithmDescriptor): Format {
  const { name, binary, carries, lossless } = descriptor;
  return {
    name: name === "none" ? name : `wire ${name}${binary ? "" : " (text)"}`,
    ours: true,
    plotted: name === "m2m" || name === "dictionary",
    carries: carries === "json" ? isJsonText : undefined,
    restored: lossless === "bytes" ? undefined : (text) => Buffer.from(minifyJsonText(text)),
    open: () => wireCoder({ algorithm: name, binary }),
  };
}

/** The wire `dictionary` at a level that is not the default. */
function levelFormat(level: "fast" | "max"): Format {
  return {
    name: `wire dictionary, ${level}`,
    ours: true,
    plotted: level === "fast",
    open: () => wireCoder({ algorithm: "dictionary", binary: true, level }),
  };
}

function wireCoder(options: CompressOptions): Coder {
  const engine = new CodecEngine();
  return {
    compress(content) {
      const { data } = engine.compress(content, options);
      return typeof data === "string" ? Buffer.from(data) : data;
    },
    decompress: (wire) => engine.decompress(wire).bytes,
  };
}

function deflate(level: number, dictionary?: Uint8Array): Coder {
  return {
    compress: (content) => deflateRawSync(content, { level, dictionary }),
    decompress: (wire) => inflateRawSync(wire, { dictionary }),
  };
}

async function zstd(level: number, dictionary?: Uint8Array): Promise<Coder> {
  return (await loadZstd())(level, dictionary);
}

function brotli(quality: number): Coder {
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality };
  return { compress: (content) => brotliCompressSync(content, { params }), decompress: brotliDecompressSync };
}
