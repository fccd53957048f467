import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { CodecEngine, defaultPriors, StreamDecoder } from "../../src/codec/index.js";
import { parseTarget } from "../../src/proxy/index.js";
import { ProxyFixture, type Reply } from "./fixture.js";

const engine = new CodecEngine();
const PRIOR = `prior:${defaultPriors.names[0]}`;
const MESSAGES = [
  { role: "system", content: "You answer in one sentence, in the language of the question." },
  { role: "user", content: "What is the weather like in Oslo today, and what should I wear?" },
];

/** What does not change from one answer of the upstream to the next. */
const neutral = ({ text }: Pick<Reply, "text">): string =>
  text.replace(/(chatcmpl|resp|msg|req)[-_][^"]*/g, "");

/** What stands between two proxies: it sees all, and may change it. */
class Link {
  readonly server: Server;
  readonly requests: { readonly headers: IncomingMessage["headers"]; readonly body: Buffer }[] = [];
  readonly answers: { readonly headers: IncomingMessage["headers"]; readonly body: Buffer }[] = [];
  /** Takes the offer out, as a far proxy without the codec does. */
  hidesOffer = false;
  /** Bytes of an answer after which the connection is cut. */
  cutAfter = Infinity;

  constructor(target: number) {
    this.server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const body = Buffer.concat(chunks);
        this.requests.push({ headers: incoming.headers, body });
        const onward = request(
          {
            port: target,
            method: incoming.method,
            path: incoming.url,
            headers: incoming.headers,
            agent: false,
          },
          (answer) => {
            const headers = { ...answer.headers };
            if (this.hidesOffer) delete headers["x-m2m-accept"];
            outgoing.writeHead(answer.statusCode ?? 0, headers);
            const parts: Buffer[] = [];
            let size = 0;
            answer.on("data", (chunk: Buffer) => {
              parts.push(chunk);
              outgoing.write(chunk.subarray(0, Math.max(0, this.cutAfter - size)));
              size += chunk.length;
              if (size > this.cutAfter) setImmediate(() => outgoing.destroy());
            });
            answer.on("end", () => {
              this.answers.push({ headers: answer.headers, body: Buffer.concat(parts) });
              outgoing.end();
            });
          },
        );
        onward.end(body);
      });
    });
  }

  async listen(): Promise<number> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return (this.server.address() as AddressInfo).port;
  }
}

describe("proxy: dictionary", () => {
  describe("for clients that have the prior", () => {
    let fixture: ProxyFixture;
    before(async () => (fixture = await ProxyFixture.start()));
    after(() => fixture.stop());

    it("is what a whole answer comes in, and says that requests may", async () => {
      const reply = await fixture.chat({}, { "x-m2m-accept": `binary, dictionary, ${PRIOR}` });
      expect(reply.headers["x-m2m-algorithm"]).to.equal("dictionary");
      expect(reply.headers["x-m2m-accept"]).to.equal(`dictionary, ${PRIOR}`);
      expect(JSON.parse(engine.decompress(reply.body).text)).to.have.property("choices");
      const { data } = engine.compress(JSON.stringify({ model: "gpt-4o", messages: MESSAGES }), {
        algorithm: "dictionary",
        binary: true,
      });
      const packed = await fixture.call({
        method: "POST",
        path: "/v1/chat/completions",
        headers: { "content-type": "application/vnd.m2m" },
        body: data,
      });
      expect(packed.status).to.equal(200);
      expect(JSON.parse(fixture.upstream.last.body.toString())).to.deep.equal({
        model: "gpt-4o",
        messages: MESSAGES,
      });
    });

    it("is nothing for clients that name no prior, or another", async () => {
      for (const accept of [
        "dictionary",
        "dictionary, prior:00000000",
        "dictionary, events, prior:00000000",
      ]) {
        const reply = await fixture.chat({ stream: accept.includes("events") }, { "x-m2m-accept": accept });
        expect(reply.headers).not.to.have.any.keys("x-m2m-algorithm", "x-m2m-accept");
        expect(reply.headers["content-type"]).not.to.contain("m2m");
      }
    });

    it("is what an event stream comes in, each event when it is there", async () => {
      const headers = { "x-m2m-accept": `events, dictionary, ${PRIOR}` };
      const plain = await fixture.chat({ stream: true, messages: MESSAGES });
      const reply = await fixture.chat({ stream: true, messages: MESSAGES }, headers);
      expect(reply.headers["content-type"]).to.equal("application/vnd.m2m-stream");
      expect(reply.headers["x-m2m-content-type"]).to.contain("text/event-stream");
      const decoder = new StreamDecoder();
      // As it may arrive: byte by byte.
      const events = [...reply.body].flatMap((byte) => decoder.push(Uint8Array.of(byte)));
      decoder.end();
      expect(events.length).to.be.greaterThan(5);
      for (const event of events) expect(Buffer.from(event).toString()).to.match(/\n\n$/);
      expect(neutral({ text: Buffer.concat(events).toString() })).to.equal(neutral(plain));
      expect(reply.body.length).to.be.below(0.35 * plain.body.length);
    });

    it("carries the event by which a client is told of a failure", async () => {
      fixture.upstream.script("cut-mid-event");
      const reply = await fixture.chat({ stream: true }, { "x-m2m-accept": `events, dictionary, ${PRIOR}` });
      const decoder = new StreamDecoder();
      const text = Buffer.concat(decoder.push(reply.body)).toString();
      decoder.end();
      expect(text).to.match(/"code":"M2M_UPSTREAM_FAILED"[^\n]*\n\n$/);
      fixture.upstream.reset();
    });
  });

  describe("between two proxies", () => {
    let far: ProxyFixture;
    let near: ProxyFixture;
    let link: Link;
    beforeEach(async () => {
      far = await ProxyFixture.start();
      link = new Link(far.proxy.port);
      const target = parseTarget(`http://127.0.0.1:${await link.listen()}`, "--target");
      near = await ProxyFixture.start({ upstreams: [{ name: "far", target }], peer: true });
    });
    afterEach(async () => {
      await near.stop();
      link.server.closeAllConnections();
      link.server.close();
      await far.stop();
    });

    const chat = (more: object = {}) => near.chat({ messages: MESSAGES, ...more });
    const isDictionary = (body: Buffer): boolean => (body[0] & 0xf0) === 0xb0;

    it("is what requests go in once the far one has said that it reads it", async () => {
      for (let i = 0; i < 3; i++) {
        const reply = await chat();
        expect(reply.status).to.equal(200);
        expect(Object.keys(reply.headers).filter((name) => name.startsWith("x-m2m"))).to.deep.equal([]);
        expect(JSON.parse(far.upstream.last.body.toString())).to.deep.include({ messages: MESSAGES });
      }
      expect(link.requests.map(({ body }) => isDictionary(body))).to.deep.equal([false, true, true]);
      expect(link.requests[1].body.length).to.be.below(0.6 * link.requests[0].body.length);
      expect(link.answers.map(({ headers }) => headers["x-m2m-algorithm"])).to.deep.equal(
        Array.from({ length: 3 }, () => "dictionary"),
      );
    });

    it("is left alone for a far one that does not say so, or no more", async () => {
      link.hidesOffer = true;
      await chat();
      await chat();
      link.hidesOffer = false;
      await chat();
      await chat();
      link.hidesOffer = true;
      await chat();
      await chat();
      expect(link.requests.map(({ body }) => isDictionary(body))).to.deep.equal([
        false,
        false,
        false,
        true,
        true,
        false,
      ]);
    });

    it("is what many requests at once go in, each for itself", async () => {
      await chat();
      const replies = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          chat({ messages: [{ role: "user", content: `Question ${i}` }], stream: i % 2 === 1 }),
        ),
      );
      for (const { status, text } of replies) {
        expect(status).to.equal(200);
        expect(text).not.to.contain("M2M_");
      }
      const asked = far.upstream.requests.map(({ body }) => body.toString());
      for (let i = 0; i < 40; i++)
        expect(asked.filter((body) => body.includes(`Question ${i}"`))).to.have.length(1);
    });

    it("is what event streams come in, invisibly", async () => {
      const through = await chat({ stream: true, stream_options: { include_usage: true } });
      const direct = await far.chat({
        messages: MESSAGES,
        stream: true,
        stream_options: { include_usage: true },
      });
      expect(neutral(through)).to.equal(neutral(direct));
      expect(through.headers["content-type"]).to.equal(direct.headers["content-type"]);
      expect(Object.keys(through.headers).filter((name) => name.startsWith("x-m2m"))).to.deep.equal([]);
      expect(link.answers[0].headers["content-type"]).to.equal("application/vnd.m2m-stream");
      expect(link.answers[0].body.length).to.be.below(0.35 * direct.body.length);
      const { models } = await near.stats();
      expect(models["gpt-4o"].output_tokens).to.be.greaterThan(8);
    });

    it("ends a stream that is cut on the link with the event of a failure", async () => {
      link.cutAfter = 60;
      const { text } = await chat({ stream: true, messages: MESSAGES });
      expect(text).to.match(/"code":"M2M_[A-Z_]+"[^\n]*\n\n$/);
      expect(text.split("\n\n")[0]).to.match(/^data: \{"id"/);
    });

    it("passes on what the provider refuses", async () => {
      await chat();
      far.upstream.script("status-400");
      const refused = await chat();
      expect([refused.status, refused.json.error.code]).to.deep.equal([400, "unsupported_value"]);
    });
  });
});
