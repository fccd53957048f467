import { defineCommand } from "../cli/definition.js";
import { versionFacts, versionText } from "../cli/version.js";

export const VERSION = defineCommand({
  id: "version",
  summary: "Print the version of m2m and of what it runs on.",
  description: "The same as m2m --version.",
  examples: [{ description: "For a bug report", command: "m2m version --json" }],
  args: {},
  flags: {},
  jsonType: `{
  name: "m2m-protocol";
  version: string;
  /** Such as linux-x64. */
  platform: string;
  node: string;
}`,
  async run(context) {
    if (context.json) return context.printJson(versionFacts());
    await context.print(versionText());
  },
});
