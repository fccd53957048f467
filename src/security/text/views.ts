import { decodeBase64Runs } from "./decoders/base64.js";
import { decodeCiphers } from "./decoders/ciphers.js";
import type { Decoded, Decoder } from "./decoders/decoder.js";
import { decodeEscapes } from "./decoders/escapes.js";
import { stripFormatting } from "./decoders/formatting.js";
import { gather } from "./decoders/gathered.js";
import { extractHidden } from "./decoders/html.js";
import { decodeLeet, joinSpacedLetters } from "./decoders/letters.js";
import { joinCutWords } from "./decoders/markup.js";
import { decodeMorse } from "./decoders/morse.js";
import { decodeNumbers } from "./decoders/numbers.js";
import { decodeReversed, decodeRot13 } from "./decoders/order.js";
import { decodeBase64Pieces } from "./decoders/pieces.js";
import { decodeSmuggled } from "./decoders/smuggled.js";
import { cutControls } from "./controls.js";
import { collectEvidence, type Evidence } from "./evidence.js";
import { foldText, isAscii } from "./fold.js";
import type { MappedText } from "./mapped-text.js";
import { cutNoise } from "./noise.js";
import type { TextView } from "./types.js";

export interface ViewLimits {
  /** Most views, the first one included. */
  maxViews: number;
  /** Most disguises that are undone one inside the other. */
  maxDepth: number;
  /** Most UTF-16 units that all views but the first have together; never more than three times the text and 16 Ki. */
  maxDecodedUnits: number;
}

const DEFAULT_VIEW_LIMITS: Readonly<ViewLimits> = Object.freeze({
  maxViews: 64,
  maxDepth: 3,
  maxDecodedUnits: 4 * 1024 * 1024,
});

/** Shorter texts hold no instruction. */
const MIN_VIEW_UNITS = 4;

/** In the order in which views are made where there is room for some only. These read data. */
const DATA_DECODERS: readonly Decoder[] = [decodeBase64Runs, decodeBase64Pieces, decodeNumbers];
/** These read language that is disguised. */
const DECODERS: readonly Decoder[] = [
  decodeEscapes,
  decodeLeet,
  joinSpacedLetters,
  joinCutWords,
  stripFormatting,
  decodeRot13,
  decodeCiphers,
  decodeMorse,
  decodeReversed,
  extractHidden,
];

/**
 * What a reader could take `text` for: first the text itself with invisible and look-alike characters folded (the same
 * string if it is ASCII) and without control sequences of terminals and long data in base64, then, where there is evidence of a disguise, what undoing it gives, up to `maxDepth` deep.
 * Linear in the length of `text`.
 */
export function viewsOf(text: string, limits: Partial<ViewLimits> = {}): TextView[] {
  const {
    maxViews = DEFAULT_VIEW_LIMITS.maxViews,
    maxDepth = DEFAULT_VIEW_LIMITS.maxDepth,
    maxDecodedUnits = DEFAULT_VIEW_LIMITS.maxDecodedUnits,
  } = limits;
  const views: TextView[] = [foldText(text)];
  const depths = [0];
  let left = Math.min(maxDecodedUnits, text.length * 3 + 16_384);
  for (let i = 0; i < views.length; i++) {
    let outer = views[i];
    let evidence = collectEvidence(outer.text);
    const shown = evidence.hasControls ? cutControls(outer.text) : undefined;
    if (shown) {
      outer = views[i] = around(outer, shown);
      evidence = collectEvidence(outer.text);
    }
    const quiet = cutNoise(outer.text, evidence.encoded);
    // What is read as language is the rest.
    if (quiet) views[i] = around(outer, quiet);
    if (depths[i] >= maxDepth) continue;
    const found = decodeAll(outer, evidence, DATA_DECODERS);
    const language = quiet ? collectEvidence(views[i].text) : evidence;
    found.push(...decodeAll(views[i], language, DECODERS));
    // What characters hide that show nothing is gone from the folded text.
    if (i === 0 && !isAscii(text))
      found.unshift(...decodeSmuggled(text).map((decoded) => within(whole(text), decoded)));
    for (const view of found) {
      if (views.length >= maxViews) return views;
      if (view.text.length > left || view.text.length < MIN_VIEW_UNITS) continue;
      if (views.some((other) => other.text === view.text)) continue;
      left -= view.text.length;
      views.push(view);
      depths.push(depths[i] + 1);
    }
  }
  return views;
}

function decodeAll(outer: TextView, evidence: Evidence, decoders: readonly Decoder[]): TextView[] {
  const views: TextView[] = [];
  for (const decode of decoders) {
    const found = decode(outer.text, evidence);
    // Nearly always.
    if (found.length === 0) continue;
    for (const decoded of gather(found)) views.push(within(outer, decoded));
  }
  return views;
}

/** A part of `outer`'s text, mapped to the source of `outer`. */
function around(outer: TextView, part: MappedText): TextView {
  return {
    text: part.text,
    layers: outer.layers,
    toSource(start, end) {
      const inOuter = part.toSource(start, end);
      return outer.toSource(inOuter.start, inOuter.end);
    },
  };
}

/** `inner`, which was decoded from `outer`, folded and mapped to the source of `outer`. */
function within(outer: TextView, inner: Decoded): TextView {
  const folded = foldText(inner.text);
  return {
    text: folded.text,
    layers: [...outer.layers, inner.layer, ...folded.layers],
    toSource(start, end) {
      const inFolded = folded.toSource(start, end);
      const inInner = inner.toSource(inFolded.start, inFolded.end);
      return outer.toSource(inInner.start, inInner.end);
    },
  };
}

function whole(text: string): TextView {
  return { text, layers: [], toSource: (start, end) => ({ start, end }) };
}
