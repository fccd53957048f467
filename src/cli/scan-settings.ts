/** The scanner that the flags and the settings ask for, for every command that scans. */
import type { HydraModel, RuleSet, ScannerOptions, SecurityScanner } from "../security/index.js";
import { FormatError, InputError, M2MError, type ErrorDetails } from "../shared/errors.js";
import { readSmallFile } from "../shared/files.js";
import { nearestNames } from "../shared/nearest-name.js";
import {
  THREAT_CATEGORIES,
  type Detector,
  type DeviceName,
  type ThreatCategory,
} from "../shared/security-options.js";
import type { CommandContext } from "./context.js";
import { noteLeftAlone } from "./left-alone.js";
import { parsePatterns, type Patterns } from "./scan-ignore.js";

const MAX_RULES_FILE_BYTES = 4 * 1024 * 1024;

/** The values of the flags of `scan-flags.ts`. */
export interface ScannerFlags {
  readonly "block-threshold"?: number;
  readonly engine?: Detector;
  readonly device?: DeviceName;
  readonly "model-dir"?: string;
}

export interface OpenedScanner {
  /** Blocks from `threshold` on. */
  readonly scanner: SecurityScanner;
  readonly threshold: number;
  readonly rules: RuleSet;
  /** Absent if only the rules judge. */
  readonly model?: HydraModel;
}

/** Texts whose verdict a process that goes on remembers, mostly 64 bytes each: what is said every turn is judged once. */
export const REMEMBERED_TEXTS = 16_384;

/**
 * Loads the rules and, unless the rules alone judge, Hydra; what Hydra has to say of its device goes to stderr.
 * @throws {InputError} `M2M_WEIGHTS_MISSING`, `M2M_RULES_INVALID`, `M2M_FILE_READ`, `M2M_CONFIG_INVALID`
 * @throws {FormatError} `M2M_WEIGHTS_INVALID`
 * @throws {UnsupportedError} `M2M_PACKAGE_MISSING` if a device needs ONNX Runtime and it is not installed
 */
export async function openScanner(
  context: CommandContext,
  flags: ScannerFlags,
  options: Pick<ScannerOptions, "key" | "limits" | "categories" | "rememberedTexts">,
): Promise<OpenedScanner> {
  const [config, { SecurityScanner }] = await Promise.all([context.config(), import("../security/index.js")]);
  noteLeftAlone(context, config, ["security", "limits"], "may only make the scanner stricter");
  const detector = flags.engine ?? config.get("security.engine");
  const threshold = flags["block-threshold"] ?? config.get("security.block_threshold");
  const rules = await loadRules(context);
  const model = detector === "rules" ? undefined : await loadModel(context, flags);
  const scanner = new SecurityScanner({ ...options, detector, rules, model }).withBlocking(threshold);
  return { scanner, threshold, rules, model };
}

/** The rules of the package, as the settings change them. */
async function loadRules(context: CommandContext): Promise<RuleSet> {
  const [config, { parseRules, RuleSet }] = await Promise.all([
    context.config(),
    import("../security/index.js"),
  ]);
  let rules = RuleSet.builtin();
  const path = config.get("security.rules_file");
  if (path !== undefined) {
    const text = Buffer.from(readSmallFile(path, MAX_RULES_FILE_BYTES)).toString("utf8");
    rules = rules.with(await parseRules(text, path));
  }
  const disabled = (config.get("security.disabled_rules") ?? "").split(",").filter((id) => id !== "");
  for (const id of disabled) assertRule(id, rules);
  return disabled.length === 0 ? rules : rules.without(disabled);
}

/** A slip in an id would leave the rule on. */
function assertRule(id: string, rules: RuleSet): void {
  const ids = rules.rules.map((rule) => rule.id);
  if (ids.includes(id)) return;
  const [near] = nearestNames(id, ids, 1);
  throw new InputError("M2M_CONFIG_INVALID", `security.disabled_rules: there is no rule "${id}".`, {
    hint: id.startsWith("M2M-MAL-")
      ? "Checks of the structure cannot be disabled one by one; --category leaves all of them out."
      : id.startsWith("M2M-HYDRA-")
        ? "Hydra's findings are no rules; --engine rules does without Hydra, --category looks for some kinds only."
        : near === undefined
          ? undefined
          : `Did you mean ${near}?`,
  });
}

/** Hydra from the folder that is asked for, else the downloaded weights, else those of the package. */
async function loadModel(context: CommandContext, flags: ScannerFlags): Promise<HydraModel> {
  const [config, { HydraModel }] = await Promise.all([context.config(), import("../security/index.js")]);
  const device = flags.device ?? config.get("security.device");
  let folder: string | undefined;
  try {
    folder = flags["model-dir"] ?? config.get("security.model_dir") ?? (await storedModel(context));
    // Who leaves the device to m2m gets what there is; who names one gets ONNX Runtime or hears why not.
    const model = await HydraModel.load(
      folder,
      device === "native" ? {} : device === "auto" ? { device } : { device, engine: "onnx" },
    );
    for (const note of model.notes) context.note(`m2m: ${note}`);
    return model;
  } catch (error) {
    throw explainWeights(error, folder);
  }
}

async function storedModel(context: CommandContext): Promise<string> {
  const { DEFAULT_MODEL_NAME, findKnownModel, findModel } = await import("../hub/index.js");
  return findModel(context, findKnownModel(DEFAULT_MODEL_NAME)).path;
}

function explainWeights(error: unknown, folder: string | undefined): unknown {
  if (!(error instanceof M2MError)) return error;
  if (error.code === "M2M_WEIGHTS_MISSING") {
    const place = folder === undefined ? "" : " --dir PATH";
    const hint = `\`m2m model download${place}\` fetches them; --engine rules does without.`;
    const details: ErrorDetails = { cause: error, hint };
    return new InputError(error.code, `The weights of Hydra are missing: ${error.message}`, details);
  }
  if (error.code !== "M2M_WEIGHTS_INVALID" || folder === undefined) return error;
  const hint = "`m2m model verify` says what is wrong; --engine rules does without.";
  const where = error.message.includes(folder) ? "" : `The weights in ${folder} are damaged: `;
  return new FormatError(error.code, `${where}${error.message}`, { cause: error, hint });
}

/**
 * What `--exclude` leaves out of folders, else `security.exclude`; nothing if neither is given.
 * @throws {InputError} `M2M_USAGE`, `M2M_CONFIG_INVALID`
 */
export async function loadExclusions(
  context: CommandContext,
  words: readonly string[] | undefined,
): Promise<Patterns | undefined> {
  if (words) return parsePatterns(words, "--exclude", "M2M_USAGE");
  const given = (await context.config()).get("security.exclude");
  return given ? parsePatterns(given.split(","), "security.exclude", "M2M_CONFIG_INVALID") : undefined;
}

/**
 * The categories that `--category` names, each alone or several with commas.
 * @throws {InputError} `M2M_USAGE`
 */
export function parseCategories(words: readonly string[] | undefined): ThreatCategory[] | undefined {
  return words?.flatMap((word) => word.split(",")).map((word) => parseCategory(word.trim()));
}

function parseCategory(word: string): ThreatCategory {
  const found = THREAT_CATEGORIES.find((name) => name === word);
  if (found) return found;
  const [near] = nearestNames(word, THREAT_CATEGORIES, 1);
  throw new InputError("M2M_USAGE", `--category takes ${THREAT_CATEGORIES.join(", ")}, not "${word}".`, {
    hint: near === undefined ? undefined : `Did you mean ${near}?`,
  });
}
