/** Every command of `m2m`. A command that is not in this table does not exist. */
import type { AnyCommand } from "../cli/definition.js";
import { ANALYZE } from "./analyze.js";
import { COMPRESS } from "./compress.js";
import { DECOMPRESS } from "./decompress.js";
import { TOKENS } from "./tokens.js";

export const COMMANDS: readonly AnyCommand[] = [ANALYZE, COMPRESS, DECOMPRESS, TOKENS];
