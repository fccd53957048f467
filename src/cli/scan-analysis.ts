/** What `analyze` says of safety, and what Hydra would compress with. */
import type { HydraModel, ScanResult } from "../security/index.js";
import type { AlgorithmName } from "../shared/algorithms.js";
import { M2MError } from "../shared/errors.js";
import { tryDecodeUtf8 } from "../shared/utf8.js";
import type { CommandContext } from "./context.js";
import { openScanner, type OpenedScanner } from "./scan-settings.js";
import type { EngineSettings } from "./settings.js";
import { round } from "./words.js";

/** Hydra's advice is of its first window, of at most 512 tokens; no token has more characters than this on average. */
const ADVICE_CHARACTERS = 512 * 32;

export interface SecurityAnalysis {
  security?: Pick<ScanResult, "safe" | "score" | "threats"> & {
    threatType: ScanResult["threatType"] | null;
    /** What judged: rules, if there are no weights. */
    engine: "both" | "rules" | "hydra";
  };
  hydra?: {
    compression: { label: string; probabilities: Readonly<Record<string, number>> };
    /** Absent if the weights have a label of their own. */
    algorithm?: AlgorithmName;
  };
}

/** Nothing where `security.enabled` is off; without weights the rules judge alone, and a note says so. */
export async function analyzeSecurity(
  context: CommandContext,
  content: Uint8Array,
  { limits }: EngineSettings,
): Promise<SecurityAnalysis> {
  const config = await context.config();
  if (!config.get("security.enabled")) return {};
  const opened = await openWhatThereIs(context, { limits });
  const { safe, score, threatType, threats } = await opened.scanner.scan(content);
  const engine = opened.model ? config.get("security.engine") : "rules";
  const text = opened.model && tryDecodeUtf8(content);
  return {
    security: { safe, score, threatType: threatType ?? null, threats, engine },
    ...(opened.model && text !== undefined && { hydra: await advise(opened.model, text) }),
  };
}

async function openWhatThereIs(
  context: CommandContext,
  options: Pick<EngineSettings, "limits">,
): Promise<OpenedScanner> {
  try {
    return await openScanner(context, {}, options);
  } catch (error) {
    if (!(error instanceof M2MError) || error.code !== "M2M_WEIGHTS_MISSING") throw error;
    context.note(
      "m2m: There are no weights of Hydra: the rules judge alone. `m2m model download` fetches them.",
    );
    return openScanner(context, { engine: "rules" }, options);
  }
}

async function advise(model: HydraModel, text: string): Promise<SecurityAnalysis["hydra"]> {
  const { HYDRA_ALGORITHMS } = await import("../security/index.js");
  const { compression } = await model.predict(text.slice(0, ADVICE_CHARACTERS));
  const { label } = compression;
  const probabilities = Object.fromEntries(
    Object.entries(compression.probabilities).map(([name, share]) => [name, round(share)]),
  );
  const algorithm = Object.hasOwn(HYDRA_ALGORITHMS, label) ? HYDRA_ALGORITHMS[label] : undefined;
  return { compression: { label, probabilities }, ...(algorithm && { algorithm }) };
}
