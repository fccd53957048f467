import { expect } from "chai";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { nodeCrypto } from "../../src/transport/aitcp/crypto/index.js";
import { CipherState, HandshakeState } from "../../src/transport/aitcp/noise/index.js";
import { requirePeer } from "../helpers/peers.js";
import { toHex } from "../helpers/shared-vectors.js";

const SCRIPT = fileURLToPath(new URL("noise_peer.py", import.meta.url));
const PROLOGUE = Buffer.from("AI-TCP/1 over TCP");
const NONE = new Uint8Array(0);
const crypto = nodeCrypto();

/** Messages with their length before them, in 2 bytes. */
class MessageSocket {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  send(message: Uint8Array): void {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    this.#socket.write(Buffer.concat([length, message]));
  }

  async receive(): Promise<Uint8Array> {
    const head = await this.#read(2);
    return this.#read(head.readUInt16BE());
  }

  end(): void {
    this.#socket.end();
  }

  async #read(length: number): Promise<Buffer> {
    while (this.#rest.length < length) {
      const { value, done } = await this.#chunks.next();
      if (done === true) throw new Error("The peer has ended.");
      this.#rest = Buffer.concat([this.#rest, value]);
    }
    const bytes = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return bytes;
  }
}

interface Peer {
  readonly process: ChildProcessWithoutNullStreams;
  readonly lines: AsyncIterator<string>;
}

describe("interop: Noise of Python's noiseprotocol over TCP", function () {
  this.timeout(20_000);
  let python = "";
  before(function () {
    python = requirePeer(this, "python");
  });

  const start = (...words: string[]): Peer => {
    const process = spawn(python, [SCRIPT, ...words]);
    process.stderr.pipe(global.process.stderr);
    return { process, lines: createInterface(process.stdout)[Symbol.asyncIterator]() };
  };

  for (const pattern of ["XX", "IK", "IKpsk2"]) {
    for (const isInitiator of [true, false]) {
      it(`${pattern}, as ${isInitiator ? "initiator" : "responder"}`, async () => {
        const [ownKey, peerKey, psk] = [1, 2, 3].map(() => crypto.randomBytes(32));
        const [own, peerStatic] = [ownKey, peerKey].map((key) => crypto.x25519KeyPair(key));
        const isKnown = pattern !== "XX";
        const hasPsk = pattern === "IKpsk2";
        const words = [
          pattern,
          toHex(peerKey),
          isKnown && !isInitiator ? toHex(own.publicKey) : "-",
          hasPsk ? toHex(psk) : "-",
        ];
        const state = new HandshakeState({
          crypto,
          pattern,
          isInitiator,
          prologue: PROLOGUE,
          s: own,
          rs: isKnown && isInitiator ? peerStatic.publicKey : undefined,
          psk: hasPsk ? psk : undefined,
        });
        const { peer, socket } = isInitiator ? await dial(words) : await accept(words);
        try {
          for (let writes = isInitiator; !state.isFinished; writes = !writes) {
            if (writes) socket.send(state.writeMessage(Buffer.from("hello from Node")));
            else {
              const { payload } = state.readMessage(await socket.receive());
              expect(Buffer.from(payload).toString()).to.equal("hello from Python");
            }
          }
          expect((await peer.lines.next()).value).to.equal(toHex(state.handshakeHash));
          expect(state.remoteStatic).to.deep.equal(peerStatic.publicKey);
          await exchange(socket, state, isInitiator);
          socket.end();
          const [code] = await once(peer.process, "exit");
          expect(code).to.equal(0);
        } finally {
          peer.process.kill();
        }
      });
    }
  }

  async function dial(words: string[]): Promise<{ peer: Peer; socket: MessageSocket }> {
    const peer = start("listen", "0", ...words);
    const { value: port } = await peer.lines.next();
    const socket = connect(Number(port), "127.0.0.1");
    await once(socket, "connect");
    return { peer, socket: new MessageSocket(socket) };
  }

  async function accept(words: string[]): Promise<{ peer: Peer; socket: MessageSocket }> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const peer = start("connect", String((server.address() as AddressInfo).port), ...words);
    const [socket] = (await once(server, "connection")) as [Socket];
    server.close();
    return { peer, socket: new MessageSocket(socket) };
  }
});

/** The peer answers each message by its bytes in reverse. */
async function exchange(socket: MessageSocket, state: HandshakeState, isInitiator: boolean): Promise<void> {
  const keys = state.split();
  const [out, incoming] = (isInitiator ? keys : keys.reverse()).map((key) => new CipherState(crypto, key));
  for (const length of [0, 1, 300, 40_000]) {
    const message = crypto.randomBytes(length);
    socket.send(out.encryptWithAd(NONE, message));
    const answer = incoming.decryptWithAd(NONE, await socket.receive());
    expect(toHex(answer)).to.equal(toHex(Uint8Array.from(message).reverse()));
  }
}
