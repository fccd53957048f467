import type { PacketHead } from "./packet-head.js";

type BufferField = "bytes" | "ephemeralKey" | "nonce" | "signature" | "expectedNonce";
type HeadBuffers = Omit<PacketHead, BufferField> & Readonly<Record<BufferField, Buffer>>;

/** The fields of a head as the buffers that they are. Its own types do without those of Node, because users of the package load them. */
export function buffersOf(head: PacketHead): HeadBuffers {
  return head as unknown as HeadBuffers;
}
