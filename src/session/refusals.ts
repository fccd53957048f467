import { LimitError } from "../shared/errors.js";

/** What every store says when it takes no more, wherever it keeps things. */
const LATER = "Try later, or raise the limit.";

export function sessionsFull(maxSessions: number): LimitError {
  return new LimitError("M2M_SESSIONS_FULL", `There are ${maxSessions} sessions already.`, { hint: LATER });
}

export function membersFull(maxMembers: number): LimitError {
  return new LimitError("M2M_CHANNEL_FULL", `The channel has ${maxMembers} members already.`, {
    hint: LATER,
  });
}

export function channelsFull(maxChannels: number): LimitError {
  return new LimitError("M2M_CHANNEL_FULL", `There are ${maxChannels} channels already.`, { hint: LATER });
}

export function mailboxFull(): LimitError {
  return new LimitError("M2M_MAILBOX_FULL", "There is no room for another message to that session.", {
    hint: "Send it again when the session has taken what waits for it.",
  });
}
