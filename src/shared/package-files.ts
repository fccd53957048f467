import { requireNodeModule } from "./platform.js";

/**
 * Where a file of this package is: tables, the prior, weights. The same from src/shared, dist/shared and the bundle in dist/cli. A program that has
 * this code bundled into its own has none of these files where this points, and as CommonJS not even an address: `undefined`.
 * @param path below the package's folder
 */
export function packageFile(path: string): URL | undefined {
  const base = import.meta.url as string | undefined;
  return base === undefined ? undefined : new URL(`../../${path}`, base);
}

/** What to do where the package is installed, and a file of it is missing or damaged. */
export const INSTALL_AGAIN = "Install the package again, or run `npm run build` in its sources.";

/** What to do where a file of the package is missing or damaged. */
export function packageRemedy(): string {
  return isBundled()
    ? "m2m-protocol is bundled into this program, and its files are not: name it as external to the bundler, or pass what is to be loaded."
    : INSTALL_AGAIN;
}

/** Whether this code is not where the package is installed. */
function isBundled(): boolean {
  const manifest = packageFile("package.json");
  if (!manifest) return true;
  try {
    const text = requireNodeModule("fs", "Reading a file").readFileSync(manifest, "utf8");
    return (JSON.parse(text) as { name?: unknown }).name !== "m2m-protocol";
  } catch {
    return true;
  }
}
