import { join } from "node:path";
import { isFile, readTextFile, userFolder } from "../config/index.js";
import { ModelRegistry, parseModelsToml } from "../models/index.js";
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
  const userModels = join(userFolder(context), USER_MODELS_NAME);
  const setting = config.get("models.file");
  const paths = [
    ...(isFile(userModels) ? [userModels] : []),
    ...(setting === undefined ? [] : [setting]),
    ...files,
  ];
  const cards = await Promise.all(
    paths.map((path) => parseModelsToml(readTextFile(path, "M2M_MODELS_FILE_INVALID"), path)),
  );
  return new ModelRegistry(cards.flat());
}
