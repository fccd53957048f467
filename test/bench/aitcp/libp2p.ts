import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** What is used of the packages; they are no dependencies. */
interface Encrypter {
  secureOutbound(connection: unknown, options: object): Promise<unknown>;
  secureInbound(connection: unknown, options: object): Promise<unknown>;
}

/**
 * Handshakes of Noise in js-libp2p, both ends in this process over a pair in memory.
 * @param folder where `@chainsafe/libp2p-noise`, `@libp2p/crypto`, `@libp2p/peer-id`, `@libp2p/logger` and `@libp2p/utils` are installed
 */
export async function libp2pHandshakes(folder: string, ms: number): Promise<number> {
  // The packages are for Node 22.
  const promises = Promise as unknown as { withResolvers?: () => unknown };
  promises.withResolvers ??= () => {
    let resolve!: (value: unknown) => void;
    let reject!: (reason: unknown) => void;
    const promise = new Promise((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    return { promise, resolve, reject };
  };
  const load = async (name: string): Promise<Record<string, (...args: unknown[]) => unknown>> => {
    const path = createRequire(join(folder, "package.json")).resolve(name);
    return (await import(pathToFileURL(path).href)) as Record<string, (...args: unknown[]) => unknown>;
  };
  const [
    { noise },
    { generateKeyPair },
    { peerIdFromPrivateKey },
    { defaultLogger },
    { multiaddrConnectionPair },
  ] = await Promise.all(
    [
      "@chainsafe/libp2p-noise",
      "@libp2p/crypto/keys",
      "@libp2p/peer-id",
      "@libp2p/logger",
      "@libp2p/utils",
    ].map(load),
  );
  const makeSide = async () => {
    const privateKey = await generateKeyPair("Ed25519");
    const peerId = peerIdFromPrivateKey(privateKey);
    const components = {
      privateKey,
      peerId,
      logger: defaultLogger(),
      upgrader: { getStreamMuxers: () => new Map(), getConnectionEncrypters: () => new Map() },
    };
    return { peerId, encrypter: (noise() as (components: object) => Encrypter)(components) };
  };
  const [one, other] = [await makeSide(), await makeSide()];
  const shake = async (): Promise<void> => {
    const [here, there] = multiaddrConnectionPair() as [unknown, unknown];
    const options = { skipStreamMuxerNegotiation: true };
    await Promise.all([
      one.encrypter.secureOutbound(here, { ...options, remotePeer: other.peerId }),
      other.encrypter.secureInbound(there, { ...options, remotePeer: one.peerId }),
    ]);
  };
  for (let warm = 0; warm < 20; warm++) await shake();
  const startMs = performance.now();
  let count = 0;
  for (; performance.now() - startMs < ms; count++) await shake();
  return (count / (performance.now() - startMs)) * 1000;
}
