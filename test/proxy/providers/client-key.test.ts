import { expect } from "chai";
import { ANONYMOUS, clientKeyOf } from "../../../src/proxy/providers/index.js";

describe("clientKeyOf", () => {
  it("is one for a key, whichever header it stands in, and holds nothing of it", () => {
    const key = clientKeyOf("openai-chat", { authorization: "Bearer sk-secret" });
    expect(key).to.match(/^[0-9a-f]{32}$/);
    expect(clientKeyOf("openai-chat", { authorization: "bearer  sk-secret " })).to.equal(key);
    expect(clientKeyOf("openai-chat", { "x-api-key": "sk-secret" })).to.equal(key);
    expect(clientKeyOf("openai-chat", { authorization: "Bearer sk-other" })).to.not.equal(key);
  });

  it("is by the header that the provider looks at: another makes nobody new", () => {
    const both = { authorization: "Bearer a", "x-api-key": "b" };
    expect(clientKeyOf("openai-chat", both)).to.equal(
      clientKeyOf("openai-chat", { authorization: "Bearer a" }),
    );
    expect(clientKeyOf("other", both)).to.equal(clientKeyOf("openai-chat", { authorization: "Bearer a" }));
    expect(clientKeyOf("anthropic-messages", both)).to.equal(
      clientKeyOf("openai-chat", { "x-api-key": "b" }),
    );
  });

  it("knows the headers of those who speak the providers' APIs", () => {
    const bearer = clientKeyOf("openai-chat", { authorization: "Bearer a" });
    expect(clientKeyOf("openai-chat", { "api-key": "a" })).to.equal(bearer);
    expect(clientKeyOf("openai-chat", { "x-goog-api-key": "a" })).to.equal(bearer);
    expect(clientKeyOf("openai-chat", { "api-key": "b" })).to.not.equal(bearer);
  });

  it("is anonymous without a key", () => {
    for (const headers of [{}, { authorization: "Bearer " }, { "x-api-key": "" }]) {
      expect(clientKeyOf("openai-chat", headers)).to.equal(ANONYMOUS);
    }
  });
});
