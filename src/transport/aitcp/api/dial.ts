import { connect as connectSocket, type Socket } from "node:net";
import { UpstreamError } from "../../../shared/errors.js";
import { formatAddress, type AiTcpAddress } from "./address.js";

/** A connection over TCP. @throws {UpstreamError} `M2M_CONNECTION_FAILED` */
export function dialTcp(address: AiTcpAddress, signal: AbortSignal): Promise<Socket> {
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
