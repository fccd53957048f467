// The far end of test/bench/aitcp.ts, in a process of its own: peer.mjs tls|aitcp [CERT KEY] [SIGNATURES]
import { readFileSync } from "node:fs";
import { createServer, type TLSSocket } from "node:tls";
import { createAiTcpServer } from "../../../src/transport/aitcp/api/index.js";
import type { SignatureMode } from "../../../src/transport/aitcp/turn/index.js";
import { FrameSplitter, frame } from "./tls-frames.js";
import { NO_LIMITS, serverIdentity, serverTrust } from "./identities.js";

const [kind, ...rest] = process.argv.slice(2);

// A message whose first byte is 1 is answered by itself; of others only the last is, which begins with 2.
const wantsAnswer = (message: Uint8Array): boolean => message[0] !== 0;

if (kind === "tls") {
  const [certFile, keyFile, ciphers] = rest;
  const cert = readFileSync(certFile);
  const server = createServer(
    { cert, key: readFileSync(keyFile), ca: [cert], requestCert: true, minVersion: "TLSv1.3", ciphers },
    (socket: TLSSocket) => {
      socket.setNoDelay(true);
      const splitter = new FrameSplitter();
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => {
        for (const message of splitter.push(chunk)) if (wantsAnswer(message)) socket.write(frame(message));
      });
    },
  );
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as { port: number }).port));
} else {
  const server = await createAiTcpServer({
    identity: serverIdentity,
    trust: serverTrust,
    limits: NO_LIMITS,
    settings: { signatures: [(rest[0] ?? "turn") as SignatureMode] },
    onSession: (session) => {
      void (async () => {
        for await (const stream of session) {
          void (async () => {
            for await (const message of stream) if (wantsAnswer(message)) stream.write(message);
            stream.end();
          })().catch(() => {});
        }
      })().catch(() => {});
    },
  });
  process.send?.(server.port);
}

process.on("message", () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  process.send?.({ rss, used: heapUsed + external, cpuUs: user + system });
});
process.on("disconnect", () => process.exit());
