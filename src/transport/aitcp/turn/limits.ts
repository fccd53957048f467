/** Messages with which a turn ends at the latest, in the record of the last one. */
export const MAX_TURN_MESSAGES = 8192;
/** Bytes of frames with which a turn ends at the latest, in the record that brings them. */
export const MAX_TURN_BYTES = 16 * 1024 * 1024;
/** How long a receiver waits for the end of a turn of which little comes, in milliseconds. */
export const MAX_TURN_AGE_MS = 60_000;
/** Of a turn that is flowing: its end may be behind what the line holds. */
export const MIN_TURN_BYTES_PER_SECOND = 1024;
