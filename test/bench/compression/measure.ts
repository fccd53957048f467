import type { CorpusBody } from "../support.js";
import { quantile } from "../support.js";
import type { Dictionaries } from "./dictionaries.js";
import { FORMATS, type Coder, type Format } from "./formats.js";

export interface OpenFormat {
  readonly format: Format;
  readonly coder: Coder;
}

/** One format over one corpus; arrays have an entry a message, in the order of the corpus. */
export interface Measured extends OpenFormat {
  readonly wires: readonly Uint8Array[];
}

/** Milliseconds a message; NaN where the format cannot carry it. */
export interface Timed {
  readonly compressMs: readonly number[];
  readonly decompressMs: readonly number[];
}

/** All formats that need no dictionary that is not there. */
export async function openFormats(dictionaries: Partial<Dictionaries>): Promise<OpenFormat[]> {
  const opened: OpenFormat[] = [];
  for (const format of FORMATS) {
    const dictionary = format.dictionary && dictionaries[format.dictionary];
    if (format.dictionary && !dictionary) continue;
    opened.push({ format, coder: await format.open(dictionary) });
  }
  return opened;
}

/**
 * The wires of all bodies; every one is read again and compared.
 * @throws {Error} if one does not give what it was made of
 */
export function measureSizes({ format, coder }: OpenFormat, bodies: readonly CorpusBody[]): Measured {
  const wires = bodies.map(({ text, bytes }, index) => {
    if (format.carries?.(text) === false) return bytes;
    const wire = coder.compress(bytes);
    const expected = format.restored?.(text) ?? bytes;
    if (Buffer.compare(coder.decompress(wire), expected) !== 0) {
      throw new Error(`${format.name}: message ${index} does not come back.`);
    }
    return wire;
  });
  return { format, coder, wires };
}

/**
 * Times every message in every format, one after the other in one thread: in each round all messages of one format in a
 * row, so that its tables are warm, then the next format. What counts for a message is the median of its rounds.
 */
export function timeFormats(
  measured: readonly Measured[],
  bodies: readonly CorpusBody[],
  rounds: number,
): Timed[] {
  const samples = measured.map(() =>
    bodies.map(() => ({ compress: [] as number[], decompress: [] as number[] })),
  );
  let consumed = 0;
  for (let round = 0; round < rounds; round++) {
    measured.forEach(({ format, coder, wires }, row) => {
      bodies.forEach(({ text, bytes }, column) => {
        if (format.carries?.(text) === false) return;
        const { compress, decompress } = samples[row][column];
        const start = performance.now();
        consumed += coder.compress(bytes).length;
        const middle = performance.now();
        consumed += coder.decompress(wires[column]).length;
        decompress.push(performance.now() - middle);
        compress.push(middle - start);
      });
    });
  }
  if (rounds > 0 && consumed === 0) throw new Error("Nothing was compressed.");
  return samples.map((row) => ({
    compressMs: row.map(({ compress }) => median(compress)),
    decompressMs: row.map(({ decompress }) => median(decompress)),
  }));
}

function median(values: readonly number[]): number {
  return values.length === 0 ? NaN : quantile(values, 0.5);
}
