import type { Method, Route } from "./route.js";

/** What a path leads to. */
export interface Match<Services> {
  readonly routes: ReadonlyMap<Method, Route<Services>>;
  readonly params: Readonly<Record<string, string>>;
}

interface Pattern<Services> {
  readonly parts: readonly string[];
  readonly routes: ReadonlyMap<Method, Route<Services>>;
}

const NO_PARAMS = Object.freeze({});

/** Paths to routes: those without parameters by a look-up, the few others part by part. */
export class Router<Services> {
  readonly #fixed = new Map<string, Map<Method, Route<Services>>>();
  readonly #patterns: Pattern<Services>[] = [];

  constructor(routes: readonly Route<Services>[]) {
    for (const route of routes) {
      const known = this.#fixed.get(route.path) ?? new Map<Method, Route<Services>>();
      known.set(route.method, route);
      this.#fixed.set(route.path, known);
    }
    for (const [path, methods] of this.#fixed) {
      if (!path.includes("{")) continue;
      this.#fixed.delete(path);
      this.#patterns.push({ parts: path.split("/"), routes: methods });
    }
  }

  /** @param path without query, as it stands in the request */
  find(path: string): Match<Services> | undefined {
    const routes = this.#fixed.get(path);
    if (routes) return { routes, params: NO_PARAMS };
    const given = path.split("/");
    for (const { parts, routes } of this.#patterns) {
      const params = matchParts(parts, given);
      if (params) return { routes, params };
    }
    return undefined;
  }
}

function matchParts(parts: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (parts.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    if (!part.startsWith("{")) {
      if (part !== given[index]) return undefined;
      continue;
    }
    const value = tryDecode(given[index]);
    if (value === undefined || value === "") return undefined;
    params[part.slice(1, -1)] = value;
  }
  return params;
}

/** `undefined` if a `%` escapes nothing, or no UTF-8. */
function tryDecode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** What may be done with a path, for `Allow` (RFC 9110, section 10.2.1). */
export function allowedMethods(routes: ReadonlyMap<Method, unknown>): string {
  return [...routes.keys()].flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
}
