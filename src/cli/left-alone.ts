import type { Config } from "../config/index.js";
import type { CommandContext } from "./context.js";
import { printable } from "./terminal.js";

/**
 * Says which settings of the project file count for nothing, if there are any.
 * @param sections first words of those that matter to who asks
 * @param rule what such a file may set
 */
export function noteLeftAlone(
  context: Pick<CommandContext, "note">,
  { ignored, projectFile = "" }: Config,
  sections: readonly string[],
  rule: string,
): void {
  const keys = ignored.filter((key) => sections.some((section) => key.startsWith(`${section}.`)));
  if (keys.length === 0) return;
  const left = `${keys.join(", ")} ${keys.length === 1 ? "is" : "are"} left alone`;
  context.note(`m2m: ${printable(projectFile)}: ${left}: a project file ${rule}.`);
}
