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
      const { packet, established } = await handshake.receive(readHandshakePacket(await bytesOf(pipe)));
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
      const bytes = await bytesOf(pipe);
      const received = readHandshakePacket(bytes);
      try {
        const { packet, established } = await handshake.receive(received);
        if (packet) writeAnswer(pipe, packet, bytes);
        if (established) return established;
      } catch (error) {
        if (error instanceof HandshakeRefusal) {
          writeAnswer(pipe, refusalPacket(received, error.reason), bytes);
        }
        throw error;
      }
    }
  } finally {
    handshake.destroy();
  }
}

/** Nothing but RESPONSE is longer than what it answers (docs/spec/aitcp.md, "Cookie"): a stranger gets no more out than it puts in. */
function writeAnswer(pipe: PacketPipe, packet: Uint8Array, answered: Uint8Array): void {
  if (packet.length <= answered.length || readPacket(packet).kind === "response") pipe.write(packet);
}

async function bytesOf(pipe: PacketPipe): Promise<Uint8Array> {
  const bytes = await pipe.next();
  if (!bytes) throw connectionLost();
  return bytes;
}

function readHandshakePacket(bytes: Uint8Array): HandshakePacket {
  const packet = readPacket(bytes);
  if (packet.kind !== "data") return packet;
  throw new ProtocolError("M2M_PROTOCOL_STATE", "A packet of data came before the end of the handshake.");
}
