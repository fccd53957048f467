import type { Duplex } from "node:stream";
import { connect, createSecureContext, createServer, type TLSSocket } from "node:tls";
import { connectAiTcp, createAiTcpServer, type AiTcpServer } from "../../../src/transport/aitcp/api/index.js";
import { dialTcp } from "../../../src/transport/aitcp/api/dial.js";
import type { Certificate } from "./carriers.js";
import { clientIdentity, clientTrust, NO_LIMITS, serverIdentity, serverTrust } from "./identities.js";

/** Handshakes that run side by side. */
const CLIENTS = 8;

/** How many times a second `run` is done, by several at a time, for about `ms` milliseconds. */
async function perSecond(ms: number, run: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (performance.now() - startMs < ms) {
        await run();
        count++;
      }
    }),
  );
  return (count / (performance.now() - startMs)) * 1000;
}

/**
 * TLS 1.3 with certificates of both sides over TCP, up to the first byte back; full, or resumed by a ticket.
 * @param hasContext the client reads its key and certificates once, and not for each connection, as `tls.connect` does with its options
 */
export async function tlsHandshakes(
  { cert, key }: Certificate,
  isResumed: boolean,
  ms: number,
  hasContext = false,
): Promise<number> {
  const server = createServer(
    { cert, key, ca: [cert], requestCert: true, minVersion: "TLSv1.3" },
    (socket) => {
      socket.on("error", () => {});
      socket.on("data", (chunk) => socket.write(chunk));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  // A server of TLS takes a ticket as often as it comes, and gives no other for it.
  let held: Buffer | undefined;
  let resumed = 0;
  let total = 0;
  const secureContext = createSecureContext({ ca: [cert], cert, key, minVersion: "TLSv1.3" });
  const shake = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const session = isResumed ? held : undefined;
      const identity = hasContext ? { secureContext } : { ca: [cert], cert, key };
      const options = { port, host: "127.0.0.1", servername: "localhost", ...identity, session };
      const socket: TLSSocket = connect({ ...options, minVersion: "TLSv1.3" }, () => socket.write("x"));
      socket.on("session", (ticket) => (held = ticket));
      socket.on("error", reject);
      socket.once("data", () => {
        total++;
        if (socket.isSessionReused()) resumed++;
        socket.destroy();
        resolve();
      });
    });
  // A ticket to begin with.
  await perSecond(200, shake);
  resumed = total = 0;
  const rate = await perSecond(ms, shake);
  server.close();
  if (isResumed && resumed < 0.9 * total)
    throw new Error(`only ${resumed} of ${total} sessions of TLS were resumed`);
  return rate;
}

/** AI-TCP over TCP, up to the first message back. @param serverStatic known: pattern IK */
export async function aitcpHandshakes(isKnown: boolean, ms: number): Promise<number> {
  const server = await echoServer();
  const rate = await perSecond(ms, async () => {
    const session = await connectAiTcp(`aitcp://127.0.0.1:${server.port}`, {
      identity: clientIdentity,
      trust: clientTrust,
      ...(isKnown && { serverStatic: serverIdentity.staticPair.publicKey }),
    });
    const stream = session.openStream();
    stream.write("x");
    await stream.receive();
    session.close();
  });
  await server.close();
  return rate;
}

/**
 * Connections of sessions that go on, each up to a message there and back.
 * @param isEarly the message goes with the first packet
 */
export async function aitcpResumptions(ms: number, isEarly = false): Promise<number> {
  const server = await echoServer(isEarly);
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      let stream: Duplex | undefined;
      const session = await connectAiTcp(`aitcp://127.0.0.1:${server.port}`, {
        identity: clientIdentity,
        trust: clientTrust,
        // A connection that was short is followed by a pause.
        reconnect: { firstDelayMs: 0, maxDelayMs: 0 },
        sendsEarly: isEarly,
        dial: async (address, signal) => (stream = (await dialTcp(address, signal)) as Duplex),
      });
      // Only new streams have messages that go early; else one goes on, as a connection of TLS is nothing but one.
      const lasting = isEarly ? undefined : session.openStream();
      const ask = async (): Promise<void> => {
        const messages = lasting ?? session.openStream();
        messages.write("x", { isSafe: isEarly });
        if (!lasting) messages.end();
        await messages.receive();
        // The next ticket comes with the answer, or just behind it.
        await immediate();
      };
      await ask();
      return {
        run: async () => {
          stream?.destroy();
          while (session.state === "open") await immediate();
          await ask();
        },
        close: () => session.close(),
      };
    }),
  );
  for (const { run } of clients) await run();
  const startMs = performance.now();
  let count = 0;
  await Promise.all(
    clients.map(async ({ run }) => {
      while (performance.now() - startMs < ms) {
        await run();
        count++;
      }
    }),
  );
  const rate = (count / (performance.now() - startMs)) * 1000;
  for (const { close } of clients) close();
  await server.close();
  return rate;
}

function immediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function echoServer(takesEarly = false): Promise<AiTcpServer> {
  return createAiTcpServer({
    takesEarly,
    identity: serverIdentity,
    trust: serverTrust,
    limits: NO_LIMITS,
    onSession: (session) => {
      void (async () => {
        for await (const stream of session) {
          void (async () => {
            for await (const message of stream) stream.write(message);
            stream.end();
          })().catch(() => {});
        }
      })().catch(() => {});
    },
  });
}
