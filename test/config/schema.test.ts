import { expect } from "chai";
import {
  availableAlgorithms,
  CodecEngine,
  DEFAULT_BROTLI_QUALITY,
  DEFAULT_ROUTER_THRESHOLDS,
} from "../../src/codec/index.js";
import { DEFAULT_BROTLI_THRESHOLD_BYTES, POLICIES } from "../../src/codec/policy.js";
import { CONFIG_KEYS } from "../../src/config/index.js";

// The config room stands below the codec and cannot import it, so its names and defaults are held equal here.
describe("config schema", () => {
  it("names the codec's algorithms and policies", () => {
    const [auto, ...names] = CONFIG_KEYS["compression.default_algorithm"].options;
    expect(auto).to.equal("auto");
    expect([...names].sort()).to.deep.equal(
      availableAlgorithms()
        .map(({ name }) => name)
        .sort(),
    );
    expect([...CONFIG_KEYS["compression.policy"].options]).to.deep.equal([...POLICIES]);
  });

  it("has the codec's defaults", () => {
    expect(CONFIG_KEYS["compression.quality"].default).to.equal(DEFAULT_BROTLI_QUALITY);
    expect(CONFIG_KEYS["compression.brotli_threshold"].default).to.equal(DEFAULT_BROTLI_THRESHOLD_BYTES);
    expect(CONFIG_KEYS["router.skip_below_tokens"].default).to.equal(
      DEFAULT_ROUTER_THRESHOLDS.skipBelowTokens,
    );
    expect(CONFIG_KEYS["router.full_from_tokens"].default).to.equal(DEFAULT_ROUTER_THRESHOLDS.fullFromTokens);
  });

  it("has the codec's default encoding", () => {
    const letter = { cl100k_base: "C", o200k_base: "O", llama: "L" }[
      CONFIG_KEYS["compression.encoding"].default
    ];
    const wire = new CodecEngine().compress("Hello", { algorithm: "token-native" });
    expect(JSON.stringify(wire)).to.include(`#TK|${letter}|`);
  });
});
