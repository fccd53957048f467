import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Public suites are not in the repository: they lie beside it, or where `M2M_SHARED_VECTORS` says. */
const FOLDER =
  process.env.M2M_SHARED_VECTORS ?? fileURLToPath(new URL("../../../shared/vectors", import.meta.url));

/** A file of a public suite of vectors. A test without it is skipped. Call it in a test or in `before`. */
export function readSharedVectors<Content>(test: Mocha.Context, file: string): Content {
  const path = join(FOLDER, file);
  if (!existsSync(path)) test.skip();
  return JSON.parse(readFileSync(path, "utf8")) as Content;
}

/** The bytes that hexadecimal digits spell. */
export const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));

/** Lower case. */
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
