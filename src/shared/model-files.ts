/** The files of a model's folder, for what fetches them and what loads them. */
import { requireNodeModule } from "./platform.js";

export const CONFIG_FILE = "config.json";
export const WEIGHTS_FILE = "model.safetensors";
/** Made from the weights on this machine. */
export const ONNX_FILE = "model.onnx";

/** Most bytes of one of them: the published weights have 38 MB. */
export const MAX_MODEL_FILE_BYTES = 256 * 1024 ** 2;

/** Folder of the model `name` in the package itself; it need not be there. */
export function packagedModelFolder(name: string): string {
  return requireNodeModule("url", "The folder of the weights").fileURLToPath(
    // The same from src/shared, dist/shared and the bundle in dist/cli.
    new URL(`../../models/${name}`, import.meta.url),
  );
}
