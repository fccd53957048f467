import { MAILBOX_ID } from "../mailbox.js";
import type { Delivery } from "../message.js";
import type { FieldReader } from "./fields.js";
import { readRejection } from "./rejection.js";

/** Sequences are written as numbers of 32 bits in binary frames. */
export const MAX_SEQUENCE = 0xffff_ffff;
const MAX_ID_LENGTH = 31;

/** What the transport says in the members of a message, or `undefined` if that is nothing. */
export function readDelivery(envelope: FieldReader): Delivery | undefined {
  const delivery = {
    ...(envelope.has("sequence") ? { sequence: readSequence(envelope, "sequence", 1) } : {}),
    ...(envelope.has("ack") ? { ack: readSequence(envelope, "ack", 0) } : {}),
    ...(envelope.has("rejection") ? { rejection: readRejection(envelope.object("rejection")) } : {}),
    ...(envelope.has("cursor") ? { cursor: envelope.text("cursor", MAX_ID_LENGTH, MAILBOX_ID) } : {}),
    ...(envelope.has("window") ? { window: readSequence(envelope, "window", 1) } : {}),
  };
  return Object.keys(delivery).length === 0 ? undefined : delivery;
}

/** The members that say it. */
export function deliveryMembers({ sequence, ack, rejection, cursor, window }: Delivery = {}): object {
  return { sequence, ack, rejection, cursor, window };
}

function readSequence(envelope: FieldReader, key: string, least: number): number {
  const value = envelope.integer(key);
  if (value >= least && value <= MAX_SEQUENCE) return value;
  throw envelope.fault(key, `a whole number from ${least} to ${MAX_SEQUENCE}`);
}
