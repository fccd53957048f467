import { concatBytes } from "../../../shared/bytes.js";
import { FormatError } from "../../../shared/errors.js";
import { KEY_BYTES, type AiTcpCrypto, type X25519KeyPair } from "../crypto/index.js";
import { findPattern, type HandshakePattern, type Token } from "./patterns.js";
import { protocolName } from "./protocol-name.js";
import { SymmetricState } from "./symmetric-state.js";

/** Noise, revision 34, 3. */
export const MAX_NOISE_MESSAGE_BYTES = 65_535;

export interface HandshakeOptions {
  readonly crypto: AiTcpCrypto;
  /** `XX` or `IK`, with a modifier such as `psk2` or without. */
  readonly pattern: string;
  readonly isInitiator: boolean;
  readonly prologue: Uint8Array;
  /** One's own static pair. */
  readonly s: X25519KeyPair;
  /** One's own ephemeral pair, where it is not to be a new one: an initiation that is sent again keeps it. */
  readonly e?: X25519KeyPair;
  /** The responder's static public key, for an initiator of IK. */
  readonly rs?: Uint8Array;
  /** The pre-shared key, 32 bytes; it may be set later. */
  readonly psk?: Uint8Array;
}

export interface ReadHandshakeMessage {
  readonly payload: Uint8Array;
  /** h just before the payload was decrypted: what its sender has signed. */
  readonly handshakeHash: Uint8Array;
}

/** A payload, or what makes it of h, as it is just before the payload is encrypted. */
export type HandshakePayload = Uint8Array | ((handshakeHash: Uint8Array) => Uint8Array);

/**
 * Noise, revision 34, 5.3, for the patterns XX and IK. A message that is refused ends the handshake. Calls out of order are
 * defects of the caller: they throw a plain `Error`.
 */
export class HandshakeState {
  readonly #crypto: AiTcpCrypto;
  readonly #symmetric: SymmetricState;
  readonly #pattern: HandshakePattern;
  readonly #isInitiator: boolean;
  readonly #s: X25519KeyPair;
  #e: X25519KeyPair | undefined;
  #rs: Uint8Array | undefined;
  #re: Uint8Array | undefined;
  #psk: Uint8Array | undefined;
  /** How many messages were written and read. */
  #messageCount = 0;
  #isDestroyed = false;

  /** `Initialize`. @throws {RangeError} if there is no such pattern, or a key is not of its length */
  constructor({ crypto, pattern, isInitiator, prologue, s, e, rs, psk }: HandshakeOptions) {
    this.#crypto = crypto;
    this.#pattern = findPattern(pattern);
    this.#isInitiator = isInitiator;
    this.#symmetric = new SymmetricState(crypto, protocolName(pattern));
    this.#s = s;
    this.#e = e;
    this.#symmetric.mixHash(prologue);
    if (this.#pattern.knowsResponder) {
      const responderStatic = isInitiator ? rs : s.publicKey;
      if (responderStatic?.length !== KEY_BYTES) {
        throw new RangeError(`${pattern} needs the responder's static key, which has ${KEY_BYTES} bytes.`);
      }
      if (isInitiator) this.#rs = responderStatic;
      this.#symmetric.mixHash(responderStatic);
    }
    if (psk) this.setPsk(psk);
  }

  get isFinished(): boolean {
    return this.#messageCount === this.#pattern.messages.length;
  }

  /** h: of all messages so far. */
  get handshakeHash(): Uint8Array {
    return this.#symmetric.getHandshakeHash();
  }

  /** Once the peer has sent it, or from the start for an initiator of IK. Its owner is authentic only once the handshake is. */
  get remoteStatic(): Uint8Array | undefined {
    return this.#rs;
  }

  get remoteEphemeral(): Uint8Array | undefined {
    return this.#re;
  }

  get localEphemeral(): Uint8Array | undefined {
    return this.#e?.publicKey;
  }

  /**
   * Sets the pre-shared key, at the latest before the message that mixes it in.
   * @throws {RangeError} if it has not 32 bytes, or the pattern has none
   */
  setPsk(psk: Uint8Array): void {
    if (!this.#pattern.hasPsk) throw new RangeError(`${this.#pattern.name} has no pre-shared key.`);
    if (psk.length !== KEY_BYTES) throw new RangeError(`A pre-shared key has ${KEY_BYTES} bytes.`);
    this.#psk?.fill(0);
    this.#psk = Uint8Array.from(psk);
  }

  /**
   * `WriteMessage`.
   * @returns the ephemeral public key, then what is encrypted
   * @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED` if a key of the peer gives a secret of zero
   */
  writeMessage(payload: HandshakePayload): Uint8Array {
    return this.#step(this.#isInitiator, (tokens) => {
      const parts: Uint8Array[] = [];
      for (const token of tokens) {
        if (token === "e") parts.push(this.#writeEphemeral());
        else if (token === "s") parts.push(this.#symmetric.encryptAndHash(this.#s.publicKey));
        else this.#mixSecret(token);
      }
      const bytes = typeof payload === "function" ? payload(this.handshakeHash) : payload;
      parts.push(this.#symmetric.encryptAndHash(bytes));
      const message = concatBytes(parts);
      if (message.length > MAX_NOISE_MESSAGE_BYTES)
        throw new RangeError("The payload is too long for Noise.");
      return message;
    });
  }

  /**
   * `ReadMessage`.
   * @throws {FormatError} `M2M_HANDSHAKE_INVALID` if the message is too short or too long
   * @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED`
   */
  readMessage(message: Uint8Array): ReadHandshakeMessage {
    return this.#step(!this.#isInitiator, (tokens) => {
      if (message.length > MAX_NOISE_MESSAGE_BYTES) throw wrongLength("long", message);
      let offset = 0;
      const take = (length: number): Uint8Array => {
        if (message.length - offset < length) throw wrongLength("short", message);
        return Uint8Array.from(message.subarray(offset, (offset += length)));
      };
      for (const token of tokens) {
        if (token === "e") this.#readEphemeral(take(KEY_BYTES));
        else if (token === "s")
          this.#rs = this.#symmetric.decryptAndHash(take(KEY_BYTES + this.#symmetric.overhead));
        else this.#mixSecret(token);
      }
      if (message.length - offset < this.#symmetric.overhead) throw wrongLength("short", message);
      const handshakeHash = this.handshakeHash;
      return { payload: this.#symmetric.decryptAndHash(message.slice(offset)), handshakeHash };
    });
  }

  /**
   * `Split`: k1 of what the initiator sends, k2 of what the responder sends, 32 bytes each.
   * @throws {Error} before the handshake is finished
   */
  split(): [Uint8Array, Uint8Array] {
    if (!this.isFinished || this.#isDestroyed) throw new Error("The handshake is not finished.");
    return this.#symmetric.split();
  }

  /** Forgets the secrets. Only what is public can be asked for afterwards. */
  destroy(): void {
    this.#isDestroyed = true;
    this.#symmetric.destroy();
    this.#psk?.fill(0);
    this.#psk = undefined;
  }

  #step<Result>(isOwnTurn: boolean, run: (tokens: readonly Token[]) => Result): Result {
    if (this.#isDestroyed || this.isFinished) throw new Error("The handshake is over.");
    if (isOwnTurn !== (this.#messageCount % 2 === 0)) throw new Error("It is not the turn of this message.");
    try {
      const result = run(this.#pattern.messages[this.#messageCount]);
      this.#messageCount++;
      return result;
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  #writeEphemeral(): Uint8Array {
    this.#e ??= this.#crypto.generateX25519();
    this.#mixEphemeral(this.#e.publicKey);
    return this.#e.publicKey;
  }

  #readEphemeral(publicKey: Uint8Array): void {
    this.#re = publicKey;
    this.#mixEphemeral(publicKey);
  }

  #mixEphemeral(publicKey: Uint8Array): void {
    this.#symmetric.mixHash(publicKey);
    // Noise, revision 34, 9.2: so that no key is used before something random was mixed in.
    if (this.#pattern.hasPsk) this.#symmetric.mixKey(publicKey);
  }

  #mixSecret(token: Exclude<Token, "e" | "s">): void {
    if (token === "psk") {
      if (!this.#psk) throw new Error("The pre-shared key was not set in time.");
      return this.#symmetric.mixKeyAndHash(this.#psk);
    }
    // Of `es` the initiator's key is the ephemeral one, of `se` the static one.
    const [own, other] = this.#isInitiator ? token : [token[1], token[0]];
    const pair = own === "e" ? this.#e : this.#s;
    const publicKey = other === "e" ? this.#re : this.#rs;
    // Of two static keys it is the same in each handshake of the two.
    const secret = token === "ss" ? pair!.agreeStatic(publicKey!) : pair!.agree(publicKey!);
    this.#symmetric.mixKey(secret);
    secret.fill(0);
  }
}

function wrongLength(what: "long" | "short", message: Uint8Array): FormatError {
  return new FormatError(
    "M2M_HANDSHAKE_INVALID",
    `The handshake message is too ${what}: it has ${message.length} bytes.`,
    what === "short" ? { offset: message.length } : {},
  );
}
