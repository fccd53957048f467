import { createRequire } from "node:module";

/** What of zstd-codec (Zstandard in WebAssembly) is used here; the package has no types. */
interface Simple {
  compress(content: Uint8Array, level: number): Uint8Array | null;
  decompress(frame: Uint8Array): Uint8Array | null;
  compressUsingDict(content: Uint8Array, dictionary: object): Uint8Array | null;
  decompressUsingDict(frame: Uint8Array, dictionary: object): Uint8Array | null;
}
interface Digest {
  delete(): void;
}
interface Zstd {
  Simple: new () => Simple;
  Dict: {
    Compression: new (dictionary: Uint8Array, level: number) => Digest;
    Decompression: new (dictionary: Uint8Array) => Digest;
  };
}

/** Zstandard at one level, with a dictionary that is digested once. */
export interface ZstdCoder {
  compress(content: Uint8Array): Uint8Array;
  decompress(frame: Uint8Array): Uint8Array;
  /** Frees the digests, which the garbage collector does not see. */
  close(): void;
}

/** Loads the WebAssembly and gives what makes coders. A dictionary that was not trained serves as preceding content. */
export async function loadZstd(): Promise<(level: number, dictionary?: Uint8Array) => ZstdCoder> {
  const { ZstdCodec } = createRequire(import.meta.url)("zstd-codec") as {
    ZstdCodec: { run(use: (zstd: Zstd) => void): void };
  };
  const zstd = await new Promise<Zstd>((resolve) => ZstdCodec.run(resolve));
  const simple = new zstd.Simple();
  return (level, dictionary) => {
    if (!dictionary) {
      return {
        compress: (content) => present(simple.compress(content, level)),
        decompress: (frame) => present(simple.decompress(frame)),
        close: () => undefined,
      };
    }
    const forCompression = new zstd.Dict.Compression(dictionary, level);
    const forDecompression = new zstd.Dict.Decompression(dictionary);
    return {
      compress: (content) => present(simple.compressUsingDict(content, forCompression)),
      decompress: (frame) => present(simple.decompressUsingDict(frame, forDecompression)),
      close: () => {
        forCompression.delete();
        forDecompression.delete();
      },
    };
  };
}

function present(result: Uint8Array | null): Uint8Array {
  if (result === null) throw new Error("zstd failed.");
  return result;
}
