import { FormatError, UnsupportedError } from "../../../shared/errors.js";
import { packageFile, packageRemedy } from "../../../shared/package-files.js";
import { requireNodeModule } from "../../../shared/platform.js";
import type { MessageCoder } from "../coders.js";
import { createCoder } from "../kernel/create-coder.js";
import type { Prior } from "./prior.js";
import { openPrior } from "./prior-file.js";

/** Priors and their engines, made on first use and then kept: an engine takes about 20 MB, which who asks for names is spared. */
export class PriorCache {
  readonly #loaders: readonly (() => Uint8Array)[];
  readonly #create: (prior: Prior) => MessageCoder;
  #priors: readonly Prior[] | undefined;
  readonly #engines = new Map<Prior, MessageCoder>();

  /** @param loaders of prior files, the one to write with first; default: the one of this package, read with `node:fs` */
  constructor(
    loaders: readonly (() => Uint8Array)[] = [readPackagedPrior],
    create: (prior: Prior) => MessageCoder = createCoder,
  ) {
    this.#create = create;
    this.#loaders = loaders;
  }

  /** The engine to write with. @throws {FormatError} `M2M_PRIOR_INVALID` */
  get current(): MessageCoder {
    return this.#engineOf(this.#load()[0]);
  }

  /** Hashes of all priors, in 8 hexadecimal digits, the one to write with first. */
  get names(): string[] {
    return this.#load().map(({ hash }) => priorName(hash));
  }

  /**
   * The engine that a wire asks for by the lowest byte of its prior's hash.
   * @throws {UnsupportedError} `M2M_PRIOR_MISSING`
   */
  find(tag: number): MessageCoder {
    const found = this.#load().find(({ hash }) => (hash & 255) === tag);
    if (found) return this.#engineOf(found);
    throw new UnsupportedError(
      "M2M_PRIOR_MISSING",
      `The wire was written with the prior …${tag.toString(16).padStart(2, "0")}, which is not here.`,
      {
        offset: 1,
        hint: `Priors that are here: ${this.names.join(", ")}. Install the version that wrote it.`,
      },
    );
  }

  #load(): readonly Prior[] {
    return (this.#priors ??= this.#loaders.map((load) => openPrior(load())));
  }

  #engineOf(prior: Prior): MessageCoder {
    let engine = this.#engines.get(prior);
    if (!engine) this.#engines.set(prior, (engine = this.#create(prior)));
    return engine;
  }
}

/** What is used where none is given. It holds nothing until a prior is asked for. */
export const defaultPriors: PriorCache = new PriorCache();

export function priorName(hash: number): string {
  return hash.toString(16).padStart(8, "0");
}

/** The prior in this package. @throws {FormatError} `M2M_PRIOR_INVALID` if it cannot be read */
export function readPackagedPrior(): Uint8Array {
  const { readFileSync } = requireNodeModule("fs", "Reading the prior");
  try {
    return readFileSync(packageFile("models/prior/m2m.prior") as URL);
  } catch (cause) {
    throw new FormatError("M2M_PRIOR_INVALID", "The prior of this package is missing or cannot be read.", {
      hint: packageRemedy(),
      cause,
    });
  }
}
