import { InputError } from "../shared/errors.js";
import { CONFIG_FILE, MAX_MODEL_FILE_BYTES, WEIGHTS_FILE } from "../shared/model-files.js";
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

/** Most bytes of all files of a model together. */
export const MAX_MODEL_BYTES = 1024 * MIB;

export const CARD_FILE = "README.md";

export const KNOWN_MODELS: readonly KnownModel[] = [
  {
    name: "hydra",
    summary: "Mixture of experts that tells threats and chooses compression.",
    repository: "infernet/hydra",
    files: [
      { name: CONFIG_FILE, maxBytes: MIB },
      { name: WEIGHTS_FILE, maxBytes: MAX_MODEL_FILE_BYTES },
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
