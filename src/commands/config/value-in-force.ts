import type { CommandContext } from "../../cli/context.js";
import type { ConfigKey, ConfigOrigin, ConfigScalar } from "../../config/index.js";
import { M2MError } from "../../shared/errors.js";

export interface ValueInForce {
  readonly value?: ConfigScalar;
  readonly origin?: ConfigOrigin;
  /** What makes the settings unusable; there is no value then. */
  readonly problem?: string;
}

/** What holds after a change. Another line may still be wrong: that is told, and is no failure of the change. */
export async function valueInForce(context: CommandContext, key: ConfigKey): Promise<ValueInForce> {
  try {
    const config = await context.config();
    return { value: config.get(key), origin: config.origin(key) };
  } catch (error) {
    if (error instanceof M2MError) return { problem: error.message };
    throw error;
  }
}
