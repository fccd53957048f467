import { expect } from "chai";
import fc from "fast-check";
import {
  bearerGuard,
  ClientRateLimiter,
  createLogger,
  isLoopbackHost,
  LatencyHistogram,
  problemOf,
} from "../../src/http/index.js";
import { clientOf } from "../../src/shared/client-network.js";
import { urlOf } from "../../src/http/addresses.js";
import type { LogLevel } from "../../src/shared/log-levels.js";
import { ERROR_CODES, FormatError, InputError, LimitError, UpstreamError } from "../../src/shared/errors.js";

describe("http problems", () => {
  it("have a status, a type and the message of the error", () => {
    const problem = problemOf(new LimitError("M2M_INPUT_TOO_LARGE", "Too large.", { hint: "Split it." }));
    expect(problem).to.deep.equal({
      type: "urn:m2m:error:M2M_INPUT_TOO_LARGE",
      title: "Payload Too Large",
      status: 413,
      detail: "Too large.",
      code: "M2M_INPUT_TOO_LARGE",
      hint: "Split it.",
    });
  });

  it("have a status from 400 for every code", () => {
    for (const code of Object.values(ERROR_CODES).flat()) {
      expect(problemOf(new FormatError(code, "x")).status, code).to.be.within(400, 599);
    }
  });

  it("keep to themselves what is wrong inside the server", () => {
    for (const error of [
      new InputError("M2M_FILE_READ", "Cannot read /etc/secret", { hint: "See /etc/secret" }),
      new Error("/etc/secret"),
      "/etc/secret",
    ]) {
      const problem = problemOf(error);
      expect(problem.status).to.equal(500);
      expect(JSON.stringify(problem)).not.to.include("/etc/secret");
    }
    const store = new UpstreamError("M2M_STORE_UNAVAILABLE", "Redis at redis://10.0.0.7 cannot be used.", {
      hint: "See 10.0.0.7.",
    });
    expect(problemOf(store)).to.include({ status: 503, code: "M2M_STORE_UNAVAILABLE" });
    expect(JSON.stringify(problemOf(store))).not.to.include("10.0.0.7");
  });
});

describe("http addresses", () => {
  it("of the loopback are told from others", () => {
    for (const host of [
      "127.0.0.1",
      "127.9.9.9",
      "localhost",
      "LOCALHOST.",
      "::1",
      "[::1]",
      "0:0:0:0:0:0:0:1",
      "::ffff:127.0.0.1",
    ])
      expect(isLoopbackHost(host), host).to.equal(true);
    for (const host of [
      "0.0.0.0",
      "::",
      "10.0.0.1",
      "127.0.0.1.example.com",
      "localhost.example",
      "example",
      "",
      "128.0.0.1",
      "::2",
    ])
      expect(isLoopbackHost(host), host).to.equal(false);
  });

  it("that stand for all become one that can be opened", () => {
    expect(urlOf("http", "0.0.0.0", 80)).to.equal("http://127.0.0.1:80");
    expect(urlOf("https", "::", 3000)).to.equal("https://[::1]:3000");
    expect(urlOf("http", "::2", 1)).to.equal("http://[::2]:1");
    expect(urlOf("http", "box.example", 1)).to.equal("http://box.example:1");
  });

  it("of one client are one", () => {
    expect(clientOf("::ffff:10.1.2.3")).to.equal("10.1.2.3");
    expect(clientOf("10.1.2.3")).to.equal("10.1.2.3");
    expect(clientOf("2001:db8:1:2:3:4:5:6")).to.equal("2001:db8:1:2::/64");
    expect(clientOf("2001:DB8:1:2::ffff")).to.equal("2001:db8:1:2::/64");
    expect(clientOf("2001:db8:1:3::1")).to.equal("2001:db8:1:3::/64");
    expect(clientOf("::1")).to.equal("0:0:0:0::/64");
    expect(clientOf("fe80::1%eth0")).to.equal("fe80:0:0:0::/64");
    expect(clientOf(undefined)).to.equal("unknown");
  });
});

describe("bearer guard", () => {
  it("lets the token in, and nothing else", () => {
    const guard = bearerGuard("s3cret");
    expect(guard("Bearer s3cret")).to.equal(true);
    expect(guard("bearer   s3cret ")).to.equal(true);
    for (const header of [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      "Bearer s3cre",
      "Bearer s3crets",
      "Basic s3cret",
      "s3cret",
      "Bearer s3cret x",
    ])
      expect(guard(header), String(header)).to.equal(false);
  });

  it("lets nothing in if the token is empty", () => {
    for (const header of [undefined, "", "Bearer "]) expect(bearerGuard("")(header)).to.equal(false);
  });
});

describe("client rate limiter", () => {
  it("allows a minute's requests at once, then the rate, and says when to come again", () => {
    let nowMs = 0;
    const limiter = new ClientRateLimiter({ requestsPerMinute: 2, nowMs: () => nowMs });
    expect(limiter.take("a").allowed).to.equal(true);
    expect(limiter.take("a").allowed).to.equal(true);
    expect(limiter.take("a")).to.deep.equal({ allowed: false, retryAfterMs: 30_000 });
    expect(limiter.take("b").allowed).to.equal(true);
    nowMs = 29_999;
    expect(limiter.take("a").allowed).to.equal(false);
    nowMs = 30_000;
    expect(limiter.take("a").allowed).to.equal(true);
    expect(limiter.take("a").allowed).to.equal(false);
  });

  it("never allows more than a minute's requests and the rate, however requests come, and does not mind a clock that goes back", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5000, max: 50_000 }), { maxLength: 200 }), (steps) => {
        let nowMs = 0;
        let passedMs = 0;
        const limiter = new ClientRateLimiter({ requestsPerMinute: 5, nowMs: () => nowMs });
        let allowed = 0;
        for (const step of steps) {
          nowMs += step;
          passedMs += Math.max(0, step);
          if (limiter.take("a").allowed) allowed++;
        }
        expect(allowed).to.be.at.most(5 + passedMs / 12_000 + 1e-6);
      }),
    );
  });

  it("forgets the client that was silent longest", () => {
    const limiter = new ClientRateLimiter({ requestsPerMinute: 1, maxClients: 2, nowMs: () => 0 });
    for (const client of ["a", "b", "a", "c"]) limiter.take(client);
    expect(limiter.take("a").allowed).to.equal(false);
    expect(limiter.take("b").allowed).to.equal(true);
  });

  it("refuses rates that are none", () => {
    for (const requestsPerMinute of [0, -1, NaN])
      expect(() => new ClientRateLimiter({ requestsPerMinute })).to.throw(InputError);
  });
});

describe("latency histogram", () => {
  it("gives percentiles within a thousandth, the mean and the greatest", () => {
    const histogram = new LatencyHistogram();
    for (let latencyMs = 1; latencyMs <= 1000; latencyMs++) histogram.record(latencyMs);
    expect(histogram.count).to.equal(1000);
    expect(histogram.percentileMs(50)).to.be.closeTo(500, 1);
    expect(histogram.percentileMs(99)).to.be.closeTo(990, 2);
    expect(histogram.meanMs).to.be.closeTo(500.5, 1);
    expect(histogram.maxMs).to.be.closeTo(1000, 1);
  });

  it("stands what is no latency, and is empty at the start and after reset", () => {
    const histogram = new LatencyHistogram();
    const empty = () => [histogram.count, histogram.percentileMs(50), histogram.meanMs, histogram.maxMs];
    expect(empty()).to.deep.equal([0, 0, 0, 0]);
    for (const latencyMs of [NaN, -5, 0, Infinity, 1e300]) histogram.record(latencyMs);
    expect(histogram.count).to.equal(4);
    histogram.reset();
    expect(empty()).to.deep.equal([0, 0, 0, 0]);
  });
});

describe("http logger", () => {
  function logged(json: boolean, level: LogLevel = "info") {
    const lines: string[] = [];
    return { lines, log: createLogger({ level, json, write: (line) => lines.push(line) }) };
  }

  it("writes JSON lines, or lines for people, of its level and above", () => {
    const machine = logged(true, "warn");
    machine.log.info("not this");
    machine.log.warn({ status: 503 }, "refused");
    expect(machine.lines.map((line) => JSON.parse(line) as object)).to.have.length(1);
    expect(JSON.parse(machine.lines[0])).to.include({ level: "warn", status: 503, msg: "refused" });
    const people = logged(false);
    people.log.info({ status: 200, path: "/scan it" }, "request");
    expect(people.lines[0]).to.match(/^\S+Z INFO {2}request status=200 path="\/scan it"\n$/);
    const silent = logged(true, "silent");
    silent.log.fatal("nothing");
    expect(silent.lines).to.deep.equal([]);
  });

  it("never writes a credential", () => {
    for (const json of [true, false]) {
      const { lines, log } = logged(json);
      const url = "https://user:HUSH@example.com/v1?api_key=HUSH&a=1&access_token=HUSH";
      log.info({ headers: { Authorization: "Bearer HUSH", "x-api-key": "HUSH", cookie: "a=HUSH" }, url });
      log.info(`called ${url} with Bearer HUSHHUSH`);
      log.error({ err: new Error("bad key sk-HUSHHUSHHUSHHUSH", { cause: new Error(url) }) }, "failed");
      log.child({ token: "HUSH" }).warn({ list: [{ "auth-token": "HUSH" }] }, "sk-proj-HUSHHUSHHUSH");
      log.error(new Error(url));
      log.warn({ session_id: "HUSH", url: "/session/HUSH?wait=1" }, "of /session/HUSH/messages");
      const text = lines.join("");
      expect(lines).to.have.length(6);
      expect(text).not.to.include("HUSH");
      expect(text).to.include("example.com/v1");
    }
  });

  it("writes an expected error in one line, by the name of its family", () => {
    const err = new UpstreamError("M2M_STORE_UNAVAILABLE", "It is away.", { cause: new Error("x") });
    // As a bundle that shortens names leaves it.
    err.name = "ee";
    const [people, machine] = [false, true].map((json) => {
      const { lines, log } = logged(json);
      log.warn({ err }, "the store cannot be asked");
      return lines;
    });
    expect(people[0]).to.match(
      /WARN {2}the store cannot be asked code=M2M_STORE_UNAVAILABLE reason="It is away\."\n$/,
    );
    expect((JSON.parse(machine[0]) as { err: object }).err).to.deep.equal({
      type: "UpstreamError",
      code: "M2M_STORE_UNAVAILABLE",
      message: "It is away.",
    });
  });

  it("writes one line whatever is in the text, so that none can be feigned", () => {
    const { lines, log } = logged(false);
    log.info({ path: "/a\r\n2026 INFO feigned\u001b[2J" }, "request\u001b[31m");
    expect(lines[0].trimEnd().split("\n")).to.have.length(1);
    expect(lines[0]).not.to.include("\u001b");
  });
});
