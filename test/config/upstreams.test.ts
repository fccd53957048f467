import { expect } from "chai";
import { parseConfigFile } from "../../src/config/file.js";
import { rejection } from "../helpers/catch-error.js";

const parse = (text: string) => parseConfigFile(text, "config.toml");

describe("[[upstream]]", () => {
  it("is a list of tables, beside the settings", async () => {
    const text = `[proxy]\nport = 1\n[[upstream]]\nurl = "https://a"\nmodels = ["a-*"]\nweight = 0.5\n[[upstream]]\nurl = "https://b"\napi_key = "k"\n`;
    const { values, upstreams } = await parse(text);
    expect(values.get("proxy.port")).to.equal(1);
    expect(upstreams).to.deep.equal([
      { url: "https://a", models: ["a-*"], weight: 0.5 },
      { url: "https://b", api_key: "k" },
    ]);
    expect((await parse("")).upstreams).to.deep.equal([]);
  });

  const refused: [string, string, number, RegExp][] = [
    ["a table", `[upstream]\nurl = "https://a"`, 1, /is a list of tables/],
    [
      "a name twice",
      `[[upstream]]\nurl = "https://a"\nname = "x"\n[[upstream]]\nurl = "https://b"\nname = "x"`,
      6,
      /Two upstreams have the same name/,
    ],
    ["no url", `[[upstream]]\nname = "a"`, 1, /needs a url/],
    ["an unknown member", `[[upstream]]\nurl = "https://a"\nweigth = 1`, 3, /no setting "weigth"/],
    [
      "a wrong type",
      `[[upstream]]\nurl = "https://a"\nmodels = "gpt"`,
      3,
      /models of an upstream takes a list/,
    ],
    ["a negative weight", `[[upstream]]\nurl = "https://a"\nweight = -1`, 3, /weight of an upstream takes/],
    [
      "two keys",
      `[[upstream]]\nurl = "https://a"\napi_key = "verysecret"\napi_key_env = "B"`,
      4,
      /api_key or api_key_env, not both/,
    ],
    [
      "two tokens",
      `[[upstream]]\nurl = "https://a"\ntoken = "verysecret"\ntoken_env = "B"`,
      4,
      /token or token_env, not both/,
    ],
    [
      "no name of a variable",
      `[[upstream]]\nurl = "https://a"\ntoken_env = "A B"`,
      3,
      /token_env of an upstream/,
    ],
    [
      "a key of two lines",
      `[[upstream]]\nurl = "https://a"\napi_key = "verysecret\\n"`,
      3,
      /api_key of an upstream/,
    ],
    ["a member of objects", `[[upstream]]\nurl = "https://a"\n"__proto__" = 1`, 3, /no setting "__proto__"/],
  ];
  for (const [what, text, line, message] of refused) {
    it(`refuses ${what}, with its line`, async () => {
      const error = await rejection(parse(text));
      expect([error.code, error.line]).to.deep.equal(["M2M_CONFIG_INVALID", line]);
      expect(error.message).to.match(message).and.not.contain("verysecret");
    });
  }
});
