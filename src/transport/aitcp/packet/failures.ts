import { FormatError } from "../../../shared/errors.js";

/** The bytes are no packet, or no ticket, of the form that is asked for. */
export function invalidPacket(offset: number, message: string): FormatError {
  return new FormatError("M2M_PACKET_INVALID", message, { offset });
}

/** The bytes end before the packet does. */
export function truncatedPacket(have: number, need: number): FormatError {
  return new FormatError("M2M_PACKET_TRUNCATED", `The packet ends at byte ${have} of ${need}.`, {
    offset: have,
  });
}
