// Loads a CommonJS bundle with V8's code cache beside it, which saves most of the time to compile it. A cache that
// another version of V8 has made is refused by V8, and the bundle is compiled as usual.
const { readFileSync } = require("node:fs");
const { createRequire, wrap } = require("node:module");
const { dirname } = require("node:path");
const { Script } = require("node:vm");

/** @param {string} path of the bundle @param {Buffer} [cachedData] */
exports.loadScript = function loadScript(path, cachedData) {
  const script = new Script(wrap(readFileSync(path, "utf8")), {
    // V8 keeps the name that the cache was made with: a stack would show a folder of the builder's.
    filename: "m2m/dist/cli/main.cjs",
    cachedData,
  });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path));
  return { exports: module.exports, script };
};
