import type { StreamsSnapshot } from "../flow/index.js";

/** Keeps how far a session is, before the application is given what has come: another process then never gives it again. */
export interface ClaimKeeper {
  /** @throws {M2MError} if it is not kept: the store does not answer, or another process has the session */
  keep(snapshot: StreamsSnapshot): Promise<void>;
}
