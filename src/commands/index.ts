/** Every command of `m2m`. A command that is not in this table does not exist. */
import type { AnyCommand } from "../cli/definition.js";
import { ANALYZE } from "./analyze.js";
import { COMPRESS } from "./compress.js";
import { CONFIG_GET } from "./config/get.js";
import { CONFIG_LIST } from "./config/list.js";
import { CONFIG_PATH } from "./config/path.js";
import { CONFIG_SET } from "./config/set.js";
import { CONFIG_UNSET } from "./config/unset.js";
import { CONNECT } from "./connect.js";
import { DECOMPRESS } from "./decompress.js";
import { KEYGEN } from "./keygen.js";
import { MODEL_CONVERT } from "./model/convert.js";
import { MODEL_DOWNLOAD } from "./model/download.js";
import { MODEL_INFO } from "./model/info.js";
import { MODEL_LIST } from "./model/list.js";
import { MODEL_REMOVE } from "./model/remove.js";
import { MODEL_VERIFY } from "./model/verify.js";
import { MODELS_INFO } from "./models/info.js";
import { MODELS_LIST } from "./models/list.js";
import { MODELS_SEARCH } from "./models/search.js";
import { PACKET_INSPECT } from "./packet/inspect.js";
import { PROXY } from "./proxy.js";
import { SCAN } from "./scan.js";
import { SERVER } from "./server.js";
import { TOKENS } from "./tokens.js";
import { VERIFY } from "./verify.js";
import { VERSION } from "./version.js";

export const COMMANDS: readonly AnyCommand[] = [
  ANALYZE,
  COMPRESS,
  CONFIG_GET,
  CONFIG_LIST,
  CONFIG_PATH,
  CONFIG_SET,
  CONFIG_UNSET,
  CONNECT,
  DECOMPRESS,
  KEYGEN,
  MODEL_CONVERT,
  MODEL_DOWNLOAD,
  MODEL_INFO,
  MODEL_LIST,
  MODEL_REMOVE,
  MODEL_VERIFY,
  MODELS_INFO,
  MODELS_LIST,
  MODELS_SEARCH,
  PACKET_INSPECT,
  PROXY,
  SCAN,
  SERVER,
  TOKENS,
  VERIFY,
  VERSION,
];
