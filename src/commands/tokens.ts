import { defineCommand } from "../cli/definition.js";

export const TOKENS = defineCommand({
  id: "tokens",
  summary: "Count the tokens of a text.",
  examples: [{ description: "Count a literal", command: "m2m tokens --encoding o200k 'Hello, world'" }],
  args: { text: { summary: "The text; `-` or nothing reads stdin." } },
  flags: { ids: { type: "boolean", summary: "Print the token ids." } },
  jsonType: "{ version: 1; total: number }",
  async run(context, input) {
    const { countTokens } = await import("../tokenizer/index.js");
    const total = countTokens(input.args.text ?? "", { encoding: "o200k_base" });
    if (context.json) return context.printJson({ version: 1, total });
    await context.print(String(total));
  },
});
