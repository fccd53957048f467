import { UnsupportedError } from "./errors.js";

/** Why an optional package cannot be used, for what its `import()` has thrown. */
export function packageMissing(
  name: string,
  cause: unknown,
  hint = `Run: npm install ${name}, with -g if m2m is installed so.`,
): UnsupportedError {
  // The bundle of the command line requires what it imports.
  const isMissing = /^(ERR_)?MODULE_NOT_FOUND$/.test(String((cause as NodeJS.ErrnoException | null)?.code));
  return new UnsupportedError(
    "M2M_PACKAGE_MISSING",
    isMissing
      ? `The package ${name} is not installed.`
      : `The package ${name} does not load: ${String(cause)}.`,
    { hint, cause },
  );
}
