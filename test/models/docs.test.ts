import { readFileSync } from "node:fs";
import { expect } from "chai";
import { ModelRegistry, parseModelsToml } from "../../src/models/index.js";
import { readCodeBlocks } from "../helpers/markdown.js";

const page = readFileSync(new URL("../../docs/models.md", import.meta.url), "utf8");

describe("docs/models.md", () => {
  it("names every field of a card", () => {
    const documented = [...page.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    expect(documented).to.have.members(Object.keys(new ModelRegistry().get("gpt-4o")));
  });

  it("has an example that is valid and does what it says", async () => {
    const [example] = readCodeBlocks(page).filter(({ info }) => info === "toml");
    const catalog = new ModelRegistry();
    const registry = catalog.withModels(await parseModelsToml(example.code, "models.toml"));
    expect(registry.get("acme/large").price?.outputUsdPerMillion).to.equal(1.5);
    const { price, asOf, ...rest } = registry.get("gpt-4o");
    expect(price?.inputUsdPerMillion).to.equal(2);
    expect(asOf).to.equal("2026-03-01");
    expect(catalog.get("gpt-4o")).to.deep.include(rest);
  });

  it("reads names as it says", () => {
    const registry = new ModelRegistry();
    const section = page.slice(page.indexOf("## Names"), page.indexOf("## Models of your own"));
    const names = [...section.matchAll(/`([a-z][^` ]*)`/gi)].map(([, name]) => name);
    expect(names).to.have.length.of.at.least(9);
    for (const name of names.filter((name) => name !== "anthropic/gpt-4o")) registry.get(name);
    expect(registry.find("anthropic/gpt-4o")).to.equal(undefined);
  });
});
