import { letterOf, type CreateHash, type IncrementalHash, type Role, type TurnScope } from "./parties.js";

const PREFIX = new TextEncoder().encode("AI-TCP/1 turn\0");
const HASH_BYTES = 32;

/**
 * The turns of one side of a connection: what is hashed, and the text that is signed (docs/spec/aitcp.md, Turns and signatures). Signer and
 * verifier keep the same.
 */
export class TurnChain {
  readonly #scope: TurnScope;
  readonly #role: Role;
  readonly #createHash: CreateHash;
  /** Made when there is something to hash: most connections are idle. */
  #hash: IncrementalHash | undefined;
  /** The hash of the turn before, a character a byte: as an array it would take five times the memory. */
  #before: string | undefined;
  #number = 0;
  #messages = 0;
  #bytes = 0;

  constructor(scope: TurnScope, role: Role, createHash: CreateHash) {
    this.#scope = scope;
    this.#role = role;
    this.#createHash = createHash;
  }

  /** Of the turn under way, from 0. */
  get number(): number {
    return this.#number;
  }
  /** Messages that have ended in it. */
  get messages(): number {
    return this.#messages;
  }
  /** Of its frames. */
  get bytes(): number {
    return this.#bytes;
  }
  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** @param frames as they stand in a record, without PADDING and TURN_END */
  add(frames: Uint8Array, messages: number): void {
    if (frames.length === 0) return;
    this.#hash ??= this.#createHash();
    this.#hash.update(frames);
    this.#messages += messages;
    this.#bytes += frames.length;
  }

  /** Ends the turn and begins the next. @returns the text that its signature is of */
  close(timeMs: number): Uint8Array {
    const digest = (this.#hash ?? this.#createHash()).digest();
    const text = signedText(
      this.#scope,
      this.#role,
      this.#number,
      timeMs,
      this.#before === undefined ? new Uint8Array(HASH_BYTES) : Buffer.from(this.#before, "latin1"),
      digest,
    );
    this.#hash = undefined;
    this.#before = Buffer.from(digest).toString("latin1");
    this.#number++;
    this.#messages = 0;
    this.#bytes = 0;
    return text;
  }
}

/** The text that the signature of a turn is of (docs/spec/aitcp.md, Turns and signatures). */
export function signedText(
  { handshakeHash, initiator, responder }: TurnScope,
  role: Role,
  number: number,
  timeMs: number,
  before: Uint8Array,
  digest: Uint8Array,
): Uint8Array {
  const parts = [
    PREFIX,
    handshakeHash,
    initiator,
    responder,
    Uint8Array.of(letterOf(role)),
    bigEndian(number),
    bigEndian(timeMs),
    before,
    digest,
  ];
  const text = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    text.set(part, at);
    at += part.length;
  }
  return text;
}

function bigEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(value / 2 ** 32));
  view.setUint32(4, value % 2 ** 32);
  return bytes;
}
