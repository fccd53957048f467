import { expect } from "chai";
import fc from "fast-check";
import {
  cacheDirectivesOf,
  cacheHeaders,
  cacheKeyOf,
  isCacheable,
  keptHeaders,
  MemoryResponseStore,
  readEntry,
  ResponseCache,
  writeEntry,
  type CacheableRequest,
  type CacheLookup,
  type CacheMiss,
  type ResponseCacheOptions,
} from "../../../src/proxy/cache/index.js";
import type { ProviderApi } from "../../../src/proxy/providers/index.js";
import type { ResponseCacheStore } from "../../../src/shared/stores.js";
import { catchM2MError } from "../../helpers/catch-error.js";

const REQUEST: CacheableRequest = {
  target: "https://api.openai.com",
  api: "openai-chat",
  method: "POST",
  path: "/v1/chat/completions",
  headers: { authorization: "Bearer sk-1", "content-type": "application/json", "user-agent": "x/1" },
  body: Buffer.from('{"model":"gpt-4o"}'),
};

const ANSWER = {
  status: 200,
  headers: [["content-type", "text/event-stream"]] as const,
  body: Buffer.from('data: {"é":1}\n\ndata: [DONE]\n\n'),
};

describe("cacheKeyOf", () => {
  const key = cacheKeyOf(REQUEST);
  const with_ = (change: Partial<CacheableRequest>) => cacheKeyOf({ ...REQUEST, ...change });
  const withHeader = (name: string, value: string) =>
    with_({ headers: { ...REQUEST.headers, [name]: value } });

  it("is another for whatever changes the answer", () => {
    const keys = [
      key,
      with_({ target: "https://api.example.com" }),
      with_({ method: "GET" }),
      with_({ path: "/v1/completions" }),
      with_({ path: "/v1/chat/completions?beta=true" }),
      with_({ body: Buffer.from('{"model": "gpt-4o"}') }),
      withHeader("anthropic-version", "2023-06-01"),
      withHeader("anthropic-beta", "2023-06-01"),
      withHeader("openai-project", "p"),
      withHeader("openai-organization", "p"),
      withHeader("authorization", "Bearer sk-2"),
      withHeader("x-api-key", "sk-2"),
      withHeader("api-key", "sk-4"),
      withHeader("x-goog-api-key", "sk-3"),
      withHeader("cookie", "session=2"),
      with_({ headers: {} }),
    ];
    expect(new Set(keys).size).to.equal(keys.length);
    expect(key).to.match(/^[0-9a-f]{64}$/);
  });

  it("is the same for what does not, and for a key in another header", () => {
    expect(withHeader("user-agent", "y/2")).to.equal(key);
    expect(withHeader("x-stainless-retry-count", "1")).to.equal(key);
    const { authorization: _authorization, ...rest } = REQUEST.headers;
    expect(with_({ headers: { ...rest, "x-api-key": "sk-1" } })).to.equal(key);
  });

  it("is one for all clients only if that is wanted", () => {
    const other = { ...REQUEST, headers: { ...REQUEST.headers, authorization: "Bearer sk-2" } };
    const shared = { shareBetweenClients: true };
    expect(cacheKeyOf(other)).to.not.equal(key);
    expect(cacheKeyOf(other, shared)).to.equal(cacheKeyOf(REQUEST, shared));
    expect(cacheKeyOf(REQUEST, shared)).to.not.equal(key);
  });

  it("lets no part run into the next", () => {
    expect(with_({ method: "POST/", path: "v1" })).to.not.equal(with_({ method: "POST", path: "/v1" }));
    expect(with_({ path: "/v1", body: Buffer.from("x") })).to.not.equal(
      with_({ path: "/v1x", body: Buffer.from("") }),
    );
  });
});

describe("isCacheable", () => {
  const is = (
    body: object,
    api: ProviderApi = "openai-chat",
    scope: "deterministic" | "all" = "deterministic",
  ) => isCacheable(api, Buffer.from(JSON.stringify(body)), scope);

  it("takes what is asked to be deterministic, and embeddings", () => {
    expect(is({ temperature: 0 })).to.equal(true);
    expect(is({ temperature: 0, tools: [{ type: "function" }, { name: "f", input_schema: {} }] })).to.equal(
      true,
    );
    expect(is({ input: "a" }, "openai-embeddings")).to.equal(true);
    expect(is({})).to.equal(false);
    expect(is({ temperature: 0.1 })).to.equal(false);
    expect(is({ temperature: "0" })).to.equal(false);
    for (const type of ["web_search_preview", "mcp", "code_interpreter", "web_search_20250305"]) {
      expect(is({ temperature: 0, tools: [{ type }] }, "openai-responses"), type).to.equal(false);
      expect(is({ temperature: 0, tools: [{ type }] }, "openai-responses", "all"), type).to.equal(true);
    }
  });

  it("takes nothing that goes on with what the provider keeps, or that is not understood", () => {
    for (const scope of ["deterministic", "all"] as const) {
      for (const more of [
        { previous_response_id: "r" },
        { conversation: { id: "c" } },
        { background: true },
      ]) {
        expect(is({ temperature: 0, ...more }, "openai-responses", scope)).to.equal(false);
      }
      expect(
        is({ temperature: 0, previous_response_id: null, background: false }, "openai-responses", scope),
      ).to.equal(true);
      expect(is({ temperature: 0 }, "other", scope)).to.equal(false);
      expect(isCacheable("openai-chat", Buffer.from("{"), scope)).to.equal(false);
    }
    expect(is({}, "openai-chat", "all")).to.equal(true);
  });

  it("does as the client says", () => {
    expect(cacheDirectivesOf({})).to.deep.equal({ reads: true, writes: true });
    expect(cacheDirectivesOf({ "cache-control": "max-age=0, No-Store" })).to.deep.equal({
      reads: false,
      writes: false,
    });
    expect(cacheDirectivesOf({ "cache-control": "no-cache" })).to.deep.equal({ reads: false, writes: true });
    expect(cacheDirectivesOf({ pragma: "no-cache" })).to.deep.equal({ reads: false, writes: true });
    expect(cacheDirectivesOf({ "cache-control": "max-age=60" })).to.deep.equal({ reads: true, writes: true });
  });
});

describe("a cache entry", () => {
  const bytes = writeEntry({ ...ANSWER, storedAtMs: 7 });

  it("reads back", () => {
    const read = readEntry(bytes);
    expect(read).to.deep.include({
      status: 200,
      storedAtMs: 7,
      headers: [["content-type", "text/event-stream"]],
    });
    expect(Buffer.from(read?.body ?? []).equals(ANSWER.body)).to.equal(true);
    expect(
      readEntry(writeEntry({ ...ANSWER, headers: [], body: new Uint8Array(), storedAtMs: 0 }))?.body,
    ).to.have.length(0);
  });

  it("is none if a bit of it is wrong, it is cut, or it is something else", () => {
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] ^= 1 << (at % 8);
      expect(readEntry(damaged), `byte ${at}`).to.equal(undefined);
      expect(readEntry(bytes.subarray(0, at)), `cut at ${at}`).to.equal(undefined);
    }
    fc.assert(fc.property(fc.uint8Array(), (other) => readEntry(other) === undefined));
  });

  it("keeps the headers that say what the body is, and no others", () => {
    expect(
      keptHeaders([
        ...[
          "Content-Type",
          "application/json",
          "Set-Cookie",
          "s=1",
          "X-Request-Id",
          "r",
          "Content-Length",
          "3",
        ],
        ...["x-ratelimit-remaining-requests", "9", "Content-Encoding", "gzip"],
      ]),
    ).to.deep.equal([
      ["content-type", "application/json"],
      ["content-encoding", "gzip"],
    ]);
  });
});

describe("MemoryResponseStore", () => {
  const value = (size: number) => new Uint8Array(size).fill(1);

  it("gives what it has until its time is over", async () => {
    let nowMs = 0;
    const store = new MemoryResponseStore({ nowMs: () => nowMs });
    await store.set("a", value(3), 100);
    nowMs = 99;
    expect(await store.get("a")).to.deep.equal(value(3));
    nowMs = 100;
    expect(await store.get("a")).to.equal(undefined);
    expect(store.sizeBytes).to.equal(0);
    expect(await store.get("b")).to.equal(undefined);
  });

  it("holds no more than its bytes, and lets the least recently used go", async () => {
    const store = new MemoryResponseStore({ maxBytes: 4000 });
    for (const key of ["a", "b", "c"]) await store.set(key, value(1000), 1000);
    await store.get("a");
    await store.set("d", value(1000), 1000);
    expect(await store.get("b")).to.equal(undefined);
    for (const key of ["a", "c", "d"]) expect(await store.get(key), key).to.have.length(1000);
    expect(store.sizeBytes).to.be.at.most(4000);
    await store.set("e", value(5000), 1000);
    expect(await store.get("e")).to.equal(undefined);
    expect(await store.get("a")).to.have.length(1000);
    for (let i = 0; i < 50; i++) await store.set("a", value(i), 1000);
    expect(store.sizeBytes).to.be.at.most(4000);
    expect(catchM2MError(() => new MemoryResponseStore({ maxBytes: 0 })).code).to.equal("M2M_USAGE");
  });

  it("does not hold on to the buffer that a value is a view of", async () => {
    const store = new MemoryResponseStore();
    await store.set("a", new Uint8Array(100_000).subarray(0, 10), 1000);
    expect((await store.get("a"))?.buffer.byteLength).to.equal(10);
  });
});

describe("ResponseCache", () => {
  const make = (options: Partial<ResponseCacheOptions> = {}) =>
    new ResponseCache({ store: new MemoryResponseStore(), ttlMs: 1000, ...options });
  const missOf = (lookup: CacheLookup): CacheMiss => {
    if (lookup.kind !== "miss") throw new Error("Expected a miss.");
    return lookup;
  };
  const textOf = (lookup: CacheLookup) =>
    lookup.kind === "hit" ? Buffer.from(lookup.response.body).toString() : undefined;

  it("gives an answer again, as it was, with its age", async () => {
    let nowMs = 5000;
    const cache = make({ ttlMs: 10_000, nowMs: () => nowMs });
    await missOf(await cache.lookUp("k")).keep(ANSWER);
    nowMs += 2900;
    const hit = await cache.lookUp("k");
    expect(textOf(hit)).to.equal(ANSWER.body.toString());
    expect(hit).to.include({ kind: "hit", shared: false, ageMs: 2900 });
    expect(cacheHeaders(hit)).to.deep.equal({ "x-m2m-cache": "hit", age: "2" });
    nowMs += 7100;
    expect((await cache.lookUp("k")).kind).to.equal("miss");
  });

  it("asks once for equal requests that come together, the store with them", async () => {
    const cache = make();
    const [first, ...others] = [1, 2, 3, 4].map(() => cache.lookUp("k"));
    await missOf(await first).keep(ANSWER);
    for (const other of await Promise.all(others)) {
      expect(textOf(other)).to.equal(ANSWER.body.toString());
      expect(cacheHeaders(other)).to.deep.equal({ "x-m2m-cache": "shared", age: "0" });
    }
    expect((await cache.lookUp("other")).kind).to.equal("miss");
  });

  it("lets those that waited ask for themselves, all at once, if the first has nothing for them", async () => {
    const cache = make();
    const first = missOf(await cache.lookUp("k"));
    const waiting = [cache.lookUp("k"), cache.lookUp("k")];
    first.abandon();
    const [second, third] = (await Promise.all(waiting)).map(missOf);
    expect(cacheHeaders(third)).to.deep.equal({ "x-m2m-cache": "miss" });
    const fourth = cache.lookUp("k");
    await second.keep(ANSWER);
    third.abandon();
    expect((await fourth).kind).to.equal("hit");
  });

  it("has one of those that waited ask for the others, if the first has gone", async () => {
    const cache = make();
    const first = missOf(await cache.lookUp("k"));
    const waiting = [1, 2, 3].map(() => cache.lookUp("k"));
    first.abandon({ hasLeft: true });
    const second = missOf(await waiting[0]);
    second.abandon({ hasLeft: true });
    await missOf(await waiting[1]).keep(ANSWER);
    expect(await waiting[2]).to.include({ kind: "hit", shared: true });
  });

  it("does not wait for ever", async () => {
    const cache = make({ maxWaitMs: 5 });
    const first = missOf(await cache.lookUp("k"));
    expect((await cache.lookUp("k")).kind).to.equal("miss");
    await first.keep(ANSWER);
    expect((await cache.lookUp("k")).kind).to.equal("hit");
  });

  it("keeps no body over the limit, and replaces what is not to be read", async () => {
    const cache = make({ maxBodyBytes: 10 });
    await missOf(await cache.lookUp("k")).keep(ANSWER);
    expect((await cache.lookUp("k")).kind).to.equal("miss");
    const small = make();
    await missOf(await small.lookUp("k")).keep(ANSWER);
    await missOf(await small.lookUp("k", { reads: false })).keep({ ...ANSWER, body: Buffer.from("new") });
    expect(textOf(await small.lookUp("k"))).to.equal("new");
  });

  it("takes whatever is wrong with a store for a miss", async () => {
    const broken: ResponseCacheStore = {
      get: () => Promise.reject(new Error("down")),
      set: () => Promise.reject(new Error("down")),
    };
    const down = make({ store: broken });
    await missOf(await down.lookUp("k")).keep(ANSWER);
    expect((await down.lookUp("k")).kind).to.equal("miss");
    const store = new MemoryResponseStore();
    const cache = make({ store });
    await missOf(await cache.lookUp("k")).keep(ANSWER);
    const bytes = Uint8Array.from((await store.get("k")) as Uint8Array);
    bytes[bytes.length - 1] ^= 1;
    await store.set("k", bytes, 1000);
    expect((await cache.lookUp("k")).kind).to.equal("miss");
    expect(cacheHeaders(undefined)).to.deep.equal({ "x-m2m-cache": "bypass" });
  });
});
