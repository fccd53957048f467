import { ProtocolError } from "../../../shared/errors.js";
import {
  HandshakeRefusal,
  refusalPacket,
  type Established,
  type InitiatorHandshake,
  type ResponderHandshake,
} from "../handshake/index.js";
import { readPacket, type HandshakePacket } from "../packet/index.js";
import { connectionLost } from "./close-codes.js";
import type { PacketPipe } from "./packet-pipe.js";

/**
 * Runs the initiator's side over a pipe. The pipe is as it was if it throws: its owner ends it.
 * @throws {M2MError} The handshake has failed, or the connection is gone.
 */
export async function initiate(pipe: PacketPipe, handshake: InitiatorHandshake): Promise<Established> {
  try {
    pipe.write(handshake.start());
    for (;;) {
      const { packet, established } = await handshake.receive(await nextOf(pipe));
      if (packet) pipe.write(packet);
      if (established) return established;
    }
  } finally {
    handshake.destroy();
  }
}

/**
 * Runs the responder's side over a pipe, and tells the initiator if it is refused.
 * @throws {HandshakeRefusal} if it was; {M2MError} if the connection is gone
 */
export async function respond(pipe: PacketPipe, handshake: ResponderHandshake): Promise<Established> {
  try {
    for (;;) {
      const received = await nextOf(pipe);
      try {
        const { packet, established } = await handshake.receive(received);
        if (packet) pipe.write(packet);
        if (established) return established;
      } catch (error) {
        if (error instanceof HandshakeRefusal) pipe.write(refusalPacket(received, error.reason));
        throw error;
      }
    }
  } finally {
    handshake.destroy();
  }
}

async function nextOf(pipe: PacketPipe): Promise<HandshakePacket> {
  const bytes = await pipe.next();
  if (!bytes) throw connectionLost();
  const packet = readPacket(bytes);
  if (packet.kind !== "data") return packet;
  throw new ProtocolError("M2M_PROTOCOL_STATE", "A packet of data came before the end of the handshake.");
}
