import {
  CHANNEL_EXTENSION,
  dictionaryExtensions,
  HISTORY_EXTENSION,
  HISTORY_WINDOW,
  Session,
  type Agreement,
} from "../session/index.js";
import { M2MError, ProtocolError } from "../shared/errors.js";
import type { ResolvedClientOptions } from "./options.js";

/** A session that is to be begun. @throws {InputError} `M2M_USAGE` */
export function newInitiator(options: ResolvedClientOptions): Session {
  const { capabilities, channel, scanner, requireSecurity, timing, codec, nowMs, randomBytes } = options;
  const extensions = new Map([...offeredExtensions(options), ...(capabilities?.extensions ?? [])]);
  if (channel !== undefined) extensions.set(CHANNEL_EXTENSION, channel);
  return new Session({
    role: "initiator",
    capabilities: { ...capabilities, extensions },
    ...{ scanner, requireSecurity, timing, codec, nowMs, randomBytes },
  });
}

/**
 * The offer of `dictionary`. In the list of algorithms some published servers refuse its name; extensions they ignore.
 * @throws {FormatError} `M2M_PRIOR_INVALID`
 */
function offeredExtensions(options: ResolvedClientOptions): Map<string, string> {
  if (!offersDictionary(options)) return new Map();
  try {
    const extensions = dictionaryExtensions();
    // Messages over HTTP may arrive at different processes.
    if (options.transport !== "http") extensions.set(HISTORY_EXTENSION, HISTORY_WINDOW);
    return extensions;
  } catch (error) {
    if (error instanceof M2MError && error.code === "M2M_PLATFORM_UNSUPPORTED") return new Map();
    throw error;
  }
}

export function offersDictionary({
  dictionary,
  capabilities,
}: Pick<ResolvedClientOptions, "dictionary" | "capabilities">): boolean {
  return dictionary ?? capabilities?.compression?.algorithms?.includes("dictionary") ?? true;
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
