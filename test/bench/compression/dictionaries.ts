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

/** Whether `zstd` is there to train its dictionary; without it that is picked too. */
export function hasZstd(): boolean {
  return spawnSync("zstd", ["--version"]).status === 0;
}

/**
 * Dictionaries for `samples`. The one for deflate is picked: what `zstd --train` makes of that size serves it less well,
 * small messages above all.
 * @throws {Error} if zstd finds the samples too few
 */
export function trainDictionaries(samples: readonly Uint8Array[]): Dictionaries {
  return {
    deflate: pickDictionary(samples, SIZES.deflate),
    zstd: hasZstd() ? trainZstd(samples) : pickDictionary(samples, SIZES.zstd),
  };
}

function trainZstd(samples: readonly Uint8Array[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "m2m-dictionary-"));
  try {
    samples.forEach((sample, index) => writeFileSync(join(folder, `${index}.sample`), sample));
    const output = join(folder, "dictionary");
    execFileSync("zstd", ["--train", "-r", folder, "-o", output, "-q", `--maxdict=${SIZES.zstd}`]);
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
