import { createHash } from "node:crypto";
import { readRecord, RecordWriter, type StreamFrame } from "../../../../src/transport/aitcp/frames/index.js";
import { Streams, type FlowSettings } from "../../../../src/transport/aitcp/flow/index.js";
import {
  TranscriptWriter,
  TurnSigner,
  TurnVerifier,
  type Role,
  type SignatureMode,
  type TurnScope,
} from "../../../../src/transport/aitcp/turn/index.js";
import { identityOf, sha256, verifyEd25519 } from "./ed25519.js";

const OWN: FlowSettings = {
  messageBytes: 100_000,
  streamWindow: 50_000,
  sessionWindow: 100_000,
  streams: 10,
};
const NO_SIGNATURE = new Uint8Array(64);

/** A session of two sides without ciphers, each of which signs and verifies, with the transcript that one of them keeps. */
export class SampleSession {
  readonly initiator = identityOf("initiator");
  readonly responder = identityOf("responder");
  readonly streams: Record<Role, Streams>;
  readonly writer: TranscriptWriter;
  nowMs = 1_790_000_000_000;
  readonly #mode: SignatureMode;
  readonly #chunks: Uint8Array[] = [];
  #signers!: Record<Role, TurnSigner>;
  #verifiers!: Record<Role, TurnVerifier>;
  #connections = 0;

  constructor(mode: SignatureMode = "turn") {
    this.#mode = mode;
    const make = (isInitiator: boolean) => new Streams({ isInitiator, own: OWN });
    this.streams = { initiator: make(true), responder: make(false) };
    this.streams.initiator.setPeer(OWN);
    this.streams.responder.setPeer(OWN);
    this.writer = new TranscriptWriter((bytes) => void this.#chunks.push(Uint8Array.from(bytes)));
    this.#open();
  }

  get transcript(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#chunks));
  }

  get scope(): TurnScope {
    return {
      handshakeHash: Uint8Array.from(createHash("sha256").update(`connection ${this.#connections}`).digest()),
      initiator: this.initiator.publicKey,
      responder: this.responder.publicKey,
    };
  }

  /** One record of a side. @returns whether there was one */
  step(role: Role, { isLost = false, ends = false }: { isLost?: boolean; ends?: boolean } = {}): boolean {
    const writer = new RecordWriter(new Uint8Array(1500));
    if (!this.streams[role].fill(writer) && !ends) return false;
    const signer = this.#signers[role];
    signer.add(writer.turnFrames, writer.messages, this.nowMs);
    if (ends) signer.want();
    let signature: Uint8Array = NO_SIGNATURE;
    this.writer.frames(role, writer.turnFrames);
    if (signer.isDue(this.nowMs)) {
      const turn = signer.end(this.nowMs);
      writer.turnEnd(turn.number, turn.timeMs);
      ({ signature } = turn);
      this.writer.turn(role, turn);
    }
    writer.pad(writer.length + 20);
    if (!isLost) this.#receive(role, writer.record, signature);
    return true;
  }

  /** Records go both ways until there are none, and all turns end. */
  settle(): void {
    while ([this.step("initiator"), this.step("responder")].includes(true)) this.nowMs += 10;
    if (this.#mode === "none") return;
    this.step("initiator", { ends: true });
    this.step("responder", { ends: true });
  }

  /** The application of a side takes all. @returns how many messages */
  takeAll(role: Role, stream: number, taken: number): number {
    let count = taken;
    while (this.streams[role].take(stream)) count++;
    this.streams[role].acknowledge(stream, count);
    return count;
  }

  reconnect(): void {
    this.writer.end(false);
    for (const streams of Object.values(this.streams)) streams.connectionLost();
    this.#connections++;
    this.nowMs += 60_000;
    this.#open();
    for (const streams of Object.values(this.streams)) streams.resume();
  }

  #open(): void {
    const { scope } = this;
    this.writer.open(scope, this.#mode, this.nowMs);
    const signerOf = (role: Role) =>
      new TurnSigner({ mode: this.#mode, scope, role, sign: this[role].sign, createHash: sha256 });
    const verifierOf = (role: Role) =>
      new TurnVerifier({ mode: this.#mode, scope, role, verify: verifyEd25519, createHash: sha256 });
    this.#signers = { initiator: signerOf("initiator"), responder: signerOf("responder") };
    this.#verifiers = { initiator: verifierOf("initiator"), responder: verifierOf("responder") };
  }

  #receive(from: Role, record: Uint8Array, signature: Uint8Array): void {
    const to: Role = from === "initiator" ? "responder" : "initiator";
    const content = readRecord(record);
    this.#verifiers[from].accept(record, content, signature);
    for (const frame of content.frames) this.streams[to].receive(frame as StreamFrame);
  }
}

/** A question, its answer, a connection that is lost, and what is sent again. */
export function sampleTranscript(mode: SignatureMode = "turn"): Uint8Array {
  const session = new SampleSession(mode);
  const { initiator, responder } = session.streams;
  const stream = initiator.open();
  initiator.send(stream, Buffer.from("What is the capital of France?"));
  session.settle();
  session.takeAll("responder", stream, 0);
  responder.send(stream, Buffer.from("Paris."));
  responder.send(stream, new Uint8Array(4000).fill(0x80));
  session.settle();
  session.takeAll("initiator", stream, 0);
  session.settle();
  initiator.send(stream, Buffer.from("And of Spain?"));
  session.step("initiator", { isLost: true, ends: mode !== "none" });
  session.reconnect();
  session.settle();
  session.takeAll("responder", stream, 1);
  session.settle();
  session.writer.end(true);
  return session.transcript;
}
