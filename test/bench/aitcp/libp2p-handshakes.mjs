// Handshakes a second of Noise in js-libp2p, both ends in this process over a pair in memory: node - MS < this file, in a folder with the packages
import { noise } from "@chainsafe/libp2p-noise";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { defaultLogger } from "@libp2p/logger";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { multiaddrConnectionPair } from "@libp2p/utils";

// The packages are for Node 22.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
};

async function makeSide() {
  const privateKey = await generateKeyPair("Ed25519");
  const peerId = peerIdFromPrivateKey(privateKey);
  const upgrader = { getStreamMuxers: () => new Map(), getConnectionEncrypters: () => new Map() };
  return { peerId, encrypter: noise()({ privateKey, peerId, logger: defaultLogger(), upgrader }) };
}

const [one, other] = [await makeSide(), await makeSide()];
const shake = () => {
  const [here, there] = multiaddrConnectionPair();
  const options = { skipStreamMuxerNegotiation: true };
  return Promise.all([
    one.encrypter.secureOutbound(here, { ...options, remotePeer: other.peerId }),
    other.encrypter.secureInbound(there, { ...options, remotePeer: one.peerId }),
  ]);
};
for (let warm = 0; warm < 20; warm++) await shake();
const ms = Number(process.argv[2]);
const startMs = performance.now();
let count = 0;
for (; performance.now() - startMs < ms; count++) await shake();
console.log((count / (performance.now() - startMs)) * 1000);
