import { FormatError } from "../shared/errors.js";
import { tryDecodeUtf8 } from "../shared/utf8.js";

/** How packets are written in an input. */
export type PacketSpelling = "binary" | "hex" | "base64";

export interface PacketInput {
  readonly bytes: Uint8Array;
  readonly spelling: PacketSpelling;
}

const HEX = /^(?:[0-9a-fA-F]{2})+$/;
const BASE64 = /^(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}$/;

/**
 * The packets of an input: raw bytes, or words of hex or base64, which may be those of one packet in several lines. Raw packets are no
 * text: the last byte of their length is zero.
 * @throws {FormatError} `M2M_PACKET_TRUNCATED` if there is nothing
 */
export function readPacketInput(input: Uint8Array): PacketInput {
  const words = input.includes(0) ? undefined : tryDecodeUtf8(input)?.trim().split(/\s+/);
  const [first] = words ?? [];
  if (input.length === 0 || first === "") {
    throw new FormatError("M2M_PACKET_TRUNCATED", "The input is empty: there is no packet in it.", {
      offset: 0,
    });
  }
  if (words?.every((word) => HEX.test(word))) {
    return { bytes: Buffer.from(words.join(""), "hex"), spelling: "hex" };
  }
  if (words?.every((word) => BASE64.test(word))) {
    return { bytes: Buffer.concat(words.map((word) => Buffer.from(word, "base64"))), spelling: "base64" };
  }
  return { bytes: input, spelling: "binary" };
}
