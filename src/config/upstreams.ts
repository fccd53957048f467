import { InputError } from "../shared/errors.js";
import { nearestNames } from "../shared/nearest-name.js";
import { isTable } from "../shared/toml.js";

/** The one table of a file that is a list: `[[upstream]]`, once for each. */
export const UPSTREAM_SECTION = "upstream";

/** One `[[upstream]]`: where `m2m proxy` forwards to. */
export interface UpstreamTable {
  readonly url: string;
  /** What statistics call it, each another. Default: its host, with a number where another has that name. */
  readonly name?: string;
  /** Models that it serves, `*` for any number of characters. Default: all. */
  readonly models?: readonly string[];
  /** Its share of the requests among those that serve a model; 0: only if no other is left. Default 1. */
  readonly weight?: number;
  /** Sent in place of the client's own key. */
  readonly api_key?: string;
  /** The environment variable that has it. */
  readonly api_key_env?: string;
  /** The token of the `m2m proxy` that it is, if it is one and asks for one. */
  readonly token?: string;
  /** The environment variable that has it. */
  readonly token_env?: string;
}

type Member = keyof UpstreamTable;

const isText = (value: unknown): boolean =>
  typeof value === "string" && value !== "" && !/\p{Cc}/u.test(value);

const isVariableName = (value: unknown): boolean =>
  typeof value === "string" && /^[A-Za-z_][A-Za-z0-9_]*$/.test(value);

/** What each member takes, and whether a value is that. */
const MEMBERS: Readonly<Record<Member, { is: (value: unknown) => boolean; takes: string }>> = {
  url: { is: isText, takes: "a URL" },
  name: { is: isText, takes: "a text" },
  models: {
    is: (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
    takes: "a list of names of models",
  },
  weight: {
    is: (value) => typeof value === "number" && value >= 0 && value <= 1_000_000,
    takes: "a number from 0 to 1000000",
  },
  api_key: { is: isText, takes: "a text of one line" },
  api_key_env: { is: isVariableName, takes: "the name of an environment variable" },
  token: { is: isText, takes: "a text of one line" },
  token_env: { is: isVariableName, takes: "the name of an environment variable" },
};

/** What is given by its value or by the variable that has it. */
const SECRETS = ["api_key", "token"] as const;

/** Where something stands: `file:line`, and the line. */
type Place = { readonly place: string; readonly line: number };

/**
 * The tables `[[upstream]]`.
 * @param at where the value at a path stands
 * @throws {InputError} `M2M_CONFIG_INVALID`
 */
export function parseUpstreamTables(value: unknown, at: (path: string[]) => Place): readonly UpstreamTable[] {
  const fail = (path: string[], message: string, hint?: string): InputError => {
    const { place, line } = at(path);
    return new InputError("M2M_CONFIG_INVALID", `${place}: ${message}`, { line, hint });
  };
  if (!Array.isArray(value) || !value.every(isTable)) {
    throw fail([UPSTREAM_SECTION], "upstream is a list of tables.", "Write [[upstream]] above each of them.");
  }
  const names = new Set<unknown>();
  return value.map((table: Record<string, unknown>, index) => {
    const path = [UPSTREAM_SECTION, String(index)];
    for (const [name, given] of Object.entries(table)) {
      if (!Object.hasOwn(MEMBERS, name)) {
        const [near] = nearestNames(name, Object.keys(MEMBERS), 1);
        const hint =
          near === undefined ? `It has ${Object.keys(MEMBERS).join(", ")}.` : `Did you mean ${near}?`;
        throw fail([...path, name], `An upstream has no setting "${name}".`, hint);
      }
      const { is, takes } = MEMBERS[name as Member];
      if (!is(given)) throw fail([...path, name], `${name} of an upstream takes ${takes}.`);
    }
    if (table.url === undefined) throw fail(path, "An upstream needs a url.");
    if (table.name !== undefined && names.has(table.name)) {
      throw fail([...path, "name"], "Two upstreams have the same name.", "Statistics tell them apart by it.");
    }
    names.add(table.name);
    for (const name of SECRETS) {
      if (table[name] === undefined || table[`${name}_env`] === undefined) continue;
      throw fail([...path, `${name}_env`], `An upstream has ${name} or ${name}_env, not both.`);
    }
    return table as unknown as UpstreamTable;
  });
}
