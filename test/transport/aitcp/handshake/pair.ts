import { nodeCrypto } from "../../../../src/transport/aitcp/crypto/index.js";
import {
  InitiatorHandshake,
  ResponderHandshake,
  type Established,
  type GivenTicket,
  type HandshakeSettings,
  type InitiatorOptions,
  type ResponderOptions,
} from "../../../../src/transport/aitcp/handshake/index.js";
import { identityFromSeed } from "../../../../src/transport/aitcp/identity/index.js";
import { readPacket, type HandshakePacket } from "../../../../src/transport/aitcp/packet/index.js";

export const crypto = nodeCrypto();

export const SETTINGS: HandshakeSettings = {
  signatures: ["turn", "packet", "none"],
  flow: { messageBytes: 1 << 24, streamWindow: 1 << 18, sessionWindow: 1 << 20, streams: 64 },
  idleMs: 30_000,
  isPadding: false,
  lifetimeSeconds: 300,
};

export const alice = identityFromSeed(crypto, new Uint8Array(32).fill(1));
export const bob = identityFromSeed(crypto, new Uint8Array(32).fill(2));
export const mallory = identityFromSeed(crypto, new Uint8Array(32).fill(3));

export function initiator(options: Partial<InitiatorOptions> = {}): InitiatorHandshake {
  return new InitiatorHandshake({
    crypto,
    identity: alice,
    settings: SETTINGS,
    assertTrusted: () => {},
    ...options,
  });
}

export function responder(options: Partial<ResponderOptions> = {}): ResponderHandshake {
  return new ResponderHandshake({
    crypto,
    identity: bob,
    settings: SETTINGS,
    assertTrusted: () => {},
    findTicket: async () => undefined,
    cookieFor: () => undefined,
    claimEarly: async () => true,
    ...options,
  });
}

export function parse(packet: Uint8Array): HandshakePacket {
  const view = readPacket(packet);
  if (view.kind === "data") throw new Error("a handshake has no DATA");
  return view;
}

/** What may change a packet on its way; gives it as it is by default. */
export type Wire = (packet: Uint8Array, step: number) => Uint8Array;

/** Runs a handshake. Rejects with what either side throws. */
export async function run(
  a: InitiatorHandshake,
  b: ResponderHandshake,
  wire: Wire = (packet) => packet,
): Promise<{ a: Established; b: Established; packets: Uint8Array[] }> {
  const packets: Uint8Array[] = [];
  let step = 0;
  const carry = (packet: Uint8Array): HandshakePacket => {
    const changed = wire(packet, step++);
    packets.push(changed);
    return parse(changed);
  };
  let fromA: Uint8Array | undefined = a.start();
  let doneA: Established | undefined;
  let doneB: Established | undefined;
  while (fromA) {
    const { packet, established } = await b.receive(carry(fromA));
    doneB = established;
    fromA = undefined;
    if (!packet) break;
    const answer = await a.receive(carry(packet));
    doneA = answer.established;
    fromA = answer.packet;
  }
  if (!doneA || !doneB) throw new Error("the handshake is not over");
  return { a: doneA, b: doneB, packets };
}

export function ticketFor(established: Established): GivenTicket {
  return {
    key: new Uint8Array(32).fill(9),
    sessionId: established.secrets.sessionId,
    peer: { identity: alice.publicKey, staticKey: alice.staticPair.publicKey },
    expires: 2_000_000_000,
    signatures: established.agreed.signatures,
    isPadded: established.agreed.isPadded,
  };
}
