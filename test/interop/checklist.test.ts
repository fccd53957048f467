import { expect } from "chai";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { BINARY } from "../helpers/scripted-upstream.js";
import { gunzipSync } from "node:zlib";
import { dataEvent, TEXT } from "../helpers/upstream/answer.js";
import { chatRequest, openRequest, sendRequest } from "./raw-http.js";
import { describeProxy, describeRoutes } from "./routes.js";

/** What the SDKs need of whatever stands between them and the provider, seen from raw HTTP. */
describeRoutes("checklist of the SDKs", [], (route) => {
  const send = (fields: object = {}, headers: Record<string, string> = {}) =>
    sendRequest(route().url, chatRequest(fields, headers));

  it("C3.1: headers of the client arrive as they were sent", async () => {
    const headers = {
      authorization: "Bearer sk-raw",
      "openai-organization": "org-1",
      "openai-project": "proj-1",
      "idempotency-key": "idem-1",
      "user-agent": "OpenAI/JS 6.49.0",
      "x-stainless-retry-count": "1",
      "x-stainless-timeout": "600",
      "x-stainless-lang": "js",
      "x-stainless-os": "Linux",
      "x-stainless-arch": "x64",
      "x-stainless-runtime": "node",
      "x-stainless-runtime-version": "v20.20.2",
      "x-api-key": "sk-ant-raw",
      "anthropic-beta": "one-2025-01-01,two-2025-02-02",
    };
    await send({}, headers);
    const { last } = route().upstream;
    for (const [name, value] of Object.entries(headers))
      expect(last.values(name), name).to.deep.equal([value]);
  });

  it("C3.1: the body arrives byte for byte", async () => {
    // Numbers, blanks and escapes that parsing and printing would change.
    const body =
      '{ "model":"gpt-4o",\t"messages":[{"role":"user","content":"\\u00fc\\/ü"}], "seed":12345678901234567890, "top_p":1.0 }';
    await sendRequest(route().url, { ...chatRequest(), body });
    expect(route().upstream.last.body.toString()).to.equal(body);
    expect(route().upstream.last.header("content-length")).to.equal(String(Buffer.byteLength(body)));
  });

  it("C3.1: path and query arrive as they were sent", async () => {
    const path = "/v1/files?purpose=batch&after=file%2D1&limit=2&name=a%20b+c";
    await sendRequest(route().url, { method: "GET", path });
    expect(route().upstream.last.path).to.equal(path);
  });

  it("C3.2: headers that tell a client when to come back arrive", async () => {
    const waits = { "retry-after": "7", "retry-after-ms": "7000.5", "x-should-retry": "false" };
    route().upstream.script({ status: 429, headers: waits });
    const { status, headers } = await send();
    expect(status).to.equal(429);
    expect(headers).to.include(waits);
  });

  it("C3.3: a client that hangs up before the headers cancels the upstream", async () => {
    const aborted = new AbortController();
    const pending = fetch(`${route().url}/v1/chat/completions`, {
      method: "POST",
      headers: { "x-script": "stall" },
      body: "{}",
      signal: aborted.signal,
    }).catch(() => undefined);
    await route().upstream.waitForRequests(1);
    aborted.abort();
    await pending;
    expect(await route().upstream.last.ended).to.equal("aborted");
  });

  it("C3.4: the body of an error is the provider's, byte for byte", async () => {
    const body = '{"error": {"message":"Grüße, nein.","type":"x","param":null,"code":"c"}}';
    route().upstream.script({ status: 422, body });
    const answer = await send();
    expect(answer.status).to.equal(422);
    expect(answer.body.toString()).to.equal(body);
  });

  it("C3.5: request ids, rate limits and all other headers of the answer arrive", async () => {
    route().upstream.script({
      status: 200,
      headers: { "x-custom": "kept", "set-cookie": "a=1" },
      body: "{}",
    });
    const { headers } = await send();
    expect(headers).to.include({
      "x-request-id": `req_openai_${route().upstream.last.serial}`,
      "openai-processing-ms": "12",
      "x-ratelimit-limit-requests": "10000",
      "x-ratelimit-remaining-requests": "9999",
      "x-ratelimit-reset-requests": "6ms",
      "x-ratelimit-remaining-tokens": "1999900",
      "x-custom": "kept",
    });
    expect(headers["set-cookie"]).to.deep.equal(["a=1"]);
  });

  it("C3.6: events arrive as they are sent, each before the next", async () => {
    let upstream: ServerResponse | undefined;
    route().upstream.script((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      upstream = response;
    });
    const answer = await openRequest(route().url, chatRequest({ stream: true }));
    expect(answer.headers["content-type"]).to.equal("text/event-stream");
    answer.setEncoding("utf8");
    for (const content of ["one", "two", "drei ü", "vier 👋🏽"]) {
      const event = dataEvent({ choices: [{ index: 0, delta: { content } }] });
      upstream!.write(event);
      let received = "";
      while (received.length < event.length) received += (await once(answer, "data"))[0];
      expect(received).to.equal(event);
    }
    upstream!.end("data: [DONE]\n\n");
    let rest = "";
    for await (const piece of answer) rest += piece;
    expect(rest).to.equal("data: [DONE]\n\n");
  });

  it("C3.6: the headers of a stream arrive before its first event", async () => {
    let upstream: ServerResponse | undefined;
    route().upstream.script((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      upstream = response;
    });
    const answer = await openRequest(route().url, chatRequest({ stream: true }));
    expect(answer.statusCode).to.equal(200);
    expect(answer.headers["content-encoding"]).to.equal(undefined);
    upstream!.end("data: [DONE]\n\n");
    answer.resume();
    await once(answer, "end");
  });

  for (const script of ["ok", "split", "joined", "crlf", "cr", "comments"] as const) {
    it(`C3.6: the bytes of a stream are the upstream's: ${script}`, async () => {
      let sent = "";
      route().upstream.script((seen, response) => {
        const write = response.write.bind(response);
        response.write = ((bytes: Buffer) => (
          (sent += bytes.toString("latin1")),
          write(bytes)
        )) as typeof write;
        void route().upstream.play(script, seen, response);
      });
      const { body } = await send({ stream: true, tools: [{ type: "function", function: { name: "f" } }] });
      expect(body.toString("latin1")).to.equal(sent);
      expect(sent).to.contain("[DONE]");
    });
  }

  it("C3.6: a client that reads slowly slows the upstream down", async () => {
    const answer = await openRequest(route().url, chatRequest({ stream: true }, { "x-script": "flood" }));
    await once(answer, "readable");
    const { last } = route().upstream;
    // It is over once the upstream could write nothing for a while: what all buffers on the way hold.
    let before = -1;
    while (before !== last.sentBytes) {
      before = last.sentBytes;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(before).to.be.lessThan(64 * 1024 * 1024);
    answer.destroy();
    expect(await last.ended).to.equal("aborted");
  });

  it("C3.9: the names of events and pings arrive", async () => {
    const { body } = await sendRequest(route().url, {
      path: "/v1/messages",
      headers: { "anthropic-version": "2026-10-21", "content-type": "application/json", "x-api-key": "k" },
      body: JSON.stringify({ model: "claude-sonnet-5", max_tokens: 9, stream: true, messages: [] }),
    });
    const names = [...body.toString().matchAll(/^event: (.*)$/gmu)].map(([, name]) => name);
    expect(names.slice(0, 3)).to.deep.equal(["message_start", "ping", "content_block_start"]);
    expect(names.at(-1)).to.equal("message_stop");
    expect(route().upstream.last.header("anthropic-version")).to.equal("2026-10-21");
  });

  it("C3.10: a compressed answer arrives as it is, or unpacked without the header that says so", async () => {
    const { headers, body } = await send({}, { "accept-encoding": "gzip", "x-script": "gzip" });
    const text = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
    expect(JSON.parse(text.toString()).choices[0].message.content).to.equal(TEXT);
    if (headers["content-length"] !== undefined)
      expect(Number(headers["content-length"])).to.equal(body.length);
  });

  it("C3.10: GET, DELETE and HEAD without a body, and 204", async () => {
    for (const method of ["GET", "DELETE"]) {
      const { status, body } = await sendRequest(route().url, { method, path: "/v1/files/file-1" });
      expect(status).to.equal(200);
      expect(JSON.parse(body.toString())).to.include({ method, path: "/v1/files/file-1", bodyBytes: 0 });
    }
    expect((await sendRequest(route().url, { method: "HEAD", path: "/v1/models" })).body).to.have.length(0);
    const { status, body } = await send({}, { "x-script": "no-content" });
    expect(status).to.equal(204);
    expect(body).to.have.length(0);
  });

  it("C3.11: binary answers and uploads arrive byte for byte", async () => {
    const { body } = await sendRequest(route().url, { method: "GET", path: "/v1/files/file-1/content" });
    expect(body.equals(BINARY)).to.equal(true);
    await sendRequest(route().url, {
      path: "/v1/uploads",
      headers: { "content-type": "application/octet-stream" },
      body: BINARY,
    });
    expect(route().upstream.last.body.equals(BINARY)).to.equal(true);
  });
});

describeProxy("what a proxy keeps to itself", [], (route) => {
  const send = (fields: object = {}, headers: Record<string, string> = {}) =>
    sendRequest(route().url, chatRequest(fields, headers));

  it("C3.10: hop-by-hop headers of a request end here", async () => {
    await send(
      {},
      {
        connection: "keep-alive, x-hop",
        "x-hop": "1",
        "keep-alive": "timeout=5",
        te: "trailers",
        "proxy-authorization": "Basic c2VjcmV0",
        "proxy-connection": "keep-alive",
      },
    );
    const { last } = route().upstream;
    for (const name of ["x-hop", "keep-alive", "te", "proxy-authorization", "proxy-connection"])
      expect(last.values(name), name).to.deep.equal([]);
    expect(last.values("host")).to.deep.equal([new URL(route().upstream.url).host]);
  });

  it("C3.10: hop-by-hop headers of an answer end here", async () => {
    route().upstream.script((_, response) => {
      response
        .writeHead(200, {
          connection: "close, x-hop",
          "x-hop": "1",
          "proxy-authenticate": "Basic",
          "x-kept": "1",
        })
        .end("{}");
    });
    const { headers } = await send();
    expect(headers).not.to.have.any.keys("x-hop", "proxy-authenticate");
    expect(headers).to.include({ "x-kept": "1" });
  });

  it("a redirect of the upstream is not followed", async () => {
    const { status } = await send({}, { "x-script": "redirect" });
    expect(status).to.equal(307);
    expect(route().upstream.requests.map(({ path }) => path)).to.deep.equal(["/v1/chat/completions"]);
  });

  for (const path of [
    "http://169.254.169.254/latest/meta-data",
    "//169.254.169.254/v1/models",
    "/v1/../../etc/passwd",
    "/v1/%2e%2e/%2e%2e/etc/passwd",
    "/v1/models@evil.example/",
    "/\\evil.example/v1/models",
  ]) {
    it(`no path leads elsewhere than to the target: ${path}`, async () => {
      const { status } = await sendRequest(route().url, { method: "GET", path });
      const { requests } = route().upstream;
      if (requests.length === 0) expect(status).to.be.within(400, 499);
      else {
        expect(requests).to.have.length(1);
        expect(requests[0].path).to.match(/^\/v1\//u);
        expect(requests[0].values("host")).to.deep.equal([new URL(route().upstream.url).host]);
      }
    });
  }

  it("keys are in no line that the proxy writes", async () => {
    const key = "sk-proj-Zq3TnUq8v5w7x9y1A2B3C4D5";
    const path = `/v1/files?api_key=${key}`;
    await send({}, { authorization: `Bearer ${key}`, "x-api-key": key, "x-script": "reset" });
    await sendRequest(route().url, { method: "GET", path, headers: { authorization: `Bearer ${key}` } });
    await send({}, { authorization: `Bearer ${key}`, "x-script": "garbage" });
    expect(route().proxy!.output).not.to.contain(key);
  });
});
