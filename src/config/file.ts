import { type ErrorCode, InputError } from "../shared/errors.js";
import { readSmallFile } from "../shared/files.js";
import { isTable, parseToml } from "../shared/toml.js";
import { decodeUtf8 } from "../shared/utf8.js";
import {
  badValue,
  CONFIG_KEY_NAMES,
  CONFIG_SECTIONS,
  type ConfigKey,
  type ConfigScalar,
  isConfigKey,
  tryParseValue,
  unknownKey,
} from "./schema.js";
import { parseUpstreamTables, UPSTREAM_SECTION, type UpstreamTable } from "./upstreams.js";

export type ConfigValues = ReadonlyMap<ConfigKey, ConfigScalar>;

/** What a file holds. */
export interface ConfigFile {
  readonly values: ConfigValues;
  readonly upstreams: readonly UpstreamTable[];
}

/**
 * The settings in the TOML `text`.
 * @param name what messages call it: its path
 * @throws {InputError} `M2M_CONFIG_INVALID` with file, line and key
 */
export async function parseConfigText(text: string, name: string): Promise<ConfigValues> {
  return (await parseConfigFile(text, name)).values;
}

/** As `parseConfigText`, with the tables that are lists. */
export async function parseConfigFile(text: string, name: string): Promise<ConfigFile> {
  const document = await parseToml(text, name, "M2M_CONFIG_INVALID");
  const values = new Map<ConfigKey, ConfigScalar>();
  const at = (path: string[]) => {
    const line = document.lineOf(path);
    return { place: `${name}:${line}`, line };
  };
  let upstreams: readonly UpstreamTable[] = [];
  for (const [section, table] of Object.entries(document.root)) {
    if (section === UPSTREAM_SECTION) {
      upstreams = parseUpstreamTables(table, at);
      continue;
    }
    if (!CONFIG_SECTIONS.includes(section)) throw unknownSection(section, table, at([section]));
    if (!isTable(table)) {
      const { place, line } = at([section]);
      throw new InputError("M2M_CONFIG_INVALID", `${place}: ${section} is a table: [${section}].`, { line });
    }
    for (const [word, value] of Object.entries(table)) {
      const key = `${section}.${word}`;
      if (!isConfigKey(key)) throw unknownKey(key, at([section, word]));
      const parsed = tryParseValue(key, value);
      if (parsed === undefined) throw badValue(key, value, at([section, word]));
      values.set(key, parsed);
    }
  }
  return { values, upstreams };
}

/** @throws {InputError} `M2M_FILE_READ`, `M2M_CONFIG_INVALID` */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  return parseConfigFile(readTextFile(path), path);
}

/** Settings and models of thousands of lines are far below; what is over is no such file. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** @throws {InputError} `M2M_FILE_READ` if it cannot be read, `code` if it is not UTF-8 */
export function readTextFile(path: string, code: ErrorCode = "M2M_CONFIG_INVALID"): string {
  const bytes = readSmallFile(path, MAX_FILE_BYTES);
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new InputError(code, `${path} is not UTF-8 text.`, { cause });
  }
}

/** A key at the top that belongs into a table, or a table that does not exist. */
function unknownSection(section: string, value: unknown, where: { place: string; line: number }): InputError {
  const inside = CONFIG_KEY_NAMES.find((key) => key.split(".")[1] === section);
  if (isTable(value) || inside === undefined) return unknownKey(section, where);
  const [table] = inside.split(".");
  return new InputError(
    "M2M_CONFIG_INVALID",
    `${where.place}: There is no setting "${section}" at the top.`,
    {
      line: where.line,
      hint: `${section} belongs under [${table}].`,
    },
  );
}
