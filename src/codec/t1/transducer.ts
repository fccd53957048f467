import { quote } from "../../shared/quote.js";
import { JsonScanner, TOKEN } from "../../shared/json-scanner.js";
import { lazily } from "../../shared/lazy.js";
import { outputTooLarge } from "../../shared/limits.js";
import { TextBuilder } from "../../shared/text-builder.js";
import { OPAQUE, type Position, rootPosition } from "./positions.js";
import { ESCAPE, RESERVED } from "./tables.js";

/** One direction of T1: JSON text in, JSON text without whitespace out, names rewritten where the schema knows them. */
export interface Transducer {
  /** The place of the whole text. */
  readonly root: () => Position;
  /** Code of the error for malformed input. */
  readonly code: "M2M_JSON_INVALID" | "M2M_T1_INVALID";
  /**
   * What to write for a name that the position's table lacks, or `undefined` to copy it.
   * @param offset of the name's first unit, for errors
   */
  rewriteUnknown(name: string, offset: number, scanner: JsonScanner): string | undefined;
}

export const ENCODER: Transducer = Object.freeze({
  root: lazily(() => rootPosition("encode")),
  code: "M2M_JSON_INVALID",
  rewriteUnknown: (name) =>
    name.startsWith(ESCAPE) || name.startsWith(RESERVED) ? ESCAPE + name : undefined,
} satisfies Transducer);

export const DECODER: Transducer = Object.freeze({
  root: lazily(() => rootPosition("decode")),
  code: "M2M_T1_INVALID",
  rewriteUnknown(name, offset, scanner) {
    if (name.startsWith(ESCAPE)) return name.slice(1);
    if (name.startsWith(RESERVED)) {
      throw scanner.fault(offset, `this version does not know the short name ${quote(name)}`);
    }
    return undefined;
  },
} satisfies Transducer);

/** Bounds of one run of a transducer. */
export interface TransducerLimits {
  readonly maxJsonDepth: number;
  /** Compared with UTF-16 units, of which a text has never more than UTF-8 bytes. */
  readonly maxOutputBytes: number;
}

/**
 * Runs `transducer` over the JSON text that begins at `from` in `text`, in one pass and without recursion.
 * @param opening what the output begins with
 * @throws {FormatError} the transducer's code, with the offset in `text`
 * @throws {LimitError} `M2M_JSON_TOO_DEEP`, `M2M_OUTPUT_TOO_LARGE`
 */
export function transduce(
  transducer: Transducer,
  text: string,
  from: number,
  opening: string,
  limits: TransducerLimits,
): string {
  const scanner = new JsonScanner(text, limits.maxJsonDepth, from, transducer.code);
  const most = opening.length + limits.maxOutputBytes;
  const enclosing: Position[] = [];
  let container = OPAQUE;
  // Where the next value stands: set by a key, or by the array it is an item of.
  let place = transducer.root();
  const out = new TextBuilder();
  out.append(opening);
  // The run of input that can be copied as it is and is not in `out` yet.
  let runStart = -1;
  let runEnd = -1;
  for (let token = scanner.next(); token !== TOKEN.END; token = scanner.next()) {
    const { start, end, separator } = scanner;
    let rewritten: string | undefined;
    switch (token) {
      case TOKEN.KEY: {
        place = OPAQUE;
        if (container.keys === undefined) break;
        const key = text.slice(start + 1, end - 1);
        const rule = container.keys.get(key);
        if (rule === undefined) rewritten = transducer.rewriteUnknown(key, start + 1, scanner);
        else {
          place = rule.value;
          rewritten = rule.write;
        }
        break;
      }
      case TOKEN.STRING: {
        if (place.strings === undefined) break;
        const value = text.slice(start + 1, end - 1);
        rewritten = place.strings.get(value) ?? transducer.rewriteUnknown(value, start + 1, scanner);
        break;
      }
      case TOKEN.OPEN_OBJECT:
      case TOKEN.OPEN_ARRAY:
        enclosing.push(container);
        container = place;
        place = container.items ?? OPAQUE;
        break;
      case TOKEN.CLOSE_OBJECT:
      case TOKEN.CLOSE_ARRAY:
        container = enclosing.pop() ?? OPAQUE;
        place = container.items ?? OPAQUE;
        break;
    }
    if (runStart < 0) runStart = start;
    else if (start !== runEnd + (separator === 0 ? 0 : 1)) {
      // Whitespace was skipped.
      out.append(text.slice(runStart, runEnd));
      if (separator !== 0) out.append(separator === 0x2c ? "," : ":");
      runStart = start;
    }
    runEnd = end;
    if (rewritten !== undefined) {
      out.append(text.slice(runStart, start + 1));
      out.append(rewritten);
      runStart = end - 1;
      if (out.length > most) throw outputTooLarge(limits);
    }
  }
  out.append(text.slice(runStart, runEnd));
  if (out.length > most) throw outputTooLarge(limits);
  return out.toString();
}
