import type { Config } from "../config/index.js";
import type { CommandContext } from "./context.js";
import { printable } from "./terminal.js";

/**
 * Says which settings of the project file count for nothing, if there are any.
 * @param sections first words of those that matter to who asks, and names of lists of tables
 * @param rule what such a file may set
 */
export function noteLeftAlone(
  context: Pick<CommandContext, "note">,
  { ignored, projectFile = "" }: Config,
  sections: readonly string[],
  rule: string,
): void {
  const found = ignored.filter((one) =>
    sections.some((section) => one === `[[${section}]]` || one.startsWith(`${section}.`)),
  );
  if (found.length === 0) return;
  const left = `${found.join(", ")} ${found.length === 1 ? "is" : "are"} left alone`;
  context.note(`m2m: ${printable(projectFile)}: ${left}: a project file ${rule}.`);
}
