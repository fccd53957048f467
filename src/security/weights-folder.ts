import { InputError } from "../shared/errors.js";
import { packagedModelFolder } from "../shared/model-files.js";
import { packageRemedy } from "../shared/package-files.js";
import { HydraModel } from "./hydra/index.js";

/** Folder of the weights that come with the package. @throws {InputError} `M2M_WEIGHTS_MISSING` in a bundle that has no address */
export function builtinWeightsFolder(): string {
  return packagedModelFolder("hydra");
}

/**
 * The weights that come with the package.
 * @throws {InputError} `M2M_WEIGHTS_MISSING` if they were taken out of it
 */
export async function loadBuiltinHydra(): Promise<HydraModel> {
  try {
    return await HydraModel.load(builtinWeightsFolder());
  } catch (cause) {
    if (!(cause instanceof InputError && cause.code === "M2M_WEIGHTS_MISSING")) throw cause;
    throw new InputError(cause.code, cause.message, { hint: packageRemedy(), cause });
  }
}
