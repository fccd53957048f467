import { UnsupportedError } from "./errors.js";

/** The Node modules the library may use. Each has a portable replacement or a clear refusal. */
interface NodeModules {
  buffer: typeof import("node:buffer");
  crypto: typeof import("node:crypto");
  fs: typeof import("node:fs");
  module: typeof import("node:module");
  path: typeof import("node:path");
  url: typeof import("node:url");
  zlib: typeof import("node:zlib");
}

/**
 * A Node built-in module, or `undefined` outside Node. Nothing is imported statically, so bundlers for
 * browsers and edge runtimes see no `node:` specifier (`process.getBuiltinModule`, Node >= 20.16).
 */
export function tryNodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  if (typeof process === "undefined" || typeof process.getBuiltinModule !== "function") return undefined;
  return process.getBuiltinModule(`node:${name}`) as NodeModules[Name] | undefined;
}

/**
 * A Node built-in module.
 * @throws {UnsupportedError} `M2M_PLATFORM_UNSUPPORTED` outside Node, naming `purpose`.
 */
export function requireNodeModule<Name extends keyof NodeModules>(
  name: Name,
  purpose: string,
): NodeModules[Name] {
  const found = tryNodeModule(name);
  if (found) return found;
  throw new UnsupportedError(
    "M2M_PLATFORM_UNSUPPORTED",
    `${purpose} needs node:${name}, which this platform lacks.`,
  );
}
