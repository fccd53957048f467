import { expect } from "chai";
import { nodeCrypto } from "../../../../src/transport/aitcp/crypto/index.js";
import { CipherState, HandshakeState } from "../../../../src/transport/aitcp/noise/index.js";
import { fromHex, toHex } from "../../../helpers/shared-vectors.js";

/** A case in the form of the public suites of Noise. */
export interface NoiseVector {
  protocol_name: string;
  init_prologue: string;
  init_static: string;
  init_ephemeral: string;
  init_remote_static?: string;
  init_psks?: string[];
  resp_prologue: string;
  resp_static: string;
  resp_ephemeral: string;
  resp_psks?: string[];
  handshake_hash?: string;
  messages: { payload: string; ciphertext: string }[];
}

export const crypto = nodeCrypto();

export const patternOf = ({ protocol_name }: NoiseVector): string => protocol_name.split("_")[1];

/** One side of a vector with the vector's keys; the pre-shared key is set at once, or by the caller. */
export function sideOf(vector: NoiseVector, isInitiator: boolean, hasPsk = true): HandshakeState {
  const role = isInitiator ? "init" : "resp";
  const [psk] = vector[`${role}_psks`] ?? [];
  return new HandshakeState({
    crypto,
    pattern: patternOf(vector),
    isInitiator,
    prologue: fromHex(vector[`${role}_prologue`]),
    s: crypto.x25519KeyPair(fromHex(vector[`${role}_static`])),
    e: crypto.x25519KeyPair(fromHex(vector[`${role}_ephemeral`])),
    rs: isInitiator && vector.init_remote_static ? fromHex(vector.init_remote_static) : undefined,
    psk: hasPsk && psk ? fromHex(psk) : undefined,
  });
}

/** Runs both sides over a vector: every message as it stands there, in the handshake and behind it. */
export function runVector(vector: NoiseVector): void {
  const [initiator, responder] = [sideOf(vector, true), sideOf(vector, false)];
  let ciphers: { initiator: CipherState; responder: CipherState }[] | undefined;
  vector.messages.forEach(({ payload, ciphertext }, index) => {
    const fromInitiator = index % 2 === 0;
    if (!initiator.isFinished) {
      const [sender, receiver] = fromInitiator ? [initiator, responder] : [responder, initiator];
      let signedHash: Uint8Array | undefined;
      const message = sender.writeMessage((hash) => {
        signedHash = hash;
        return fromHex(payload);
      });
      expect(toHex(message)).to.equal(ciphertext);
      const read = receiver.readMessage(message);
      expect(toHex(read.payload)).to.equal(payload);
      expect(read.handshakeHash).to.deep.equal(signedHash);
      return;
    }
    ciphers ??= [initiator, responder].map((side) => {
      const [k1, k2] = side.split();
      return { initiator: new CipherState(crypto, k1), responder: new CipherState(crypto, k2) };
    });
    const [sender, receiver] = fromInitiator ? ciphers : [ciphers[1], ciphers[0]];
    const direction = fromInitiator ? "initiator" : "responder";
    const none = new Uint8Array(0);
    const sealed = sender[direction].encryptWithAd(none, fromHex(payload));
    expect(toHex(sealed)).to.equal(ciphertext);
    expect(toHex(receiver[direction].decryptWithAd(none, sealed))).to.equal(payload);
  });
  expect(ciphers, "messages after the handshake").not.to.equal(undefined);
  expect(initiator.handshakeHash).to.deep.equal(responder.handshakeHash);
  if (vector.handshake_hash !== undefined)
    expect(toHex(initiator.handshakeHash)).to.equal(vector.handshake_hash);
  expect(responder.remoteStatic).to.deep.equal(crypto.x25519KeyPair(fromHex(vector.init_static)).publicKey);
  expect(initiator.remoteEphemeral).to.deep.equal(responder.localEphemeral);
  expect(responder.remoteEphemeral).to.deep.equal(initiator.localEphemeral);
}
