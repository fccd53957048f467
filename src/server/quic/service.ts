import type { M2MError } from "../../shared/errors.js";
import type { Message } from "../../session/index.js";

/** What QUIC needs of the service that holds the sessions. */
export interface QuicSessions {
  handle(message: Uint8Array | Message, peer?: { readonly address?: string }): Promise<QuicHandled>;
  take(
    id: string,
    options: { readonly after?: string; readonly waitMs?: number; readonly signal?: AbortSignal },
  ): Promise<readonly { readonly id: string; readonly message: string }[]>;
  tick(id: string): Promise<{ readonly message?: Message; readonly nextDeadlineMs?: number }>;
}

export interface QuicHandled {
  readonly sessionId?: string;
  readonly reply?: Message;
  readonly error?: M2MError;
}
