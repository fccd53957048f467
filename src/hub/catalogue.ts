import { fileURLToPath } from "node:url";
import { InputError } from "../shared/errors.js";
import { nearestNames } from "../shared/nearest-name.js";

const MIB = 1024 ** 2;

/** A file of a model, where no manifest says what there is. */
export interface KnownFile {
  readonly name: string;
  /** More than this is not taken from anywhere. */
  readonly maxBytes: number;
  /** The model works without it. */
  readonly optional?: boolean;
}

/** A model that m2m can run. */
export interface KnownModel {
  readonly name: string;
  readonly summary: string;
  /** On the Hugging Face hub. */
  readonly repository: string;
  readonly files: readonly KnownFile[];
}

/** Most bytes of a file that only a manifest names. */
export const MAX_FILE_BYTES = 256 * MIB;

/** Most bytes of all files of a model together. */
export const MAX_MODEL_BYTES = 1024 * MIB;

export const CONFIG_FILE = "config.json";
export const WEIGHTS_FILE = "model.safetensors";
export const CARD_FILE = "README.md";
/** Made from the weights on this machine. */
export const ONNX_FILE = "model.onnx";

export const KNOWN_MODELS: readonly KnownModel[] = [
  {
    name: "hydra",
    summary: "Mixture of experts that tells threats and chooses compression.",
    repository: "infernet/hydra",
    files: [
      { name: CONFIG_FILE, maxBytes: MIB },
      { name: WEIGHTS_FILE, maxBytes: MAX_FILE_BYTES },
      { name: CARD_FILE, maxBytes: MIB, optional: true },
    ],
  },
];

export const DEFAULT_MODEL_NAME = "hydra";

/** @throws {InputError} `M2M_MODEL_UNKNOWN` */
export function findKnownModel(name: string): KnownModel {
  const found = KNOWN_MODELS.find((model) => model.name === name.trim().toLowerCase());
  if (found) return found;
  const names = KNOWN_MODELS.map((model) => model.name);
  const [near] = nearestNames(name, names, 1);
  throw new InputError("M2M_MODEL_UNKNOWN", `m2m runs no model "${name}".`, {
    hint:
      near === undefined
        ? `It runs ${names.join(", ")}. For prices and context windows there is \`m2m models\`.`
        : `Did you mean ${near}?`,
  });
}

/** The folder of a model in the package itself; it need not be there. From sources, `dist` and the bundle it is the same. */
export function builtInFolder(model: KnownModel): string {
  return fileURLToPath(new URL(`../../models/${model.name}`, import.meta.url));
}
