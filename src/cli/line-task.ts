import {
  CodecEngine,
  type CompressionResult,
  type CompressOptions,
  type DecompressionResult,
} from "../codec/index.js";
import { encodeBase64 } from "../shared/base64.js";
import { tryDecodeUtf8 } from "../shared/utf8.js";
import type { Outcome } from "./line-result.js";
import type { EngineSettings } from "./settings.js";
import { round } from "./words.js";

/** What is done to each line: a value, so that another thread can be told. */
export type LineTask = {
  readonly settings: EngineSettings;
  /** JSON Pointer of the message in a record. */
  readonly field?: string;
  /** Whether each result is a JSON object. */
  readonly json: boolean;
} & (
  | { readonly kind: "compress"; readonly options: CompressOptions }
  | { readonly kind: "decompress"; readonly key?: Uint8Array; readonly allowUnsecured?: boolean }
);

/** What `compress --stats` says of many lines. */
export interface LineTotals {
  lines: number;
  originalBytes: number;
  compressedBytes: number;
  /** Of all threads together. */
  timeMs: number;
}

export function noTotals(): LineTotals {
  return { lines: 0, originalBytes: 0, compressedBytes: 0, timeMs: 0 };
}

/** Does a task to one message after the other. @param totals are added to */
export function createLineTransform(task: LineTask, totals: LineTotals): (message: Uint8Array) => Outcome {
  const engine = new CodecEngine(task.settings);
  if (task.kind === "decompress") {
    const { key, allowUnsecured, json } = task;
    return (wire) => {
      const result = engine.decompress(wire, { key, allowUnsecured });
      return json ? describeContent(result, tryDecodeUtf8(result.bytes)) : result.bytes;
    };
  }
  // A message from a record may hold line breaks; its wire must not.
  const options = { ...task.options, singleLine: !task.json };
  return (message) => {
    const startMs = performance.now();
    const result = engine.compress(message, options);
    count(totals, result, performance.now() - startMs);
    return task.json ? describeWire(result) : result.data;
  };
}

export function count(totals: LineTotals, result: CompressionResult, timeMs: number): void {
  totals.lines++;
  totals.originalBytes += result.originalBytes;
  totals.compressedBytes += result.compressedBytes;
  totals.timeMs += timeMs;
}

export function addTotals(totals: LineTotals, more: LineTotals): void {
  totals.lines += more.lines;
  totals.originalBytes += more.originalBytes;
  totals.compressedBytes += more.compressedBytes;
  totals.timeMs += more.timeMs;
}

/** For `--json`. */
export function describeContent(
  { algorithm, form, encoding, bytes }: Omit<DecompressionResult, "text">,
  text: string | undefined,
): object {
  const content = text === undefined ? { contentBase64: encodeBase64(bytes) } : { content: text };
  // What is no wire was read as bytes, whatever they are.
  const shown = algorithm === "none" && text !== undefined ? "text" : form;
  return { algorithm, form: shown, encoding, ...content, bytes: bytes.length };
}

/** For `--json`. */
export function describeWire(result: CompressionResult): object {
  const { algorithm, encoding, data, originalBytes, compressedBytes, ratio } = result;
  const payload = typeof data === "string" ? { data } : { dataBase64: encodeBase64(data) };
  return { algorithm, encoding, ...payload, originalBytes, compressedBytes, ratio: round(ratio) };
}
