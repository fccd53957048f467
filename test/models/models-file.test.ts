import { expect } from "chai";
import { ModelRegistry, parseModelsToml } from "../../src/models/index.js";
import { InputError } from "../../src/shared/errors.js";

async function refusal(text: string): Promise<InputError> {
  try {
    await parseModelsToml(text, "models.toml");
  } catch (error) {
    expect(error).to.be.instanceOf(InputError);
    expect((error as InputError).code).to.equal("M2M_MODELS_FILE_INVALID");
    return error as InputError;
  }
  throw new Error("It was not refused.");
}

describe("parseModelsToml", () => {
  it("reads a card with every key", async () => {
    const cards = await parseModelsToml(
      `# ours
[[models]]
id = "Acme-Large"
aliases = ["acme/large", "acme-large-latest"]
provider = "acme"
kind = "reasoning"
encoding = "llama"
context_window = 32_768
max_output_tokens = 4096
tools = true
vision = true
reasoning = true
as_of = 2026-01-31

[models.price]
input_usd_per_million = 0.5
cached_input_usd_per_million = 0.05
output_usd_per_million = 2
`,
      "models.toml",
    );
    expect(cards).to.deep.equal([
      {
        id: "acme-large",
        aliases: ["acme/large", "acme-large-latest"],
        provider: "acme",
        kind: "reasoning",
        encoding: "llama",
        contextWindow: 32768,
        maxOutputTokens: 4096,
        price: { inputUsdPerMillion: 0.5, cachedInputUsdPerMillion: 0.05, outputUsdPerMillion: 2 },
        tools: true,
        vision: true,
        reasoning: true,
        t1Name: undefined,
        asOf: "2026-01-31",
      },
    ]);
    expect(new ModelRegistry(cards).get("acme/large").id).to.equal("acme-large");
  });

  it("fills in what is not said", async () => {
    const [card] = await parseModelsToml('[[models]]\nid = "a"\ncontext_window = 10\n', "models.toml");
    expect(card).to.include({
      provider: "custom",
      kind: "chat",
      encoding: "heuristic",
      tools: false,
      asOf: "unknown",
    });
    expect(card.price).to.equal(undefined);
  });

  it("keeps what it does not state of a catalog model", async () => {
    const [card] = await parseModelsToml(
      '[[models]]\nid = "gpt-4o"\nas_of = "2026-01-01"\nprice = { input_usd_per_million = 1 }\n',
      "models.toml",
    );
    const known = new ModelRegistry().get("gpt-4o");
    expect(card).to.deep.equal({
      ...known,
      price: { inputUsdPerMillion: 1, cachedInputUsdPerMillion: undefined, outputUsdPerMillion: undefined },
      asOf: "2026-01-01",
    });
  });

  it("takes an empty file", async () => expect(await parseModelsToml("", "m")).to.deep.equal([]));

  const one = '[[models]]\nid = "a"\ncontext_window = 10\n';
  const cases: [what: string, text: string, line: number, message: string | RegExp][] = [
    ["no TOML", "[[models]\n", 1, "models.toml:1:"],
    ["an unknown key at the top", `x = 1\n${one}`, 1, 'models.toml:1: x: there is no key "x" here.'],
    [
      "an unknown key",
      `${one}contextwindow = 1\n`,
      4,
      "models.toml:4: models[0].contextwindow: there is no key",
    ],
    ["a prototype key", `${one}__proto__ = 1\n`, 4, "models[0].__proto__"],
    ["models that is no list", "models = 3\n", 1, "models.toml:1: models: models is a list"],
    ["a list of other things", "models = [3]\n", 1, "models[0]: models is a list"],
    ["a missing id", "\n[[models]]\ncontext_window = 10\n", 2, "models.toml:2: models[0]: id is missing."],
    ["a missing window", '[[models]]\nid = "a"\n', 1, "a has no context_window"],
    ["an id with blanks", '[[models]]\nid = "a b"\n', 2, "models[0].id: id is a name"],
    [
      "a window in words",
      `${one}\n[[models]]\nid = "b"\ncontext_window = "10"\n`,
      7,
      "models[1].context_window",
    ],
    ["half a token", `${one}max_output_tokens = 1.5\n`, 4, "an integer of at least 1"],
    ["a kind", `${one}kind = "chats"\n`, 4, "kind is one of chat, reasoning, embedding"],
    ["an encoding", `${one}encoding = 1\n`, 4, "encoding is one of cl100k_base"],
    ["a capability", `${one}tools = "yes"\n`, 4, "tools is true or false"],
    ["a date", `${one}as_of = "soon"\n`, 4, "as_of is a date"],
    ["aliases", `${one}aliases = [\n  1\n]\n`, 4, "aliases is a list of names"],
    [
      "a price in words",
      `${one}[models.price]\ninput_usd_per_million = "1"\n`,
      5,
      "models[0].price.input_usd_per_million",
    ],
    ["a price below zero", `${one}[models.price]\ninput_usd_per_million = -1\n`, 5, "a number of at least 0"],
    ["a price of infinity", `${one}price = { input_usd_per_million = inf }\n`, 4, "a number of at least 0"],
    [
      "half a price",
      `${one}[models.price]\noutput_usd_per_million = 1\n`,
      4,
      "price has no input_usd_per_million",
    ],
    ["an unknown price", `${one}[models.price]\ninput = 1\n`, 5, 'there is no key "input"'],
    [
      "a name twice",
      `${one}[[models]]\nid = "b"\naliases = ["A"]\ncontext_window = 1\n`,
      4,
      '"a" already names the model a',
    ],
  ];
  for (const [what, text, line, message] of cases) {
    it(`refuses ${what}, with its line`, async () => {
      const error = await refusal(text);
      expect(error.message).to.include(message);
      expect(error.line).to.equal(line);
    });
  }

  it("suggests the key that was meant", async () => {
    expect((await refusal(`${one}context_windows = 1\n`)).hint).to.equal("Did you mean context_window?");
  });
});
