import type { EngineOptions } from "../codec/index.js";
import type { BpeEncodingName } from "../shared/encodings.js";
import { DEFAULT_LIMITS, type Limits } from "../shared/limits.js";
import type { CommandContext } from "./context.js";

/** What the configuration and `--max-bytes` say about messages. */
export interface EngineSettings extends EngineOptions {
  readonly limits: Limits;
  /** Vocabulary where neither a flag nor a model says which. */
  readonly encoding: BpeEncodingName;
}

/** The engine's options by precedence. @throws {InputError} `M2M_CONFIG_INVALID` */
export async function loadEngineSettings(
  context: CommandContext,
  flags: { "max-bytes"?: number },
): Promise<EngineSettings> {
  const config = await context.config();
  const maxBytes = flags["max-bytes"] ?? config.get("limits.max_content_bytes");
  return {
    limits: {
      ...DEFAULT_LIMITS,
      maxInputBytes: maxBytes,
      maxOutputBytes: maxBytes,
      maxJsonDepth: config.get("limits.max_json_depth"),
    },
    encoding: config.get("compression.encoding"),
    quality: config.get("compression.quality"),
    level: config.get("compression.level"),
    policy: config.get("compression.policy"),
    brotliThresholdBytes: config.get("compression.brotli_threshold"),
    router: {
      skipBelowTokens: config.get("router.skip_below_tokens"),
      fullFromTokens: config.get("router.full_from_tokens"),
    },
  };
}
