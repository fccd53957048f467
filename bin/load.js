// Loads a CommonJS bundle with V8's code cache beside it, which saves most of the time to compile it. A cache that
// another version of V8 has made is refused by V8, and the bundle is compiled as usual.
const { closeSync, openSync, readSync, statSync } = require("node:fs");
const { createRequire, wrap } = require("node:module");
const { dirname } = require("node:path");
const { Script } = require("node:vm");

// Each thread may keep twice the largest block that the process has ever freed: glibc's malloc goes by that (mallopt(3),
// M_MMAP_THRESHOLD). With a megabyte freed at the start, V8's threads keep ten MiB of what they compiled with. So files are
// read in small pieces here, or to memory that is none of malloc's.

/** @param {string} path of the bundle, which is ASCII @param {Uint8Array} [cachedData] */
exports.loadScript = function loadScript(path, cachedData) {
  const script = new Script(wrap(readAscii(path)), {
    // V8 keeps the name that the cache was made with: a stack would show a folder of the builder's.
    filename: "m2m/dist/cli/main.cjs",
    cachedData,
  });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path));
  return { exports: module.exports, script };
};

/** The bytes of a file. V8 maps memory itself for a buffer that may be resized. @param {string} path */
exports.readBytes = function readBytes(path) {
  const { size } = statSync(path);
  const bytes = new Uint8Array(new ArrayBuffer(size, { maxByteLength: size }));
  let length = 0;
  eachPiece(path, (piece) => {
    bytes.set(piece, length);
    length += piece.length;
  });
  return bytes;
};

function readAscii(path) {
  let text = "";
  eachPiece(path, (piece) => (text += piece.latin1Slice()));
  return text;
}

function eachPiece(path, take) {
  const buffer = Buffer.allocUnsafeSlow(65536);
  const file = openSync(path, "r");
  try {
    for (let size; (size = readSync(file, buffer)) > 0;) take(buffer.subarray(0, size));
  } finally {
    closeSync(file);
  }
}
