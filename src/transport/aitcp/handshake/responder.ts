import { timingSafeEqual } from "node:crypto";
import { M2MError, ProtocolError, UnsupportedError } from "../../../shared/errors.js";
import type { AiTcpCrypto, X25519KeyPair } from "../crypto/index.js";
import type { Identity } from "../identity/index.js";
import { openEarly } from "./early.js";
import { HandshakeState } from "../noise/index.js";
import { writePacket, type HandshakePacket } from "../packet/index.js";
import { peerOf, type AiTcpPeer, type Established } from "./established.js";
import { readIdentityProof, writeIdentityProof } from "./identity-proof.js";
import { readNoise } from "./initiator.js";
import { PATTERNS, patternByte, prologue, type PatternName } from "./patterns.js";
import { answerParameters, choose, required } from "./offer.js";
import { handshakeInvalid, readParameters, writeParameters, type ParameterValues } from "./parameters.js";
import { HandshakeRefusal, REFUSALS, type RefusalReason } from "./refusal.js";
import { deriveSecrets } from "./secrets.js";
import { settingsNotWeaker, type Strength } from "./strength.js";
import type { AiTcpAgreement, HandshakeSettings } from "./settings.js";

/** What a responder keeps of a ticket that it gave. */
export interface GivenTicket extends Strength {
  /** 32 bytes, secret. */
  readonly key: Uint8Array;
  /** Of the session, 16 bytes. */
  readonly sessionId: Uint8Array;
  readonly peer: AiTcpPeer;
  /** What the peer had shown of an organisation. */
  readonly certificate?: Uint8Array;
  /** Unix time in seconds. */
  readonly expires: number;
}

export interface ResponderOptions {
  readonly crypto: AiTcpCrypto;
  readonly identity: Identity;
  readonly certificate?: Uint8Array;
  readonly settings: HandshakeSettings;
  /** Throws if the peer is not to be trusted. @param goesOn it was, and its session goes on */
  readonly assertTrusted: (
    identity: Uint8Array,
    certificate: Uint8Array | undefined,
    goesOn: boolean,
  ) => void | Promise<void>;
  /** What is kept of a ticket that is neither used nor expired. Its key is overwritten here. */
  readonly findTicket: (id: Uint8Array) => Promise<GivenTicket | undefined>;
  /** Says whether a cookie is needed, or the one that came is right. */
  readonly cookieFor: (ephemeralKey: Uint8Array, cookie: Uint8Array | undefined) => Uint8Array | undefined;
  /**
   * Notes that frames have come with this ticket, and are taken. False if some were before: who has heard them may say them again.
   * Absent: frames that come with a ticket are not taken.
   */
  readonly claimEarly?: (ticketId: Uint8Array) => Promise<boolean>;
  /** Fixed, for tests. */
  readonly ephemeral?: X25519KeyPair;
}

export interface ResponderStep {
  readonly packet?: Uint8Array;
  readonly established?: Established;
}

/** The responder's side of a handshake (docs/spec/aitcp.md, "Handshake"), without a socket. */
export class ResponderHandshake {
  readonly #options: ResponderOptions;
  #ephemeral: X25519KeyPair | undefined;
  #noise: HandshakeState | undefined;
  #pattern: PatternName | undefined;
  #initiatorEphemeral: Uint8Array | undefined;
  #agreed: AiTcpAgreement | undefined;
  #hasAskedForCookie = false;
  #isOver = false;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /**
   * Takes a packet of the initiator.
   * @throws {HandshakeRefusal} The initiator is to be told of it, and the connection to be ended.
   */
  async receive(packet: HandshakePacket): Promise<ResponderStep> {
    try {
      const step = await this.#step(packet);
      this.#isOver = step.established !== undefined;
      return step;
    } catch (error) {
      this.destroy();
      if (error instanceof M2MError) throw new HandshakeRefusal(reasonOf(error), error);
      throw error;
    }
  }

  /** Gives up what is secret. */
  destroy(): void {
    this.#isOver = true;
    this.#noise?.destroy();
  }

  async #step(packet: HandshakePacket): Promise<ResponderStep> {
    if (!this.#isOver) {
      if (!this.#noise && packet.kind === "initiation") return this.#respond(packet);
      if (this.#pattern === "XX" && packet.kind === "finish") return this.#finish(packet);
    }
    throw handshakeInvalid(`A packet of kind ${packet.kind} is not expected.`);
  }

  async #respond(packet: HandshakePacket): Promise<ResponderStep> {
    const { crypto, identity, settings } = this.#options;
    const pattern = PATTERNS.get(packet.pattern);
    if (!pattern)
      throw new UnsupportedError("M2M_VERSION_UNSUPPORTED", `Pattern ${packet.pattern} is unknown.`);
    const cookie = this.#options.cookieFor(packet.ephemeralKey, packet.payload);
    if (cookie) {
      // Who has read the cookie sends it: one that has to be told again would be a way to have work done for nothing.
      if (this.#hasAskedForCookie) throw handshakeInvalid("The cookie is not the one that was given.");
      this.#hasAskedForCookie = true;
      return { packet: plainPacket("cookie", packet, cookie) };
    }
    this.#pattern = pattern;
    this.#initiatorEphemeral = Uint8Array.from(packet.ephemeralKey);
    this.#ephemeral = this.#options.ephemeral ?? crypto.generateX25519();
    const noise = new HandshakeState({
      pattern,
      isInitiator: false,
      prologue: prologue(pattern),
      s: identity.staticPair,
      e: this.#ephemeral,
      crypto,
    });
    this.#noise = noise;
    const { payload, handshakeHash } = readNoise(noise, packet);
    const offer = readParameters(payload);
    if (pattern === "IKpsk2") return this.#resume(noise, offer, handshakeHash);
    const agreed = (this.#agreed = choose(offer, settings));
    if (pattern === "XX") return { packet: this.#response(noise, agreed, {}) };
    const peer = await this.#proven(noise, offer, handshakeHash);
    const response = this.#response(noise, agreed, {});
    return { packet: response, established: this.#establish(noise, agreed, peer, offer.certificate) };
  }

  async #resume(
    noise: HandshakeState,
    offer: ParameterValues,
    handshakeHash: Uint8Array,
  ): Promise<ResponderStep> {
    const ticketId = Uint8Array.from(required(offer, "ticket"));
    const ticket = await this.#options.findTicket(ticketId);
    if (!ticket) throw ticketRefused();
    const { crypto, claimEarly } = this.#options;
    const { early: sealed } = offer;
    const settings = settingsNotWeaker(this.#options.settings, ticket);
    let agreed: AiTcpAgreement;
    let early: Uint8Array | undefined;
    try {
      await this.#assertOwn(ticket, noise.remoteStatic);
      noise.setPsk(ticket.key);
      agreed = chooseNotWeaker(offer, settings);
      if (sealed && claimEarly) early = openEarly(crypto, { ticketKey: ticket.key, handshakeHash }, sealed);
    } finally {
      ticket.key.fill(0);
    }
    // Only what was made with the ticket's key uses up that it may come early.
    if (early && !(await claimEarly?.(ticketId))) throw ticketRefused();
    const response = this.#response(
      noise,
      agreed,
      sealed && { earlyTaken: Uint8Array.of(early ? 1 : 0) },
      settings,
    );
    return {
      packet: response,
      established: {
        ...this.#establish(noise, agreed, ticket.peer, ticket.certificate),
        resumedId: ticket.sessionId,
        // It is used up when the initiator has confirmed: RESPONSE may be lost.
        ticketId,
        ...(early && { early }),
      },
    };
  }

  /** @throws {ProtocolError} `M2M_TICKET_REFUSED` if it is somebody else's; what `assertTrusted` throws */
  async #assertOwn({ peer, certificate }: GivenTicket, staticKey: Uint8Array | undefined): Promise<void> {
    if (!staticKey || !timingSafeEqual(peer.staticKey, staticKey)) throw ticketRefused();
    await this.#options.assertTrusted(peer.identity, certificate, true);
  }

  async #finish(packet: HandshakePacket): Promise<ResponderStep> {
    const noise = this.#noise;
    const agreed = this.#agreed;
    const ephemeral = this.#initiatorEphemeral;
    const isSame = ephemeral !== undefined && timingSafeEqual(packet.ephemeralKey, ephemeral);
    if (!noise || !agreed || !isSame || packet.pattern !== patternByte("XX")) {
      throw handshakeInvalid("FINISH is of another handshake.");
    }
    const { payload, handshakeHash } = noise.readMessage(packet.encryptedPayload);
    const values = readParameters(payload);
    const peer = await this.#proven(noise, values, handshakeHash);
    return { established: this.#establish(noise, agreed, peer, values.certificate) };
  }

  async #proven(
    noise: HandshakeState,
    values: ParameterValues,
    handshakeHash: Uint8Array,
  ): Promise<AiTcpPeer> {
    const staticKey = noise.remoteStatic;
    if (!staticKey) throw new Error("the static key comes before the proof");
    const proof = required(values, "identity");
    const identity = readIdentityProof(this.#options.crypto, proof, "initiator", staticKey, handshakeHash);
    const peer = peerOf(identity, staticKey);
    await this.#options.assertTrusted(identity, values.certificate, false);
    return peer;
  }

  #response(
    noise: HandshakeState,
    agreed: AiTcpAgreement,
    more: ParameterValues | undefined,
    settings = this.#options.settings,
  ): Uint8Array {
    const { identity, certificate } = this.#options;
    const message = noise.writeMessage((handshakeHash) =>
      writeParameters({
        ...answerParameters(agreed, settings),
        ...(this.#pattern !== "IKpsk2" && {
          identity: writeIdentityProof(identity, "responder", handshakeHash),
          ...(certificate && { certificate }),
        }),
        ...more,
      }),
    );
    return writePacket({
      kind: "response",
      pattern: patternByte(this.#pattern ?? "XX"),
      ephemeralKey: message.subarray(0, 32),
      encryptedPayload: message.subarray(32),
    });
  }

  #establish(
    noise: HandshakeState,
    agreed: AiTcpAgreement,
    peer: AiTcpPeer,
    certificate: Uint8Array | undefined,
  ): Established {
    const { crypto } = this.#options;
    const handshakeHash = Uint8Array.from(noise.handshakeHash);
    const secrets = deriveSecrets(crypto, noise.split(), handshakeHash);
    noise.destroy();
    return {
      role: "responder",
      peer,
      ...(certificate && { certificate: Uint8Array.from(certificate) }),
      agreed,
      handshakeHash,
      secrets,
      localEphemeral: this.#ephemeral?.publicKey ?? new Uint8Array(32),
      peerEphemeral: this.#initiatorEphemeral ?? new Uint8Array(32),
    };
  }
}

/** A session that would go on with weaker signatures has to begin anew. @throws {ProtocolError} `M2M_TICKET_REFUSED`; as `choose` */
function chooseNotWeaker(offer: ParameterValues, settings: HandshakeSettings): AiTcpAgreement {
  try {
    return choose(offer, settings);
  } catch (error) {
    if (error instanceof M2MError && error.code === "M2M_SIGNATURES_UNSUPPORTED") throw ticketRefused();
    throw error;
  }
}

/** A packet that tells an initiator that the handshake is over. */
export function refusalPacket(packet: HandshakePacket, reason: RefusalReason): Uint8Array {
  return plainPacket("refusal", packet, Uint8Array.of(REFUSALS[reason]));
}

/** With the initiator's own key: the responder has done nothing that would give it one. */
function plainPacket(
  kind: "cookie" | "refusal",
  { ephemeralKey, pattern }: HandshakePacket,
  payload: Uint8Array,
): Uint8Array {
  return writePacket({ kind, pattern, ephemeralKey, encryptedPayload: new Uint8Array(0), payload });
}

/** What is thrown for a ticket that does not go on with its session. */
export function ticketRefused(): ProtocolError {
  return new ProtocolError("M2M_TICKET_REFUSED", "The ticket is unknown, used, expired or somebody else's.");
}

function reasonOf({ code }: M2MError): RefusalReason {
  if (code === "M2M_TICKET_REFUSED") return "ticket";
  if (code === "M2M_PEER_UNTRUSTED" || code === "M2M_PEER_CHANGED") return "untrusted";
  if (code === "M2M_VERSION_UNSUPPORTED" || code === "M2M_SIGNATURES_UNSUPPORTED") return "nothingInCommon";
  return code === "M2M_STORE_UNAVAILABLE" || code === "M2M_SESSIONS_FULL" ? "busy" : "malformed";
}
