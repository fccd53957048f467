/** A connection that has a session, over whatever transport. */
export interface SessionHolder {
  /** Another connection has its session from now on. */
  replace(): void;
}

/** Which connection of this process has which session: the last one that claimed it. */
export class SessionClaims {
  readonly #holders = new Map<string, SessionHolder>();

  /** Gives a session to `holder`; whoever had it is told. */
  claim(sessionId: string, holder: SessionHolder): void {
    const before = this.#holders.get(sessionId);
    this.#holders.set(sessionId, holder);
    if (before !== holder) before?.replace();
  }

  /** Forgets the claim of `holder`, unless another one has the session by now. */
  release(sessionId: string | undefined, holder: SessionHolder): void {
    if (sessionId !== undefined && this.#holders.get(sessionId) === holder) this.#holders.delete(sessionId);
  }
}
