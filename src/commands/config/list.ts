import { defineCommand } from "../../cli/definition.js";
import { renderTable } from "../../cli/table.js";
import { printable } from "../../cli/terminal.js";

export const CONFIG_LIST = defineCommand({
  id: "config list",
  summary: "Show every setting, its value, and where it comes from.",
  description:
    "A flag of a command wins over the environment, that over the project file (the nearest m2m.toml upwards), that over " +
    "the user file, that over the default. In a pipe: three columns, separated by tabs, without titles. Not set is -; " +
    "a secret that is set is (secret), and the password of an address is left out.",
  examples: [
    { description: "All settings", command: "m2m config list" },
    { description: "For a script", command: "m2m config list --json" },
  ],
  args: {},
  flags: {},
  jsonType: `{
  version: 1;
  /** Absent: there is no home folder. */
  userFile?: string;
  /** The nearest m2m.toml, if there is one. */
  projectFile?: string;
  settings: {
    key: string;
    /** Absent: not set, and there is no default. */
    value?: string | number | boolean;
    /** The value is a secret, or has a password: what value holds stands in its place. */
    masked?: true;
    /** "default", "user file PATH", "project file PATH" or "environment NAME". */
    origin: string;
  }[];
}`,
  async run(context) {
    const config = await context.config();
    const { formatOrigin, shownValue } = await import("../../config/index.js");
    const settings = config.entries().map(({ key, value, origin }) => ({
      key,
      ...shownValue(key, value),
      origin: formatOrigin(origin),
    }));
    if (context.json) {
      const { userFile, projectFile } = config;
      return context.printJson({ version: 1, userFile, projectFile, settings });
    }
    const rows = settings.map(({ key, value, origin }) => [key, String(value ?? "-"), origin].map(printable));
    if (!context.terminal.stdoutIsTerminal) {
      return context.print(rows.map((row) => row.join("\t")).join("\n"));
    }
    const columns = ["SETTING", "VALUE", "ORIGIN"].map((title) => ({ title }));
    await context.print(await renderTable(context, columns, rows));
  },
});
