import { closeSync, fstatSync, openSync, readSync, writeSync, constants, type Stats } from "node:fs";
import { fileError, OutputClosed } from "./errors.js";
import { interruptible } from "./interrupt.js";

/** Bytes asked for at once. */
const CHUNK_BYTES = 256 * 1024;

/**
 * The bytes of stdin as they come. `process.stdin` costs a tenth of Node's own start, so what is there already is read
 * without it: files directly, pipes (on Linux) through a second descriptor that does not block.
 */
export async function* readStdin(): AsyncGenerator<Uint8Array> {
  const descriptor = openWithoutBlocking();
  if (descriptor !== undefined) {
    try {
      for (;;) {
        const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
        const size = tryRead(descriptor, chunk);
        if (size === 0) return;
        if (size === undefined) break;
        // A handler of Ctrl-C runs only between two turns of the event loop, and these reads never wait for one.
        if (process.listenerCount("SIGINT") > 0) await new Promise((resolve) => setImmediate(resolve));
        yield chunk.subarray(0, size);
      }
    } finally {
      if (descriptor !== 0) closeSync(descriptor);
    }
  }
  const chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>;
  try {
    for (;;) {
      const { done, value } = await interruptible(() => chunks.next());
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw fileError("read", "stdin", error);
  } finally {
    process.stdin.destroy();
  }
}

/** A descriptor of stdin whose reads return at once, or `undefined`. */
function openWithoutBlocking(): number | undefined {
  const stat = tryStat(0);
  // Node gives an empty stream for a folder.
  if (stat?.isDirectory())
    throw fileError("read", "stdin", Object.assign(new Error("EISDIR"), { code: "EISDIR" }));
  if (stat?.isFile()) return 0;
  if (!stat?.isFIFO() || process.platform !== "linux") return undefined;
  try {
    return openSync("/proc/self/fd/0", constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

function tryStat(descriptor: number): Stats | undefined {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
}

/** Bytes read, 0 at the end, `undefined` if there is nothing yet. */
function tryRead(descriptor: number, chunk: Uint8Array): number | undefined {
  try {
    return readSync(descriptor, chunk, 0, chunk.length, null);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EAGAIN") return undefined;
    if (code === "EOF") return 0;
    throw fileError("read", "stdin", error);
  }
}

/**
 * Writes all of `data` to stdout. A slow reader holds the writer back: the write blocks.
 * @throws {OutputClosed} if the reader has gone
 * @throws {InputError} `M2M_FILE_WRITE`
 */
export async function writeStdout(data: string | Uint8Array): Promise<void> {
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  let offset = 0;
  try {
    while (offset < bytes.length) offset += writeSync(1, bytes, offset);
  } catch (error) {
    // Somebody made the pipe non-blocking; only the stream can wait for it.
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw stdoutError(error);
    await writeStream(bytes.subarray(offset));
  }
}

function writeStream(bytes: Uint8Array): Promise<void> {
  return interruptible(
    () =>
      new Promise((resolve, reject) => {
        const fail = (error: Error) => reject(stdoutError(error));
        process.stdout.once("error", fail);
        process.stdout.write(bytes, (error) => {
          process.stdout.off("error", fail);
          if (error) fail(error);
          else resolve();
        });
      }),
  );
}

export function stdoutError(error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  // EOF is what Windows says.
  if (code === "EPIPE" || code === "EOF") return new OutputClosed("the reader of stdout has gone");
  return fileError("write", "stdout", error);
}

/** Writes to stderr, as far as it goes: a message that cannot be shown is no reason to fail. */
export function writeStderr(text: string): void {
  const bytes = Buffer.from(text);
  let offset = 0;
  try {
    while (offset < bytes.length) offset += writeSync(2, bytes, offset);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") process.stderr.write(bytes.subarray(offset));
  }
}
