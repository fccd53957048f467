export { assertProjectMaySet, Config, formatOrigin, loadConfig } from "./config.js";
export type { ConfigEntry, ConfigOrigin } from "./config.js";
export { setConfigValue, unsetConfigValue } from "./edit.js";
export { readTextFile } from "./file.js";
export { locateConfigFile, userFolder } from "./locations.js";
export type { ConfigEnvironment } from "./locations.js";
export {
  CONFIG_KEY_NAMES,
  CONFIG_KEYS,
  isConfigKey,
  parseConfigKey,
  shownValue,
  specOf,
  variableOf,
} from "./schema.js";
export type { KeySpec } from "./key-spec.js";
export type { ConfigKey, ConfigScalar, ConfigValue } from "./schema.js";
export type { UpstreamTable } from "./upstreams.js";
