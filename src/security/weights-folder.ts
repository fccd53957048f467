import { requireNodeModule } from "../shared/platform.js";
import { HydraModel, type HydraLoadOptions } from "./hydra/index.js";

/** Folder of the weights that come with the package. */
export function builtinWeightsFolder(): string {
  return requireNodeModule("url", "The folder of the weights").fileURLToPath(
    // The same from src/security, dist/security and the bundle in dist/cli.
    new URL("../../models/hydra/", import.meta.url),
  );
}

/**
 * The weights that come with the package.
 * @throws {InputError} `M2M_WEIGHTS_MISSING` if they were taken out of it
 */
export function loadBuiltinHydra(options: HydraLoadOptions = {}): Promise<HydraModel> {
  return HydraModel.load(builtinWeightsFolder(), options);
}
