import type { ContentScanner } from "../../codec/index.js";
import {
  Session,
  type SessionEnvironment,
  type SessionOptions,
  type SessionSnapshot,
} from "../../session/index.js";
import { ProtocolError } from "../../shared/errors.js";
import { contended } from "./later.js";
import type { ResolvedServiceOptions } from "./options.js";

/** Each try that is lost means that somebody else's was won. */
const MAX_TRIES = 32;
const MAX_PAUSE_MS = 20;

/** What a session needs for one message. */
export type MessageEnvironment = Pick<SessionEnvironment, "scanner" | "contents">;

/** What a change of a session came to. */
export interface Updated<Result> {
  readonly session: Session;
  /** As it was before. */
  readonly before: SessionSnapshot;
  readonly result: Result;
}

/** The sessions in the store, as sessions that can be gone on with. */
export class SessionRecords {
  readonly #options: ResolvedServiceOptions;

  constructor(options: ResolvedServiceOptions) {
    this.#options = options;
  }

  /** A session that nobody has met yet. */
  begin(options: Partial<SessionOptions>): Session {
    const { versions, requireSecurity } = this.#options;
    return new Session({
      role: "responder",
      versions,
      requireSecurity,
      ...this.#environment({ scanner: this.#options.scanner }),
      ...options,
    });
  }

  async add(session: Session): Promise<void> {
    if (await this.#options.store.put(session.toJSON(), { expiresAtMs: session.expiresAtMs() })) return;
    throw contended();
  }

  /** @throws {ProtocolError} `M2M_SESSION_UNKNOWN` */
  async read(id: string, scanner: ContentScanner | undefined = this.#options.scanner): Promise<Session> {
    return this.#restore(await this.#get(id), { scanner });
  }

  /**
   * Changes a session and stores it, however many others do the same: if the store has another revision meanwhile, `act`
   * is done again with that. What it throws is thrown when what changed all the same is stored. A session that is over is
   * deleted.
   * @throws {ProtocolError} `M2M_SESSION_UNKNOWN`
   * @throws {LimitError} `M2M_BUSY` if too many change it at once
   */
  async update<Result>(
    id: string,
    { scanner, contents }: MessageEnvironment,
    act: (session: Session) => Promise<Result>,
  ): Promise<Updated<Result>> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const before = await this.#get(id);
      const session = this.#restore(before, { scanner, contents });
      const outcome = await settle(act(session));
      if (session.revision === before.revision || (await this.#replace(session, before.revision))) {
        if ("error" in outcome) throw outcome.error;
        return { session, before, result: outcome.result };
      }
      await pause(Math.random() * Math.min(MAX_PAUSE_MS, 2 ** tries));
    }
    throw contended();
  }

  async #get(id: string): Promise<SessionSnapshot> {
    const snapshot = await this.#options.store.get(id);
    if (snapshot) return snapshot;
    throw unknownSession();
  }

  async #replace(session: Session, revision: number): Promise<boolean> {
    const { store } = this.#options;
    if (session.state === "closed" || session.state === "closing") {
      await store.delete(session.id as string);
      return true;
    }
    return store.put(session.toJSON(), { replaces: revision, expiresAtMs: session.expiresAtMs() });
  }

  #restore(snapshot: SessionSnapshot, own: MessageEnvironment): Session {
    return Session.fromJSON(snapshot, this.#environment(own));
  }

  #environment(own: MessageEnvironment) {
    const { nowMs, randomBytes, timing, codec } = this.#options;
    return { nowMs, randomBytes, timing, codec, ...own };
  }
}

export function unknownSession(): ProtocolError {
  return new ProtocolError("M2M_SESSION_UNKNOWN", "There is no such session here, or none any more.", {
    hint: "Begin another session.",
  });
}

async function settle<Result>(
  acting: Promise<Result>,
): Promise<{ readonly result: Result } | { readonly error: unknown }> {
  try {
    return { result: await acting };
  } catch (error) {
    return { error };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
