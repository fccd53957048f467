import { FormatError, UnsupportedError } from "../../../shared/errors.js";
import { lazily } from "../../../shared/lazy.js";
import { ORDER4_BITS, ORDER6_BITS } from "../binarisation/candidates.js";
import { growTrees, TREE_VALUES } from "../binarisation/code-trees.js";
import { RUN_VALUES } from "../binarisation/run-coder.js";
import { END_VALUES } from "../binarisation/end-coder.js";
import { indexText } from "../dictionary/match-model.js";
import {
  CONFIDENCE_VALUES,
  INPUTS,
  MAP_VALUES,
  MATCH_VALUES,
  PAIR_MAP_VALUES,
  type PredictorParameters,
  WEIGHT_SETS,
} from "../modelling/predictor.js";
import { FOLLOWER_VALUES } from "../modelling/followers.js";
import { type PackedCounters, STATE_PROBABILITIES } from "./counter-states.js";
import type { Prior } from "./prior.js";
import { hashWords } from "./word-hash.js";

/**
 * The prior file (docs/spec/context.md, "Prior file"): a header of 32-bit little-endian words, then the sections in the
 * order of `SECTIONS`, each padded to a multiple of 4 bytes. Sections are viewed in place.
 */
const MAGIC = 0x504d324d; // "M2MP"
export const PRIOR_VERSION = 3;
const HEADER_WORDS = 8;
const TEXT_INDEX_BITS = 18;
const MAX_LINE_BITS = 20;
const MAX_TEXT_BYTES = 1 << 22;

/** The parts of a prior that are learnt. */
export interface PriorParts extends PredictorParameters {
  readonly counters: PackedCounters;
  readonly text: Uint8Array;
  readonly order6: Uint8Array;
  readonly order4: Uint8Array;
  readonly order2: Uint8Array;
  readonly codeLengths: Uint8Array;
}

type View = Uint8Array | Int16Array | Uint16Array;

/** The bytes of a prior file. */
export function writePrior(parts: PriorParts): Uint8Array {
  const { counters } = parts;
  const sections: View[] = [
    counters.fill,
    counters.checks,
    counters.states,
    counters.probabilities,
    parts.text,
    parts.order6,
    parts.order4,
    parts.order2,
    parts.codeLengths,
    parts.stretch,
    parts.squash,
    parts.confidence,
    parts.matchConfidence,
    parts.followerConfidence,
    parts.weights,
    parts.map,
    parts.pairMap,
    parts.runs,
    parts.ends,
  ];
  const sizeBytes = sections.reduce((sum, { byteLength }) => sum + pad(byteLength), HEADER_WORDS * 4);
  const file = new Uint8Array(sizeBytes);
  let at = HEADER_WORDS * 4;
  for (const section of sections) {
    file.set(new Uint8Array(section.buffer, section.byteOffset, section.byteLength), at);
    at += pad(section.byteLength);
  }
  const header = new Uint32Array(file.buffer, 0, HEADER_WORDS);
  header.set([
    MAGIC,
    PRIOR_VERSION,
    sizeBytes,
    0,
    counters.lineBits,
    counters.states.length,
    parts.text.length,
    0,
  ]);
  header[3] = hashOf(file);
  return file;
}

/**
 * Opens a prior file. The views share its memory.
 * @throws {FormatError} `M2M_PRIOR_INVALID` if the bytes are no prior file or damaged
 * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED` if it is one of another version
 */
export function openPrior(bytes: Uint8Array): Prior {
  const file = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  if (new Uint8Array(new Uint32Array([1]).buffer)[0] !== 1) throw invalid("this machine is big-endian");
  if (file.length < HEADER_WORDS * 4) throw invalid("it is shorter than its header");
  const [magic, version, sizeBytes, hash, lineBits, counterCount, textBytes, reserved] = new Uint32Array(
    file.buffer,
    file.byteOffset,
    HEADER_WORDS,
  );
  if (magic !== MAGIC) throw invalid("it does not begin with M2MP");
  if (version !== PRIOR_VERSION) {
    throw new UnsupportedError(
      "M2M_VERSION_UNSUPPORTED",
      `The prior file has version ${version}, not ${PRIOR_VERSION}.`,
    );
  }
  if (sizeBytes !== file.length) throw invalid(`it has ${file.length} bytes, not ${sizeBytes}`);
  if (hash !== hashOf(file)) throw invalid("its checksum differs");
  if (
    reserved !== 0 ||
    lineBits > MAX_LINE_BITS ||
    textBytes > MAX_TEXT_BYTES ||
    counterCount > 12 << lineBits
  ) {
    throw invalid("its header is out of range");
  }
  let at = HEADER_WORDS * 4;
  const take = <V>(
    View: new (buffer: ArrayBufferLike, offset: number, length: number) => V,
    length: number,
    width: number,
  ): V => {
    if (at + pad(length * width) > file.length) throw invalid("its sections do not fill it");
    const view = new View(file.buffer, file.byteOffset + at, length);
    at += pad(length * width);
    return view;
  };
  const bytesOf = (length: number): Uint8Array => take(Uint8Array, length, 1);
  const signed = (length: number): Int16Array => take(Int16Array, length, 2);
  const unsigned = (length: number): Uint16Array => take(Uint16Array, length, 2);
  const counters: PackedCounters = {
    lineBits,
    fill: bytesOf(1 << lineBits),
    checks: bytesOf(counterCount),
    states: bytesOf(counterCount),
    probabilities: unsigned(STATE_PROBABILITIES),
  };
  const text = bytesOf(textBytes);
  const candidates = {
    order6: bytesOf(1 << ORDER6_BITS),
    order4: bytesOf(1 << ORDER4_BITS),
    order2: bytesOf(65536),
  };
  const trees = growTrees(bytesOf(TREE_VALUES));
  const parameters = {
    stretch: signed(4096),
    squash: unsigned(4096),
    confidence: signed(CONFIDENCE_VALUES),
    matchConfidence: signed(MATCH_VALUES),
    followerConfidence: signed(FOLLOWER_VALUES),
    weights: signed(WEIGHT_SETS * INPUTS),
    map: unsigned(MAP_VALUES),
    pairMap: unsigned(PAIR_MAP_VALUES),
    runs: unsigned(RUN_VALUES),
    ends: unsigned(END_VALUES),
  };
  if (at !== file.length) throw invalid("its sections do not fill it");
  const index = lazily(() => indexText(text, TEXT_INDEX_BITS));
  return {
    hash,
    text,
    get index() {
      return index();
    },
    candidates,
    trees,
    parameters,
    counters,
  };
}

/** The hash of all that follows the hash itself. */
function hashOf(file: Uint8Array): number {
  return hashWords(file.subarray(16));
}

function pad(sizeBytes: number): number {
  return (sizeBytes + 3) & ~3;
}

function invalid(why: string): FormatError {
  return new FormatError("M2M_PRIOR_INVALID", `The prior file cannot be used: ${why}.`, {
    hint: "Install the package again.",
  });
}
