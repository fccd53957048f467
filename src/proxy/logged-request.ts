/** What lines of the log say of the request that they are about: nothing of its contents. */
export interface LoggedRequest {
  /** The same in all lines of one request. */
  readonly request: string;
  /** Without the query, in which some clients send their key. */
  readonly path: string;
  readonly model?: string;
}
