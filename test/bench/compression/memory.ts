import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { quantile } from "../support.js";
import type { Dictionaries } from "./dictionaries.js";
import type { OpenFormat } from "./measure.js";

const CHILD = fileURLToPath(new URL("memory-child.ts", import.meta.url));
const RUNS = 3;

/** Growth of resident memory in MiB of processes that load one format each and use it; the median of three processes. */
export function measureMemory(
  formats: readonly OpenFormat[],
  dictionaries: Partial<Dictionaries>,
  corpusFile: string,
): number[] {
  const folder = mkdtempSync(join(tmpdir(), "m2m-memory-"));
  try {
    return formats.map(({ format }) => {
      const args = ["--expose-gc", "--import", "tsx", CHILD, format.name, corpusFile];
      if (format.dictionary) {
        const file = join(folder, format.dictionary);
        writeFileSync(file, dictionaries[format.dictionary]!);
        args.push(file);
      }
      const grown = Array.from({ length: RUNS }, () =>
        Number(execFileSync(process.execPath, args, { encoding: "utf8" })),
      );
      return quantile(grown, 0.5) / 2 ** 20;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
