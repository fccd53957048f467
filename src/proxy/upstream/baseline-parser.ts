import { setFlagsFromString } from "node:v8";
import type { buildConnector } from "undici";

const BASELINE = ["--no-wasm-lazy-compilation", "--no-wasm-dynamic-tiering", "--no-wasm-tier-up"];
const DEFAULTS = ["--wasm-lazy-compilation", "--wasm-dynamic-tiering", "--wasm-tier-up"];

/**
 * `connect`, which has V8 leave undici's parser of HTTP as its baseline compiler makes it. The parser is one function of WebAssembly
 * that undici compiles when there is a first connection; V8's optimizing compiler takes 40 MiB to make it no faster for
 * answers of an API, and some of them stay with the process. Modules that are compiled at other times are optimized as ever.
 */
export function keepBaselineParser(connect: buildConnector.connector): buildConnector.connector {
  let isCompiled = false;
  return (options, callback) =>
    connect(options, (...result: Parameters<buildConnector.Callback>) => {
      if (isCompiled || result[0] !== null) return callback(...result);
      isCompiled = true;
      BASELINE.forEach(setFlagsFromString);
      try {
        callback(...result);
      } finally {
        DEFAULTS.forEach(setFlagsFromString);
      }
    });
}
