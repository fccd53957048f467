import { InputError } from "../shared/errors.js";

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly isTls: boolean;
  readonly username?: string;
  readonly password?: string;
  /** The address to show: without name and password. */
  readonly publicForm: string;
}

const DEFAULT_PORT = 6379;

/**
 * Reads `redis://[[name][:password]@]host[:port][/database]`, or the same with `rediss:` for TLS.
 * @throws {InputError} `M2M_USAGE`; the message does not hold the address, as it may hold a password
 */
export function parseRedisAddress(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== "redis:" && url.protocol !== "rediss:") || url.hostname === "") {
    throw invalid("The address of Redis begins with redis:// or rediss:// and a host.");
  }
  if (url.search !== "" || url.hash !== "") {
    throw invalid("The address of Redis has no parameters: nothing may stand behind the database.");
  }
  const database = /^\/?$/.test(url.pathname) ? "0" : /^\/(\d{1,5})$/.exec(url.pathname)?.[1];
  if (database === undefined) {
    throw invalid("Behind the host, the address of Redis has the number of a database, or nothing.");
  }
  // WHATWG URLs keep the brackets of IPv6 addresses; sockets take them without.
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  const username = decode(url.username);
  const password = decode(url.password);
  return {
    host,
    port,
    database: Number(database),
    isTls: url.protocol === "rediss:",
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    publicForm: `${url.protocol}//${url.hostname}:${port}/${Number(database)}`,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("The name or password in the address of Redis holds a % that escapes nothing.");
  }
}

function invalid(message: string): InputError {
  return new InputError("M2M_USAGE", message, {
    hint: "For example redis://127.0.0.1:6379/0 or rediss://name:password@redis.example:6380/2. In a password, % is written %25, @ %40, / %2F.",
  });
}
