import { RedisChannelDirectory, RedisMailbox, RedisSessionStore } from "../../src/redis/index.js";
import { testChannelDirectory, testMailbox } from "../session/mailbox-suite.js";
import { testSessionStore } from "../session/store-suite.js";
import { REAL_TIME, useRedis } from "./fixture.js";

describe("the Redis store of sessions", () => {
  const redis = useRedis();
  testSessionStore(async (maxSessions) => ({
    store: new RedisSessionStore(await redis.connect(), { maxSessions }),
    ...REAL_TIME,
  }));
});

describe("the Redis mailbox", () => {
  const redis = useRedis();
  testMailbox(async (limits) => ({ mailbox: new RedisMailbox(await redis.connect(), limits), ...REAL_TIME }));
});

describe("the Redis directory of channels", () => {
  const redis = useRedis();
  testChannelDirectory(async (limits) => ({
    directory: new RedisChannelDirectory(await redis.connect(), limits),
    ...REAL_TIME,
  }));
});
