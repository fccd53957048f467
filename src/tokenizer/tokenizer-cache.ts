import { assertFunctions } from "../shared/bounds.js";
import { BPE_ENCODINGS, ENCODINGS, type BpeEncodingName } from "../shared/encodings.js";
import { FormatError, UnsupportedError } from "../shared/errors.js";
import { packageFile, packageRemedy } from "../shared/package-files.js";
import { requireNodeModule } from "../shared/platform.js";
import { quote } from "../shared/quote.js";
import { Tokenizer } from "./tokenizer.js";

/** Where a rank table comes from. @throws if there is none */
export type RankTableLoader = (encoding: BpeEncodingName) => Uint8Array;

/** Tokenizers by encoding, each made on first use and then kept. */
export class TokenizerCache {
  readonly #load: RankTableLoader;
  readonly #tokenizers = new Map<BpeEncodingName, Tokenizer>();

  /** @param load default: reads the tables of this package with `node:fs`; a browser passes its own @throws {InputError} `M2M_USAGE` */
  constructor(load: RankTableLoader = readPackagedTable) {
    assertFunctions({ load });
    this.#load = load;
  }

  /**
   * The tokenizer of `encoding`.
   * @throws {UnsupportedError} `M2M_TOKENIZER_UNSUPPORTED` if it is no such encoding, `M2M_PLATFORM_UNSUPPORTED` outside
   *   Node without a loader
   * @throws {FormatError} `M2M_RANK_TABLE_INVALID` if its table is missing or damaged
   */
  get(encoding: BpeEncodingName): Tokenizer {
    const known = this.#tokenizers.get(encoding);
    if (known !== undefined) return known;
    if (!BPE_ENCODINGS.includes(encoding)) {
      const name = quote(String(encoding));
      const exists = (ENCODINGS as readonly string[]).includes(encoding);
      throw new UnsupportedError(
        "M2M_TOKENIZER_UNSUPPORTED",
        exists ? `${name} has no public vocabulary.` : `There is no encoding ${name}.`,
        {
          hint: `Encodings with token ids: ${BPE_ENCODINGS.join(", ")}.`,
        },
      );
    }
    const tokenizer = Tokenizer.fromRankTable(this.#load(encoding));
    this.#tokenizers.set(encoding, tokenizer);
    return tokenizer;
  }
}

/** The cache that is used where none is given. It holds nothing until a tokenizer is asked for. */
export const defaultTokenizers: TokenizerCache = new TokenizerCache();

/** The table in this package. @throws {FormatError} `M2M_RANK_TABLE_INVALID` if it cannot be read */
export function readPackagedTable(encoding: BpeEncodingName): Uint8Array {
  const { readFileSync } = requireNodeModule("fs", "Reading rank tables");
  const url = packageFile(`dist/ranks/${encoding}.bin`);
  try {
    return readFileSync(url as URL);
  } catch (cause) {
    throw new FormatError(
      "M2M_RANK_TABLE_INVALID",
      `The rank table of ${encoding} is missing or cannot be read${url ? `: ${url.pathname}` : ""}.`,
      { hint: packageRemedy(), cause },
    );
  }
}
