import { expect } from "chai";
import fc from "fast-check";
import { ModelRegistry, MODEL_KINDS, parseModelsToml, type ModelCard } from "../../src/models/index.js";
import { ENCODINGS } from "../../src/shared/encodings.js";
import { InputError } from "../../src/shared/errors.js";
import { catchM2MError, rejection } from "../helpers/catch-error.js";

const registry = new ModelRegistry();

const OWN: ModelCard = {
  id: "acme-1",
  aliases: ["acme-latest"],
  provider: "acme",
  kind: "chat",
  encoding: "llama",
  contextWindow: 1000,
  tools: false,
  vision: false,
  reasoning: false,
  asOf: "2026-01-01",
};

describe("catalog", () => {
  it("has at least 60 models of at least 10 makers", () => {
    expect(registry.list()).to.have.length.of.at.least(60);
    expect(registry.providers()).to.have.length.of.at.least(10);
  });

  it("has complete and plausible cards", () => {
    for (const card of registry.list()) {
      expect(card.id, card.id).to.match(/^[a-z0-9./:-]+$/);
      expect(MODEL_KINDS, card.id).to.include(card.kind);
      expect(ENCODINGS, card.id).to.include(card.encoding);
      expect(card.contextWindow, card.id).to.be.within(512, 20_000_000);
      expect(card.asOf, card.id).to.match(/^20\d\d-[01]\d-[0-3]\d$/);
      if (card.maxOutputTokens !== undefined) {
        expect(card.maxOutputTokens, card.id).to.be.within(512, card.contextWindow);
      }
      const price = card.price;
      if (price) {
        expect(price.inputUsdPerMillion, card.id).to.be.within(0.01, 200);
        if (price.cachedInputUsdPerMillion !== undefined) {
          expect(price.cachedInputUsdPerMillion, card.id).to.be.lessThan(price.inputUsdPerMillion);
        }
        if (card.kind === "embedding") expect(price.outputUsdPerMillion, card.id).to.equal(undefined);
        else expect(price.outputUsdPerMillion, card.id).to.be.at.least(price.inputUsdPerMillion);
      }
      if (card.kind === "reasoning") expect(card.reasoning, card.id).to.equal(true);
    }
  });

  it("has the price of cached input of each Claude from 3.5 on, a tenth of the other as Anthropic has it", () => {
    const cards = registry
      .list({ provider: "anthropic" })
      .filter(({ id }) => !/^claude-(?:[12]|instant|3-(?!5|7))/.test(id));
    expect(cards.map(({ id }) => id))
      .to.include("claude-sonnet-5")
      .and.to.include("claude-3-5-sonnet");
    for (const { id, price } of cards) {
      expect(price?.cachedInputUsdPerMillion, id).to.be.closeTo(Number(price?.inputUsdPerMillion) / 10, 1e-9);
    }
  });

  it("gives every name to one model", () => {
    for (const card of registry.list()) {
      for (const name of [card.id, ...card.aliases]) expect(registry.find(name)?.id, name).to.equal(card.id);
    }
  });
});

describe("ModelRegistry.find", () => {
  const cases: [name: string, id: string][] = [
    ["gpt-4o", "gpt-4o"],
    [" GPT-4o ", "gpt-4o"],
    ["openai/gpt-4o", "gpt-4o"],
    ["openrouter/openai/gpt-4o", "gpt-4o"],
    ["azure/gpt-35-turbo", "gpt-3.5-turbo"],
    ["gpt-4o-2024-08-06", "gpt-4o"],
    ["openai/gpt-4o-2024-08-06", "gpt-4o"],
    ["gpt-4o-2024-05-13", "gpt-4o-2024-05-13"],
    ["gpt-4o-2099-01-31", "gpt-4o"],
    ["gpt-4-0613", "gpt-4"],
    ["claude-3-5-sonnet-20241022", "claude-3-5-sonnet"],
    ["claude-3-5-sonnet-latest", "claude-3-5-sonnet"],
    ["claude-3-5-sonnet@20240620", "claude-3-5-sonnet"],
    ["anthropic/claude-3.5-sonnet:beta", "claude-3-5-sonnet"],
    ["us.anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet"],
    ["anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"],
    ["claude-opus-4.1", "claude-opus-4-1"],
    ["models/gemini-1.5-pro-latest", "gemini-1.5-pro"],
    ["gemini/gemini-2.5-flash-001", "gemini-2.5-flash"],
    ["meta-llama/Llama-3.1-70B-Instruct", "llama-3.1-70b"],
    ["together_ai/meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo", "llama-3.1-8b"],
    ["groq/llama-3.3-70b-versatile", "llama-3.3-70b"],
    ["bedrock/us.amazon.nova-pro-v1:0", "nova-pro-v1"],
    ["mistralai/mistral-large-2407", "mistral-large-2407"],
    ["command-r-plus-08-2024", "command-r-plus"],
    ["x-ai/grok-4", "grok-4"],
    ["deepseek-ai/DeepSeek-V3", "deepseek-v3"],
    ["text_embedding_3_small", "text-embedding-3-small"],
    ["meta.llama3-70b-instruct-v1:0", "llama-3-70b"],
    ["us.meta.llama3-1-8b-instruct-v1:0", "llama-3.1-8b"],
    ["llama3:70b", "llama-3-70b"],
    ["ft:gpt-4o-mini-2024-07-18:acme::abc123", "ft:gpt-4o-mini"],
    ["openai/ft:gpt-3.5-turbo-0125:acme:assistant:9Ab", "ft:gpt-3.5-turbo"],
    ["FT:GPT-4o-2024-08-06:acme::abc123:ckpt-step-90", "ft:gpt-4o"],
    ["ft:gpt-4.1", "ft:gpt-4.1"],
    ["gpt-4o-audio-preview", "gpt-4o-audio-preview"],
    ["openai/gpt-4o-mini-search-preview-2025-03-11", "gpt-4o-mini-search-preview"],
    ["gpt-4o-realtime-preview-2024-12-17", "gpt-4o-realtime-preview"],
    ["gpt-35-turbo-1106", "gpt-3.5-turbo-1106"],
    ["azure/gpt-35-turbo-1106", "gpt-3.5-turbo-1106"],
    ["gpt-35-turbo-0125", "gpt-3.5-turbo"],
    ["gpt-35-turbo-instruct", "gpt-3.5-turbo-instruct"],
    ["azure/eu/gpt-4o", "gpt-4o"],
    ["jp.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"],
    ["au.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"],
    ["ca.amazon.nova-lite-v1:0", "nova-lite-v1"],
    ["us-gov.anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"],
    ["bedrock/converse/us.anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet"],
    ["anthropic.claude-v2:1", "claude-2.1"],
    ["us.deepseek.r1-v1:0", "deepseek-r1"],
    ["openai.gpt-oss-120b-1:0", "gpt-oss-120b"],
    ["claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet"],
    ["publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"],
  ];
  for (const [name, id] of cases) {
    it(`reads ${JSON.stringify(name)} as ${id}`, () => expect(registry.find(name)?.id).to.equal(id));
  }

  for (const name of [
    ...[
      "",
      " ",
      "/",
      "gpt",
      "gpt-4oo",
      "-latest",
      "2024-08-06",
      "openai/",
      "openai/openai/",
      "nowhere/gpt-4o",
      "ft:",
      "ft:gpt-4oo:acme::abc",
      "gpt-4o-banana-preview",
      "-audio-preview",
      "ft:ft:gpt-4o",
    ],
    ...["__proto__", "constructor", "toString", "openai/__proto__", "hasOwnProperty-2024-08-06"],
    ...["anthropic.claude-v2", "deepseek.v3-v1:0", "gpt-35", "eu/", "anthropic.deepseek-r1-v1:0"],
    ...["anthropic/gpt-4o", "mistral.claude-3-haiku-20240307-v1:0", "a".repeat(100_000), "/".repeat(100_000)],
  ]) {
    it(`knows no ${JSON.stringify(name.slice(0, 40))}`, () =>
      expect(registry.find(name)).to.equal(undefined));
  }

  it("knows of what is made of another model all but the price", () => {
    for (const [name, base] of [
      ["ft:gpt-4o-mini-2024-07-18:acme::abc123", "gpt-4o-mini"],
      ["gpt-4o-audio-preview", "gpt-4o"],
    ]) {
      const card = registry.get(name);
      const { contextWindow, encoding, provider } = registry.get(base);
      expect(card).to.include({ contextWindow, encoding, provider });
      expect(card).to.not.have.any.keys("price", "t1Name");
      expect(registry.costUsd(card, { inputTokens: 1 })).to.equal(undefined);
      expect(registry.find(card.id)).to.deep.equal(card);
    }
    const own = new ModelRegistry([{ ...OWN, id: "ft:gpt-4o-mini:acme::abc123" }]);
    expect(own.find("ft:gpt-4o-mini:acme::abc123")?.provider).to.equal("acme");
  });

  for (const [name, id, olderThan] of [
    ["mistral-large-2402", "mistral-large-2402", "mistral-large-2512"],
    ["mistral.mistral-large-2402-v1:0", "mistral-large-2402", "mistral-large-2512"],
    ["mistral-small-2402", "mistral-small-2402", "mistral-small-latest"],
    ["mistralai/mistral-medium-2312", "mistral-medium-2312", "mistral-medium-latest"],
    ["gpt-3.5-turbo-0613", "gpt-3.5-turbo-0613", "gpt-3.5-turbo"],
    ["azure/gpt-35-turbo-0301", "gpt-3.5-turbo-0301", "gpt-3.5-turbo"],
    ["command-r-plus-04-2024", "command-r-plus-04-2024", "command-r-plus"],
    ["gpt-4o-2024-05-01-latest", "gpt-4o-2024-05-01", "gpt-4o"],
    ["gpt-4o-0513", "gpt-4o-0513", "gpt-4o"],
  ]) {
    it(`knows no price of ${name}, which may be older than ${olderThan}`, () => {
      const card = registry.get(name);
      const { contextWindow, encoding, provider } = registry.get(olderThan);
      expect(card).to.include({ id, olderThan, contextWindow, encoding, provider });
      expect(card).to.not.have.any.keys("price", "t1Name");
      expect(registry.find(card.id)).to.deep.equal(card);
    });
  }

  for (const name of [
    ...["gpt-4o-2024-09-09", "gpt-4o-0806", "mistral-small-2601", "mistral-large-latest", "grok-4-20250709"],
    ...[
      "claude-sonnet-4-6-20260217",
      "qwen-max-2025-01-25",
      "command-r-12-2024",
      "gemini-2.5-flash-2025-01-01",
    ],
  ]) {
    it(`knows the price of ${name}, which is not known to be older`, () => {
      expect(registry.get(name).price).to.not.equal(undefined);
      expect(registry.get(name).olderThan).to.equal(undefined);
    });
  }

  it("takes any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void registry.find(text)));
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("gpt", "-", "/", ".", ":", "20240101", "latest", "openai", "us")),
        (parts) => {
          registry.find(parts.join(""));
        },
      ),
    );
  });
});

describe("ModelRegistry.get", () => {
  it("returns the card", () => expect(registry.get("o3").contextWindow).to.equal(200_000));

  const hints: [name: string, near: string][] = [
    ["gpt-4oo", "gpt-4o"],
    ["openai/gpt4o", "gpt-4o"],
    ["cluade-3-opus", "claude-3-opus"],
    ["gemini-25-pro", "gemini-2.5-pro"],
  ];
  for (const [name, near] of hints) {
    it(`suggests ${near} for ${name}`, () => {
      expect(registry.suggest(name)[0]).to.equal(near);
      expect(() => registry.get(name))
        .to.throw(InputError, `There is no model "${name}".`)
        .that.satisfies(
          (error: InputError) =>
            error.code === "M2M_MODEL_UNKNOWN" && error.hint?.includes(`Did you mean ${near}`),
        );
    });
  }

  it("says where to look when nothing is near", () => {
    expect(registry.suggest("zzzzzzzzzzzzzzzzzz")).to.deep.equal([]);
    expect(() => registry.get("zzzzzzzzzzzzzzzzzz"))
      .to.throw(InputError)
      .that.satisfies((error: InputError) => error.hint?.includes("m2m models list"));
  });
});

describe("ModelRegistry.list", () => {
  it("filters", () => {
    expect(registry.list({ provider: "Anthropic" }).every((card) => card.id.startsWith("claude"))).to.equal(
      true,
    );
    expect(registry.list({ kind: "embedding" }).map((card) => card.id)).to.include("text-embedding-3-small");
    const both = registry.list({ provider: "openai", encoding: "cl100k_base", vision: true });
    expect(both.map((card) => card.id)).to.deep.equal(["gpt-4-turbo"]);
    expect(registry.list({ provider: "nobody" })).to.deep.equal([]);
    expect(registry.list({ reasoning: false, kind: "reasoning" })).to.deep.equal([]);
  });
});

describe("ModelRegistry.search", () => {
  const first = (query: string) => registry.search(query)[0]?.id;

  it("puts matches of the id first", () => {
    expect(first("gpt-4o")).to.equal("gpt-4o");
    expect(first("sonnet 4.5")).to.equal("claude-sonnet-4-5");
  });

  it("needs every word, in names or facts", () => {
    const found = registry.search("mistral embedding");
    expect(found.map((card) => card.id)).to.deep.equal(["mistral-embed"]);
    expect(registry.search("gpt-4o nonsense")).to.deep.equal([]);
    expect(registry.search("anthropic vision").every((card) => card.vision)).to.equal(true);
  });

  it("finds nothing for nothing", () => expect(registry.search("  ")).to.deep.equal([]));
});

describe("ModelRegistry.costUsd", () => {
  const card = registry.get("gpt-4o");

  it("adds input, cached input and output", () => {
    expect(registry.costUsd(card, { inputTokens: 1_000_000 })).to.equal(2.5);
    const usage = { inputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 100_000 };
    expect(registry.costUsd(card, usage)).to.be.closeTo(0.6 * 2.5 + 0.4 * 1.25 + 0.1 * 10, 1e-12);
  });

  it("counts cached input in full where it has no price", () => {
    const usage = { inputTokens: 1000, cachedInputTokens: 1000 };
    expect(registry.costUsd(registry.get("gpt-4"), usage)).to.equal(0.03);
  });

  it("is unknown where a price is", () => {
    expect(registry.costUsd(registry.get("llama-3.1-8b"), { inputTokens: 1 })).to.equal(undefined);
    const embedding = registry.get("text-embedding-3-small");
    expect(registry.costUsd(embedding, { inputTokens: 1, outputTokens: 1 })).to.equal(undefined);
    expect(registry.costUsd(embedding, { inputTokens: 1e6 })).to.equal(0.02);
  });

  for (const usage of [
    { inputTokens: -1 },
    { inputTokens: Number.NaN },
    { inputTokens: 1, outputTokens: Infinity },
    { inputTokens: 1, cachedInputTokens: 2 },
  ]) {
    it(`refuses ${JSON.stringify(usage)}`, () => {
      expect(() => registry.costUsd(card, usage))
        .to.throw(InputError)
        .with.property("code", "M2M_USAGE");
    });
  }
});

describe("ModelRegistry.withModels", () => {
  it("adds models and leaves the registry as it is", () => {
    const more = registry.withModels([OWN]);
    expect(more.find("ACME-latest")).to.deep.equal(OWN);
    expect(more.list().at(-1)).to.deep.equal(OWN);
    expect(registry.find("acme-1")).to.equal(undefined);
    expect(more.withModels([{ ...OWN, id: "acme-2", aliases: [] }]).find("acme-1")).to.deep.equal(OWN);
  });

  it("gives cards that nobody can change, for itself or for others", () => {
    const own = { ...OWN, aliases: ["acme-latest"], price: { inputUsdPerMillion: 1 } };
    const extended = registry.withModels([own]);
    own.price.inputUsdPerMillion = 9;
    own.aliases.push("gpt-4o");
    expect(extended.get("acme-1").price).to.deep.equal({ inputUsdPerMillion: 1 });
    expect(extended.get("gpt-4o").id).to.equal("gpt-4o");
    for (const card of [...registry.list(), ...extended.list()] as {
      -readonly [Key in keyof ModelCard]: ModelCard[Key];
    }[]) {
      expect(() => (card.contextWindow = 1), card.id).to.throw(TypeError);
      expect(() => (card.aliases as string[]).push("x"), card.id).to.throw(TypeError);
      if (card.price)
        expect(() => ((card.price as { inputUsdPerMillion: number }).inputUsdPerMillion = 0)).to.throw(
          TypeError,
        );
    }
  });

  it("replaces a model of the same id", () => {
    const more = registry.withModels([{ ...OWN, id: "gpt-4o", aliases: [] }]);
    expect(more.get("gpt-4o").contextWindow).to.equal(1000);
    expect(more.list()).to.have.length(registry.list().length);
  });

  it("lets an id win over an alias", () => {
    const more = registry.withModels([{ ...OWN, aliases: ["gpt-4o"] }]);
    expect(more.get("gpt-4o").provider).to.equal("openai");
  });
});

describe("ModelRegistry, of callers without types", () => {
  const card = registry.get("gpt-4o");
  const wrong: Record<string, () => unknown> = {
    "cards that are none": () => registry.withModels(null as never),
    "a card": () => registry.withModels([null as never]),
    "the id of a card": () => registry.withModels([{ ...OWN, id: 5 as never }]),
    "aliases of a card": () => new ModelRegistry([{ ...OWN, aliases: undefined as never }]),
    "an alias of a card": () => new ModelRegistry([{ ...OWN, aliases: [5 as never] }]),
    "a filter": () => registry.list(null as never),
    "a provider": () => registry.list({ provider: 5 as never }),
    "a card that costs": () => registry.costUsd(undefined as never, { inputTokens: 1 }),
    "a usage": () => registry.costUsd(card, null as never),
    "a count": () => registry.costUsd(card, { inputTokens: "1" as never }),
  };
  for (const [what, run] of Object.entries(wrong)) {
    it(`${what}: refused as usage`, () => expect(catchM2MError(run).code).to.equal("M2M_USAGE"));
  }

  it("a models file is text", async () => {
    expect((await rejection(parseModelsToml(null as never, "x.toml"))).code).to.equal("M2M_USAGE");
  });
});
