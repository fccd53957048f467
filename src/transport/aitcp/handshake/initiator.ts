import { timingSafeEqual } from "node:crypto";
import { FormatError, IntegrityError } from "../../../shared/errors.js";
import type { AiTcpCrypto, X25519KeyPair } from "../crypto/index.js";
import type { Identity } from "../identity/index.js";
import { sealEarly } from "./early.js";
import { HandshakeState } from "../noise/index.js";
import { writePacket, type HandshakePacket } from "../packet/index.js";
import { peerOf, type AiTcpPeer, type Established } from "./established.js";
import { readIdentityProof, writeIdentityProof } from "./identity-proof.js";
import { patternByte, prologue, type PatternName } from "./patterns.js";
import { offerParameters, readChoice, required } from "./offer.js";
import { handshakeInvalid, readParameters, writeParameters, type ParameterValues } from "./parameters.js";
import { refusedError } from "./refusal.js";
import { deriveSecrets } from "./secrets.js";
import { settingsNotWeaker, type Strength } from "./strength.js";
import type { AiTcpAgreement, HandshakeSettings } from "./settings.js";

/** What an initiator needs to go on with a session. */
export interface HeldTicket extends Strength {
  /** 16 bytes. */
  readonly id: Uint8Array;
  /** 32 bytes, secret. */
  readonly key: Uint8Array;
  /** Of the session, 16 bytes. */
  readonly sessionId: Uint8Array;
  readonly peer: AiTcpPeer;
  /** Unix time in seconds. */
  readonly expires: number;
}

export interface InitiatorOptions {
  readonly crypto: AiTcpCrypto;
  readonly identity: Identity;
  readonly certificate?: Uint8Array;
  readonly settings: HandshakeSettings;
  /** The responder's static key, if it is known: its identity is hidden from others less well, one message is saved. */
  readonly serverStatic?: Uint8Array;
  readonly ticket?: HeldTicket;
  /** Frames to send along with a ticket: once with each, since a responder takes them once. */
  readonly early?: Uint8Array;
  /** Throws if the peer is not to be trusted. Not asked for a session that goes on. */
  readonly assertTrusted: (identity: Uint8Array, certificate: Uint8Array | undefined) => void | Promise<void>;
  /** Fixed, for tests. */
  readonly ephemeral?: X25519KeyPair;
}

/** What to do after a packet of the responder. */
export interface InitiatorStep {
  /** To be sent. */
  readonly packet?: Uint8Array;
  /** The handshake is over. */
  readonly established?: Established;
}

/** The initiator's side of a handshake (docs/spec/aitcp.md, "Handshake"), without a socket. */
export class InitiatorHandshake {
  readonly #options: InitiatorOptions;
  readonly #settings: HandshakeSettings;
  readonly #pattern: PatternName;
  readonly #ephemeral: X25519KeyPair;
  #noise: HandshakeState | undefined;
  #hasCookie = false;
  #isOver = false;
  #initiation: Uint8Array = new Uint8Array(0);

  constructor(options: InitiatorOptions) {
    this.#options = options;
    // What is not offered is not chosen.
    this.#settings = settingsNotWeaker(options.settings, options.ticket);
    this.#pattern = options.ticket ? "IKpsk2" : options.serverStatic ? "IK" : "XX";
    this.#ephemeral = options.ephemeral ?? options.crypto.generateX25519();
  }

  get pattern(): PatternName {
    return this.#pattern;
  }

  /** The first packet. */
  start(): Uint8Array {
    this.#initiation = this.#initiate();
    return this.#packet("initiation", this.#initiation);
  }

  /**
   * Takes a packet of the responder.
   * @throws {M2MError} The handshake has failed, and so has everything that was sent with it.
   */
  async receive(packet: HandshakePacket): Promise<InitiatorStep> {
    this.#assertExpected(packet);
    if (packet.kind === "refusal") throw refusedError(packet.payload?.[0]);
    if (packet.kind === "response") {
      this.#isOver = true;
      return this.#finish(packet);
    }
    if (packet.kind !== "cookie") {
      throw handshakeInvalid(`A packet of kind ${packet.kind} instead of RESPONSE.`);
    }
    if (this.#hasCookie) throw handshakeInvalid("A second cookie.");
    this.#hasCookie = true;
    // The same message once more: another one would be encrypted with the same keys.
    return { packet: this.#packet("initiation", this.#initiation, packet.payload) };
  }

  /** Gives up what is secret. */
  destroy(): void {
    this.#isOver = true;
    this.#noise?.destroy();
  }

  /** What no key protects is checked here: it says the same in every packet of a handshake. */
  #assertExpected({ kind, pattern, ephemeralKey }: HandshakePacket): void {
    if (this.#isOver) throw handshakeInvalid("The handshake is over.");
    if (pattern !== patternByte(this.#pattern)) throw handshakeInvalid("The answer is of another pattern.");
    const isPlain = kind === "cookie" || kind === "refusal";
    if (isPlain && !timingSafeEqual(ephemeralKey, this.#ephemeral.publicKey)) {
      throw handshakeInvalid("The answer is to another handshake.");
    }
  }

  /** The first message of Noise, behind its ephemeral key. */
  #initiate(): Uint8Array {
    const { crypto, identity, ticket, serverStatic, certificate, early } = this.#options;
    const settings = this.#settings;
    const noise = new HandshakeState({
      pattern: this.#pattern,
      isInitiator: true,
      prologue: prologue(this.#pattern),
      s: identity.staticPair,
      e: this.#ephemeral,
      rs: ticket?.peer.staticKey ?? serverStatic,
      psk: ticket?.key,
      crypto,
    });
    this.#noise = noise;
    const message = noise.writeMessage((handshakeHash) =>
      writeParameters({
        ...offerParameters(settings),
        ...(this.#pattern === "IK" && {
          identity: writeIdentityProof(identity, "initiator", handshakeHash),
          ...(certificate && { certificate }),
        }),
        ...(ticket && { ticket: ticket.id }),
        ...(ticket &&
          early && {
            early: sealEarly(crypto, { ticketKey: ticket.key, handshakeHash }, early, settings.isPadding),
          }),
      }),
    );
    return message.subarray(32);
  }

  async #finish(packet: HandshakePacket): Promise<InitiatorStep> {
    const { ticket, identity, certificate, crypto } = this.#options;
    const noise = this.#noise;
    if (!noise) throw handshakeInvalid("RESPONSE before INITIATION.");
    const { payload, handshakeHash } = readNoise(noise, packet);
    const answer = readParameters(payload);
    const agreed = readChoice(answer, this.#settings);
    const staticKey = noise.remoteStatic;
    if (!staticKey) throw new Error("a finished handshake has a static key");
    const proven = (): Uint8Array =>
      readIdentityProof(crypto, required(answer, "identity"), "responder", staticKey, handshakeHash);
    const peer = ticket?.peer ?? peerOf(proven(), staticKey);
    if (!ticket) await this.#options.assertTrusted(peer.identity, answer.certificate);
    let finish: Uint8Array | undefined;
    if (this.#pattern === "XX") {
      const message = noise.writeMessage((hash) =>
        writeParameters({
          identity: writeIdentityProof(identity, "initiator", hash),
          ...(certificate && { certificate }),
        }),
      );
      finish = this.#packet("finish", message);
    }
    return { packet: finish, established: this.#establish(noise, packet, agreed, peer, answer) };
  }

  #establish(
    noise: HandshakeState,
    packet: HandshakePacket,
    agreed: AiTcpAgreement,
    peer: AiTcpPeer,
    { certificate, earlyTaken }: ParameterValues,
  ): Established {
    const { ticket, early, crypto } = this.#options;
    const handshakeHash = Uint8Array.from(noise.handshakeHash);
    const established: Established = {
      role: "initiator",
      peer,
      ...(certificate && { certificate: Uint8Array.from(certificate) }),
      agreed,
      handshakeHash,
      secrets: deriveSecrets(crypto, noise.split(), handshakeHash),
      localEphemeral: this.#ephemeral.publicKey,
      peerEphemeral: Uint8Array.from(packet.ephemeralKey),
      resumedId: ticket?.sessionId,
      ...(early && earlyTaken?.[0] === 1 && { early }),
    };
    noise.destroy();
    return established;
  }

  #packet(kind: HandshakePacket["kind"], encryptedPayload: Uint8Array, payload?: Uint8Array): Uint8Array {
    return writePacket({
      kind,
      pattern: patternByte(this.#pattern),
      ephemeralKey: this.#ephemeral.publicKey,
      encryptedPayload,
      payload,
    });
  }
}

/** Takes the Noise message that begins with the packet's ephemeral key. */
export function readNoise(
  noise: HandshakeState,
  packet: HandshakePacket,
): ReturnType<HandshakeState["readMessage"]> {
  const message = Buffer.concat([packet.ephemeralKey, packet.encryptedPayload]);
  try {
    return noise.readMessage(message);
  } catch (error) {
    if (!(error instanceof IntegrityError || error instanceof FormatError)) throw error;
    throw new IntegrityError("M2M_AUTHENTICATION_FAILED", "The handshake does not authenticate the peer.", {
      hint: "The peer has another key than it is known by, or what was sent was changed on the way.",
      cause: error,
    });
  }
}
