import { connect as connectSocket } from "node:net";
import { UpstreamError } from "../../../shared/errors.js";
import type { ByteStream } from "../connection/index.js";
import { formatAddress, type AiTcpAddress } from "./address.js";

/** Makes a stream of bytes to a server. It ends what it has begun when `signal` says so. */
export type Dial = (address: AiTcpAddress, signal: AbortSignal) => Promise<ByteStream>;

/** A connection over TCP. @throws {UpstreamError} `M2M_CONNECTION_FAILED` */
export function dialTcp(address: AiTcpAddress, signal: AbortSignal): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ ...address, noDelay: true });
    const onAbort = (): void => void socket.destroy(new Error("given up"));
    const onError = (cause: Error): void => {
      signal.removeEventListener("abort", onAbort);
      const message = `The server at ${formatAddress(address)} cannot be reached: ${cause.message}.`;
      reject(new UpstreamError("M2M_CONNECTION_FAILED", message, { cause }));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", onError);
    socket.once("connect", () => {
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      resolve(socket);
    });
    if (signal.aborted) onAbort();
  });
}

/** What `dial` makes; a stream that comes after `signal` is ended. @throws what `dial` throws, or `signal` gives as its reason */
export function dialWithin(dial: Dial, address: AiTcpAddress, signal: AbortSignal): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    // What whoever gave up has as its reason.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const begin = async (): Promise<void> => {
      try {
        const stream = await dial(address, signal);
        if (signal.aborted) stream.on("error", () => {}).destroy();
        else resolve(stream);
      } catch (error) {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(error);
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    };
    if (signal.aborted) onAbort();
    else void begin();
  });
}
