import { packagedModelFolder } from "../shared/model-files.js";
import { HydraModel } from "./hydra/index.js";

/** Folder of the weights that come with the package. */
export function builtinWeightsFolder(): string {
  return packagedModelFolder("hydra");
}

/**
 * The weights that come with the package.
 * @throws {InputError} `M2M_WEIGHTS_MISSING` if they were taken out of it
 */
export function loadBuiltinHydra(): Promise<HydraModel> {
  return HydraModel.load(builtinWeightsFolder());
}
