import { expect } from "chai";
import fc from "fast-check";
import { inspect } from "node:util";
import { parseRedisAddress } from "../../src/redis/address.js";
import { RedisConnection } from "../../src/redis/connection.js";
import { connectRedis } from "../../src/redis/index.js";
import { catchM2MError, rejection } from "../helpers/catch-error.js";

describe("the address of Redis", () => {
  it("has host, port, database, name, password and TLS", () => {
    expect(parseRedisAddress("redis://localhost")).to.deep.equal({
      host: "localhost",
      port: 6379,
      database: 0,
      isTls: false,
      publicForm: "redis://localhost:6379/0",
    });
    expect(parseRedisAddress("rediss://me:p%40ss%2F%25@redis.example:6380/12")).to.deep.equal({
      host: "redis.example",
      port: 6380,
      database: 12,
      isTls: true,
      username: "me",
      password: "p@ss/%",
      publicForm: "rediss://redis.example:6380/12",
    });
    expect(parseRedisAddress("redis://:only@[::1]:7000/")).to.deep.include({
      host: "::1",
      password: "only",
      publicForm: "redis://[::1]:7000/0",
    });
  });

  it("is refused without being shown, as it may hold a password", () => {
    for (const address of [
      "",
      "hunter2",
      "http://:hunter2@host",
      "redis:hunter2",
      "redis://",
      "redis://:hunter2@",
      "redis://:hunter2@host:99999",
      "redis://:hunter2@host/x",
      "redis://:hunter2@host/-1",
      "redis://:hunter2@host/1/2",
      "redis://:hunter2@host/0?db=1",
      "redis://:hunter2@host#1",
      "redis://:hunter2%@host",
      "redis://hun:ter2@host:port",
    ]) {
      const error = catchM2MError(() => parseRedisAddress(address));
      expect(error.code, address).to.equal("M2M_USAGE");
      expect(inspect(error), address).not.to.match(/hunter2|ter2/);
    }
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((text) => `redis://${text}`),
        ),
        (text) => {
          try {
            parseRedisAddress(text);
          } catch (error) {
            catchM2MError(() => {
              throw error;
            });
          }
        },
      ),
    );
  });

  it("never gives a password away in what is shown", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9@:/%]{6,20}$/), (password) => {
        const parsed = parseRedisAddress(`redis://name:${encodeURIComponent(password)}@h:1/2`);
        expect(parsed.password).to.equal(password);
        expect(parsed.publicForm).to.equal("redis://h:1/2");
      }),
    );
  });
});

describe("keys in Redis", () => {
  const connection = new RedisConnection("", "p:", undefined as never, undefined as never);

  it("never run into one another", () => {
    expect(connection.key("session", "a-b.c:d~e%")).to.equal("p:session:a-b.c%3Ad~e%25");
    const part = fc.string({ unit: fc.constantFrom("a", ":", "%", "3", "A", "2", "5") });
    const parts = fc.array(part, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        expect(connection.key(...one) === connection.key(...other)).to.equal(
          JSON.stringify(one) === JSON.stringify(other),
        );
      }),
    );
  });
});

describe("connecting to Redis", () => {
  it("says what to install if the package is missing", async () => {
    const missing = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    const error = await rejection(connectRedis("redis://localhost", { load: () => Promise.reject(missing) }));
    expect(error.code).to.equal("M2M_PACKAGE_MISSING");
    expect(error.hint).to.equal("Run: npm install ioredis, with -g if m2m is installed so.");
    const broken = await rejection(connectRedis("redis://localhost", { load: async () => ({}) }));
    expect(broken.code).to.equal("M2M_PACKAGE_MISSING");
  });

  it("refuses options that make no sense", async () => {
    for (const options of [{ timeoutMs: 0 }, { connectTimeoutMs: 1.5 }]) {
      expect((await rejection(connectRedis("redis://localhost", options))).code).to.equal("M2M_USAGE");
    }
  });
});
