import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pickDictionary } from "./cover.js";

/** What a format may be given to know of the traffic beforehand. */
export type DictionaryName = "deflate" | "zstd";
export type Dictionaries = Readonly<Record<DictionaryName, Uint8Array>>;

/** The window of deflate, of which 262 bytes are out of reach (MAX_DIST of zlib); and the usual size of `zstd --train`. */
const SIZES: Readonly<Record<DictionaryName, number>> = { deflate: 32_768 - 262, zstd: 112_640 };

/** Whether `zstd` is there to train dictionaries; without it they are picked by `pickDictionary`. */
export function hasZstd(): boolean {
  return spawnSync("zstd", ["--version"]).status === 0;
}

/**
 * Dictionaries for `samples`, trained by `zstd --train` where there is one.
 * @throws {Error} if zstd finds the samples too few
 */
export function trainDictionaries(samples: readonly Uint8Array[]): Dictionaries {
  if (!hasZstd()) {
    return {
      deflate: pickDictionary(samples, SIZES.deflate),
      zstd: pickDictionary(samples, SIZES.zstd),
    };
  }
  const folder = mkdtempSync(join(tmpdir(), "m2m-dictionary-"));
  try {
    samples.forEach((sample, index) => writeFileSync(join(folder, `${index}.sample`), sample));
    const train = (sizeBytes: number): Uint8Array => {
      const output = join(folder, "dictionary");
      const size = `--maxdict=${sizeBytes}`;
      execFileSync("zstd", ["--train", "-r", folder, "-o", output, "-f", "-q", size]);
      const dictionary = readFileSync(output);
      rmSync(output);
      return dictionary;
    };
    return { deflate: train(SIZES.deflate), zstd: train(SIZES.zstd) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
