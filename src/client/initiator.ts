import { CHANNEL_EXTENSION, Session, type Agreement } from "../session/index.js";
import { ProtocolError } from "../shared/errors.js";
import type { ResolvedClientOptions } from "./options.js";

/** A session that is to be begun. @throws {InputError} `M2M_USAGE` */
export function newInitiator(options: ResolvedClientOptions): Session {
  const { capabilities, channel, scanner, requireSecurity, timing, codec, nowMs, randomBytes } = options;
  const extensions = new Map(capabilities?.extensions);
  if (channel !== undefined) extensions.set(CHANNEL_EXTENSION, channel);
  return new Session({
    role: "initiator",
    capabilities: { ...capabilities, extensions },
    ...{ scanner, requireSecurity, timing, codec, nowMs, randomBytes },
  });
}

export function hasChannel(agreed: Agreement | undefined): boolean {
  return agreed?.extensions.has(CHANNEL_EXTENSION) ?? false;
}

/** @throws {ProtocolError} `M2M_NOT_NEGOTIATED` if the server does not give the channel that was asked for */
export function assertChannel(
  agreed: Agreement | undefined,
  { channel }: Pick<ResolvedClientOptions, "channel">,
): void {
  if (channel === undefined || agreed?.extensions.get(CHANNEL_EXTENSION) === channel) return;
  throw new ProtocolError("M2M_NOT_NEGOTIATED", "The server does not give this client the channel.", {
    hint: "A channel's name is up to 128 of the characters A-Z a-z 0-9 _ - . : ~",
  });
}
