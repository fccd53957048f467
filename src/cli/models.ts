import { join } from "node:path";
import { formatOrigin, readTextFile, userFolder } from "../config/index.js";
import { type ModelCard, ModelRegistry, parseModelsToml } from "../models/index.js";
import { InputError } from "../shared/errors.js";
import { isThere } from "../shared/files.js";
import type { CommandContext } from "./context.js";

/** The user's models, in the folder of his settings. */
const USER_MODELS_NAME = "models.toml";

/**
 * The catalog with the user's own models: `~/.m2m/models.toml`, the setting `models.file`, then `files` (`--models`);
 * a later card replaces an earlier one of the same id.
 * @throws {InputError} `M2M_MODELS_FILE_INVALID`, `M2M_FILE_READ`
 */
export async function loadModels(context: CommandContext, files: readonly string[]): Promise<ModelRegistry> {
  const config = await context.config();
  const folder = userFolder(context);
  const userModels = folder === undefined ? undefined : join(folder, USER_MODELS_NAME);
  const setting = config.get("models.file");
  const cards: ModelCard[] = [];
  if (userModels !== undefined && isThere(userModels)) cards.push(...(await readModels(userModels)));
  if (setting !== undefined) {
    const origin = formatOrigin(config.origin("models.file"));
    cards.push(...(await readModels(setting, `models.file (${origin}): `)));
  }
  for (const path of files) cards.push(...(await readModels(path)));
  return new ModelRegistry(cards);
}

/** @param prefix what errors say first: who named the file */
async function readModels(path: string, prefix = ""): Promise<ModelCard[]> {
  try {
    return await parseModelsToml(readTextFile(path, "M2M_MODELS_FILE_INVALID"), path);
  } catch (error) {
    if (!(error instanceof InputError) || prefix === "") throw error;
    const { cause, code, hint, line, message } = error;
    throw new InputError(code, prefix + message, { cause, hint, line });
  }
}
