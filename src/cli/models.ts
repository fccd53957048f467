import type { ModelRegistry } from "../models/index.js";
import type { CommandContext } from "./context.js";

/** The registry with the user's own models. */
export async function loadModels(
  _context: CommandContext,
  _files: readonly string[],
): Promise<ModelRegistry> {
  const models = await import("../models/index.js");
  return new models.ModelRegistry();
}
