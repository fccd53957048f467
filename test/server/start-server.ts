import { createLogger } from "../../src/http/index.js";
import { ModelRegistry } from "../../src/models/index.js";
import { RuleSet, SecurityScanner } from "../../src/security/index.js";
import { startServer, type Server, type ServerOptions } from "../../src/server/index.js";
import { DEFAULT_LIMITS } from "../../src/shared/limits.js";

export const BLOCK_THRESHOLD = 0.8;

/** A server on a free port of the loopback, whose rules alone judge; `log` takes the lines of its log. */
export async function startTestServer(
  options: Partial<ServerOptions> = {},
  log: string[] = [],
): Promise<Server> {
  return startServer({
    host: "127.0.0.1",
    port: 0,
    version: "1.2.3",
    logger: createLogger({ level: "debug", json: true, write: (line) => log.push(line) }),
    // What a policy tries depends on no clock.
    engine: { limits: DEFAULT_LIMITS, encoding: "cl100k_base", quality: 5, timeBudgetMs: Infinity },
    defaultAlgorithm: "auto",
    models: new ModelRegistry(),
    openScanner: () => {
      const options = { detector: "rules", rules: RuleSet.builtin() } as const;
      const scanner = new SecurityScanner(options).withBlocking(BLOCK_THRESHOLD);
      return Promise.resolve({ scanner, threshold: BLOCK_THRESHOLD });
    },
    security: { isEnabled: true, isBlocking: false },
    store: "memory",
    maxBodyBytes: 1024 * 1024,
    requestsPerMinute: 0,
    ...options,
  });
}

/** What a server answers. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any;
  readonly text: string;
}

/** Sends a request with a JSON body, if there is one. */
export async function ask(
  { url }: Pick<Server, "url">,
  line: `${string} /${string}`,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const [method, path] = line.split(" ");
  const response = await fetch(url + path, {
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = text !== "" && /json/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  };
}
