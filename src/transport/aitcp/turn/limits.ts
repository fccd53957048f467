/** Messages with which a turn ends at the latest, in the record of the last one. */
export const MAX_TURN_MESSAGES = 1024;
