import type { IncomingMessage } from "node:http";

/** Longer paths are nobody's. */
const MAX_PATH_UNITS = 512;

/** What lines of the log say of the request that they are about: nothing of its contents. */
export interface LoggedRequest {
  /** The same in all lines of one request. */
  readonly request: string;
  /** Without the query, in which some clients send their key. */
  readonly path: string;
  readonly model?: string;
}

export function loggedPath({ url = "" }: IncomingMessage): string {
  return url.split("?", 1)[0].slice(0, MAX_PATH_UNITS);
}
