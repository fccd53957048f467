import { connect, type TLSSocket } from "node:tls";
import { connectAiTcp, type AiTcpSession } from "../../../src/transport/aitcp/api/index.js";
import type { SignatureMode } from "../../../src/transport/aitcp/turn/index.js";
import { clientIdentity, clientTrust } from "./identities.js";
import { frame, FrameSplitter } from "./tls-frames.js";

/** One connection, as the benchmark drives it. */
export interface BenchCarrier {
  /** Resolves when there is room for more; nothing if there is. */
  write(message: Uint8Array): Promise<void> | undefined;
  onMessage: (message: Uint8Array) => void;
  close(): void;
}

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export async function overTls(
  port: number,
  { cert, key }: Certificate,
  ciphers?: string,
): Promise<BenchCarrier> {
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const made = connect(
      {
        port,
        host: "127.0.0.1",
        servername: "localhost",
        ca: [cert],
        cert,
        key,
        minVersion: "TLSv1.3",
        ciphers,
      },
      () => resolve(made),
    );
    made.once("error", reject);
  });
  socket.setNoDelay(true);
  const splitter = new FrameSplitter();
  const carrier: BenchCarrier = {
    write: (message) =>
      socket.write(frame(message))
        ? undefined
        : new Promise((resolve) => socket.once("drain", () => resolve())),
    onMessage: () => {},
    close: () => socket.destroy(),
  };
  socket.on("data", (chunk: Buffer) => {
    for (const message of splitter.push(chunk)) carrier.onMessage(message);
  });
  return carrier;
}

export async function overAiTcp(port: number, signatures: SignatureMode): Promise<BenchCarrier> {
  const session = await connectAiTcp(`aitcp://127.0.0.1:${port}`, {
    identity: clientIdentity,
    trust: clientTrust,
    settings: { signatures: [signatures] },
  });
  return carrierOf(session);
}

function carrierOf(session: AiTcpSession): BenchCarrier {
  const stream = session.openStream();
  const carrier: BenchCarrier = {
    write: (message) => {
      stream.write(message);
      return session.isWritable ? undefined : stream.ready();
    },
    onMessage: () => {},
    close: () => session.close(),
  };
  void (async () => {
    for await (const message of stream) carrier.onMessage(message);
  })().catch(() => {});
  return carrier;
}
