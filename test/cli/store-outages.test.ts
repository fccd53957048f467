import { expect } from "chai";
import { StoreOutages } from "../../src/cli/store-outages.js";
import { createLogger } from "../../src/http/index.js";
import { UpstreamError } from "../../src/shared/errors.js";

describe("outages of the proxy's store", () => {
  const away = new UpstreamError("M2M_STORE_UNAVAILABLE", "Redis is away.");
  let lines: string[];
  let nowMs: number;
  let redis: { isUp: boolean; whenUp: () => Promise<void> };
  let come: () => void;
  let outages: StoreOutages;
  const messages = () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  beforeEach(() => {
    lines = [];
    nowMs = 0;
    redis = { isUp: false, whenUp: () => new Promise((resolve) => (come = resolve)) };
    const logger = createLogger({ level: "info", json: true, write: (line) => lines.push(line) });
    outages = new StoreOutages(redis, logger, () => nowMs);
  });

  it("are logged once each, and when they are over", async () => {
    for (let index = 0; index < 100; index++, nowMs += 10_000) outages.note(away);
    expect(messages()).to.deep.equal(["the store cannot be asked"]);
    redis.isUp = true;
    come();
    await new Promise(setImmediate);
    redis.isUp = false;
    outages.note(away);
    expect(messages()).to.deep.equal([
      "the store cannot be asked",
      "the store can be asked again",
      "the store cannot be asked",
    ]);
  });

  it("are logged once a minute where the store is there, but refuses", () => {
    redis.isUp = true;
    for (; nowMs < 120_000; nowMs += 1000) outages.note(away);
    expect(messages()).to.have.length(2);
  });
});
