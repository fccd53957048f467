/** The files of a model's folder, for what fetches them and what loads them. */
import { InputError } from "./errors.js";
import { packageFile, packageRemedy } from "./package-files.js";
import { requireNodeModule } from "./platform.js";

export const CONFIG_FILE = "config.json";
export const WEIGHTS_FILE = "model.safetensors";
/** Made from the weights on this machine. */
export const ONNX_FILE = "model.onnx";

/** Most bytes of one of them: the published weights have 38 MB. */
export const MAX_MODEL_FILE_BYTES = 256 * 1024 ** 2;

/**
 * Folder of the model `name` in the package itself; it need not be there.
 * @throws {InputError} `M2M_WEIGHTS_MISSING` in a bundle that has no address
 */
export function packagedModelFolder(name: string): string {
  const { fileURLToPath } = requireNodeModule("url", "The folder of the weights");
  const url = packageFile(`models/${name}`);
  if (url) return fileURLToPath(url);
  throw new InputError("M2M_WEIGHTS_MISSING", "The weights of this package are not with it.", {
    hint: packageRemedy(),
  });
}
