import { expect } from "chai";
import { EventEmitter, once } from "node:events";
import { createServer, get, Agent, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { connect as connectTls } from "node:tls";
import { listen, problemOf, readBody, sendProblem, type Listener } from "../../src/http/index.js";
import { InputError } from "../../src/shared/errors.js";
import { rejection } from "../helpers/catch-error.js";
import { requireCertificate } from "../helpers/certificate.js";
import { listenLocally, openConnection } from "./connection.js";

const hello = (_request: IncomingMessage, response: ServerResponse) => response.end("hello");

/** Answers with the number of bytes of the body, or the problem with it. */
function countBytes(maxBytes: number) {
  return (request: IncomingMessage, response: ServerResponse) => {
    readBody(request, maxBytes).then(
      (body) => response.end(String(body.length)),
      (error: unknown) => sendProblem(response, problemOf(error)),
    );
  };
}

describe("http listener", () => {
  const listeners: Listener[] = [];
  const start = async (...args: Parameters<typeof listenLocally>): Promise<Listener> => {
    const listener = await listenLocally(...args);
    listeners.push(listener);
    return listener;
  };
  afterEach(async () => {
    await Promise.all(listeners.splice(0).map((listener) => listener.close(0)));
  });

  it("serves on the port that it picked, and says where", async () => {
    const listener = await start(hello);
    expect(listener.url).to.equal(`http://127.0.0.1:${listener.port}`);
    expect(await (await fetch(listener.url)).text()).to.equal("hello");
  });

  it("says in one line that a port is in use", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const { port } = blocker.address() as AddressInfo;
    const error = await rejection(listen(hello, { host: "127.0.0.1", port }));
    expect(error).to.be.instanceOf(InputError).with.property("code", "M2M_LISTEN_FAILED");
    expect((error as Error).message).to.equal(`Cannot listen on 127.0.0.1 port ${port}: the port is in use.`);
    blocker.close();
  });

  it("says that an address is of another machine, and that a certificate is none", async () => {
    const elsewhere = await rejection(listen(hello, { host: "192.0.2.1", port: 0 }));
    expect(elsewhere).to.have.property("code", "M2M_LISTEN_FAILED");
    const tls = { cert: "no certificate", key: "no key" };
    const untrusted = await rejection(listen(hello, { host: "127.0.0.1", port: 0, tls }));
    expect(untrusted).to.have.property("code", "M2M_LISTEN_FAILED");
    expect((untrusted as Error).message).not.to.include("no key");
  });

  it("answers a handler that throws with a problem without details", async () => {
    const listener = await start(() => {
      throw new Error("the password is 1234");
    });
    const response = await fetch(listener.url);
    expect(response.status).to.equal(500);
    expect(response.headers.get("content-type")).to.equal("application/problem+json");
    const text = await response.text();
    expect(JSON.parse(text)).to.include({ code: "M2M_BUG", status: 500, type: "urn:m2m:error:M2M_BUG" });
    expect(text).not.to.include("1234");
  });

  it("ends a connection whose header section comes drop by drop", async () => {
    const listener = await start(hello, { limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 } });
    const slow = await openConnection(listener);
    slow.socket.write("GET / HTTP/1.1\r\nHost: x\r\n");
    const drops = setInterval(() => slow.socket.write("X-Drop: 1\r\n"), 20);
    const text = await slow.closed;
    clearInterval(drops);
    expect(text).to.match(/^HTTP\/1\.1 408 /);
    expect(text).to.include("M2M_REQUEST_TIMEOUT");
  });

  it("ends a connection whose body comes drop by drop", async () => {
    const listener = await start(countBytes(1000), {
      limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 },
    });
    const slow = await openConnection(listener);
    slow.socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n");
    const drops = setInterval(() => slow.socket.write("x"), 20);
    expect(await slow.closed).to.match(/^HTTP\/1\.1 408 /);
    clearInterval(drops);
  });

  it("refuses a header section over the limit with 431", async () => {
    const listener = await start(hello);
    const connection = await openConnection(listener);
    connection.socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"a".repeat(17 * 1024)}\r\n\r\n`);
    const text = await connection.closed;
    expect(text).to.match(/^HTTP\/1\.1 431 /);
    expect(text).to.include("M2M_HEADERS_TOO_LARGE");
  });

  for (const [name, bytes] of [
    ["garbage", "\x16\x03\x01 what is this\r\n\r\n"],
    [
      "both lengths",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["two hosts and a bare line feed", "GET / HTTP/1.1\nHost: x\n\n"],
    ["bad chunk", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ["half a request and no more to come", "GET / HTTP/1.1\r\nHos"],
  ] as const) {
    it(`refuses ${name} with 400 and ends the connection`, async () => {
      const listener = await start(countBytes(1000));
      const connection = await openConnection(listener);
      connection.socket.end(bytes, "latin1");
      const text = await connection.closed;
      expect(text).to.match(/^HTTP\/1\.1 400 /);
      expect(text).to.include("M2M_REQUEST_INVALID");
      // Others are served.
      expect((await fetch(listener.url)).status).to.equal(200);
    });
  }

  it("answers a client that has shut its side after the request", async () => {
    const listener = await start(countBytes(10));
    const connection = await openConnection(listener);
    connection.socket.end("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    expect(await connection.closed).to.match(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n3$/);
  });

  it("takes a body that is as large as allowed, and no byte more, declared or not", async () => {
    const listener = await start(countBytes(1000));
    const post = (body: string | ReadableStream) =>
      fetch(listener.url, { method: "POST", body, duplex: "half" });
    const stream = (size: number) => new Blob(["x".repeat(size)]).stream();
    expect(await (await post("x".repeat(1000))).text()).to.equal("1000");
    expect(await (await post(stream(1000))).text()).to.equal("1000");
    for (const response of [await post("x".repeat(1001)), await post(stream(1001))]) {
      expect(response.status).to.equal(413);
      expect(await response.json()).to.include({ code: "M2M_INPUT_TOO_LARGE" });
    }
  });

  it("gets its 413 through to a client that goes on sending", async () => {
    const listener = await start(countBytes(1000));
    const connection = await openConnection(listener);
    connection.socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 700000\r\n\r\n");
    for (let part = 0; part < 70; part++) connection.socket.write("x".repeat(10_000));
    const text = await connection.closed;
    expect(text).to.match(/^HTTP\/1\.1 413 /);
    expect(text.toLowerCase()).to.include("connection: close");
    expect(text).to.include("M2M_INPUT_TOO_LARGE");
  });

  it("does not read a refused body for ever", async () => {
    const listener = await start(countBytes(1000));
    const connection = await openConnection(listener);
    connection.socket.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    const flood = setInterval(() => connection.socket.write(`10000\r\n${"x".repeat(0x10000)}\r\n`), 1);
    const text = await connection.closed;
    clearInterval(flood);
    expect(text === "" || text.startsWith("HTTP/1.1 413 ")).to.equal(true);
  });

  it("rejects the body of a client that goes away in the middle", async () => {
    const requests = new EventEmitter();
    const listener = await start((request) => requests.emit("request", readBody(request, 1000)));
    const connection = await openConnection(listener);
    connection.socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    const [body] = (await once(requests, "request")) as [Promise<Buffer>];
    connection.socket.destroy();
    expect(await rejection(body)).to.have.property("code", "M2M_REQUEST_INVALID");
  });

  it("keeps a connection for the next request, and pipelined requests in order", async () => {
    const listener = await start((request, response) => response.end(request.url));
    const connection = await openConnection(listener);
    connection.socket.write("GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
    await connection.until("/first");
    connection.socket.write("GET /second HTTP/1.1\r\nHost: x\r\n\r\nGET /third HTTP/1.1\r\nHost: x\r\n\r\n");
    await connection.until("/third");
    expect(connection.text()).to.match(/\/first[\s\S]*\/second[\s\S]*\/third$/);
    connection.socket.destroy();
  });

  it("tells every pipelined request once that its client has gone, however many wait for their turn", async () => {
    const REQUESTS = 300;
    const closes: number[] = [];
    const responses: ServerResponse[] = [];
    const events = new EventEmitter();
    const listener = await start((_request, response) => {
      const index = responses.push(response) - 1;
      closes.push(0);
      response.on("close", () => {
        closes[index]++;
        events.emit("close");
      });
      // One that is ended in the queue has not been sent either.
      if (index === 3) response.end("ended");
      if (index === 4) response.destroy();
      if (responses.length === REQUESTS) events.emit("all");
    });
    const warnings: Error[] = [];
    const warn = (warning: Error): number => warnings.push(warning);
    process.on("warning", warn);
    const connection = await openConnection(listener);
    const all = once(events, "all");
    connection.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(REQUESTS));
    await all;
    // The first two have had their turn.
    responses[0].end("first");
    responses[1].end("second");
    await connection.until("second");
    responses[2].write("begun");
    await connection.until("begun");
    connection.socket.destroy();
    while (closes.includes(0)) await once(events, "close");
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("warning", warn);
    expect(new Set(closes)).to.deep.equal(new Set([1]));
    expect(responses.every(({ destroyed }) => destroyed)).to.equal(true);
    expect(responses.map(({ closed }) => closed)).not.to.include(false);
    expect(responses.map(({ writableFinished }) => writableFinished).lastIndexOf(true)).to.equal(1);
    expect(warnings).to.deep.equal([]);
  });

  it("tells the requests behind one whose answer ends the connection", async () => {
    const closed: (string | undefined)[] = [];
    const listener = await start((request, response) => {
      response.on("close", () => closed.push(request.url));
      if (request.url !== "/last") return;
      response.setHeader("connection", "close");
      setImmediate(() => response.end("last"));
    });
    const connection = await openConnection(listener);
    connection.socket.write("GET /last HTTP/1.1\r\nHost: x\r\n\r\nGET /behind HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await connection.closed).to.match(/last$/);
    while (closed.length < 2) await new Promise(setImmediate);
    expect(closed).to.have.members(["/last", "/behind"]);
  });

  it("ends an idle connection after its time", async () => {
    const listener = await start(hello, { limits: { keepAliveTimeoutMs: 50 } });
    const connection = await openConnection(listener);
    connection.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await connection.closed).to.match(/hello$/);
  });

  it("drops connections over the limit, and takes new ones when others have ended", async () => {
    const listener = await start(hello, { limits: { maxConnections: 1 } });
    const first = await openConnection(listener);
    first.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await first.until("hello");
    const second = await openConnection(listener);
    expect(await second.closed).to.equal("");
    first.socket.destroy();
    await first.closed;
    let text = "";
    while (text === "") {
      const third = await openConnection(listener);
      third.socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      text = await third.closed;
    }
    expect(text).to.match(/hello$/);
  });

  it("hands upgrades over, and without a handler answers them as requests", async () => {
    const upgrading = await start(hello, {
      onUpgrade: (_request, socket) => socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\ntaken"),
    });
    const plain = await start(hello);
    const ask = async (listener: Listener) => {
      const connection = await openConnection(listener);
      connection.socket.write(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n",
      );
      return connection.closed;
    };
    expect(await ask(upgrading)).to.match(/taken$/);
    expect(await ask(plain)).to.match(/hello$/);
  });

  describe("closing", () => {
    it("lets a running request finish, refuses new connections, and ends with the last answer", async () => {
      const requests = new EventEmitter();
      const listener = await start((_request, response) => requests.emit("request", response));
      const answer = fetch(listener.url);
      const [running] = (await once(requests, "request")) as [ServerResponse];
      let isClosed = false;
      const closed = listener.close().then(() => (isClosed = true));
      expect(listener.isClosing).to.equal(true);
      const refused = await openConnection(listener).then(
        () => undefined,
        (error: NodeJS.ErrnoException) => error.code,
      );
      expect(refused).to.equal("ECONNREFUSED");
      expect(isClosed).to.equal(false);
      running.end("late");
      const response = await answer;
      expect(response.headers.get("connection")).to.equal("close");
      expect(await response.text()).to.equal("late");
      await closed;
    });

    it("cuts what is still running when the time is over", async () => {
      const requests = new EventEmitter();
      const listener = await start(() => requests.emit("request"));
      const connection = await openConnection(listener);
      connection.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      await once(requests, "request");
      await listener.close(50);
      expect(await connection.closed).to.equal("");
    });

    it("ends idle connections soon", async () => {
      const listener = await start(hello);
      const connection = await openConnection(listener);
      connection.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      await connection.until("hello");
      await listener.close(60_000);
      await connection.closed;
    });

    it("answers every request of busy connections that are kept alive", async () => {
      const listener = await start((request, response) => {
        request.resume();
        setImmediate(() => response.end("ok"));
      });
      const agent = new Agent({ keepAlive: true, maxSockets: 8 });
      let answered = 0;
      const ask = () =>
        new Promise<string | undefined>((resolve, reject) => {
          get(listener.url, { agent }, (response) => {
            response.resume().on("end", () => {
              answered++;
              resolve(response.headers.connection);
            });
          }).on("error", reject);
        });
      /** Asks until an answer says that it is the last of its connection. */
      const client = async () => {
        while ((await ask()) !== "close");
      };
      const clients = Array.from({ length: 8 }, client);
      while (answered < 100) await new Promise(setImmediate);
      await Promise.all([...clients, listener.close()]);
      expect(answered).to.be.greaterThan(100);
      agent.destroy();
    });
  });

  describe("a connection on which an answer is under way", () => {
    const UPGRADE = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    /** Answers `/slow` when it is told to, with two chunks and its end. */
    const startSlow = async () => {
      const slow: ServerResponse[] = [];
      const arrivals = new EventEmitter();
      const upgrades: (string | undefined)[] = [];
      const listener = await start(
        (request, response) => {
          if (request.url !== "/slow")
            return void response.writeHead(426, { connection: "Upgrade" }).end("no");
          slow.push(response);
          arrivals.emit("slow");
        },
        {
          onUpgrade: (request, socket) => {
            upgrades.push(request.url);
            socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\ntaken");
          },
        },
      );
      const connection = await openConnection(listener);
      const ask = async (bytes: string) => {
        const arrived = once(arrivals, "slow");
        connection.socket.write(`POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx${bytes}`);
        await arrived;
      };
      const end = () => slow.forEach((response) => response.end("there"));
      return { ...connection, ask, end, slow, upgrades };
    };
    /** The other end has read what was written. */
    const pass = () => new Promise((resolve) => setTimeout(resolve, 30));

    it("is not handed over: the request is answered behind it, and ends the connection", async () => {
      for (const isPipelined of [true, false]) {
        const { ask, closed, end, slow, socket, until, upgrades } = await startSlow();
        await ask(isPipelined ? UPGRADE : "");
        if (!isPipelined) {
          slow[0].write("begun");
          await until("begun");
          socket.write(UPGRADE);
        }
        await pass();
        // More may come meanwhile.
        socket.write("GET /slow HTTP/1.1\r\n");
        await pass();
        end();
        const text = await closed;
        expect(text).to.match(/^HTTP\/1\.1 200 [\s\S]*there[\s\S]*HTTP\/1\.1 426 [\s\S]*no/);
        expect(text.match(/HTTP\/1\.1 /g)).to.have.length(2);
        expect(upgrades).to.deep.equal([]);
      }
    });

    it("is handed over when the answer is sent", async () => {
      const { ask, closed, end, socket, until, upgrades } = await startSlow();
      await ask("");
      end();
      await until("there");
      socket.write(UPGRADE);
      expect(await closed).to.match(/there[\s\S]*101 Switching Protocols[\s\S]*taken$/);
      expect(upgrades).to.deep.equal(["/ws"]);
    });

    it("is not answered on behalf of what comes behind and is no request", async () => {
      for (const begins of [false, true]) {
        const { ask, closed, slow, socket, until } = await startSlow();
        await ask("");
        if (begins) {
          slow[0].write("begun");
          await until("begun");
        }
        socket.write("no request\r\n\r\n");
        expect(await closed).not.to.include("400");
      }
    });

    it("sends the answer that is its last, whatever comes behind its request", async () => {
      const listener = await start((_request, response) => void setTimeout(() => response.end("there"), 50));
      const connection = await openConnection(listener);
      connection.socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nwhat is this\r\n\r\n");
      expect(await connection.closed).to.match(/^HTTP\/1\.1 200 [\s\S]*there$/);
    });
  });

  it("serves requests that offer another protocol, with their bodies, and keeps the connection", async () => {
    const upgrades: (string | undefined)[] = [];
    const listener = await start(countBytes(100), {
      onUpgrade: (request, socket) => {
        upgrades.push(request.url);
        socket.end();
      },
    });
    const { socket, until, closed } = await openConnection(listener);
    const offer =
      "Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
    socket.write(`POST /a HTTP/1.1\r\n${offer}Content-Length: 3\r\n\r\nabc`);
    await until("\r\n\r\n3");
    socket.write(`GET /b HTTP/1.1\r\n${offer}\r\n`);
    await until("\r\n\r\n0");
    socket.write("GET /c HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n");
    await closed;
    expect(upgrades).to.deep.equal(["/c"]);
  });

  it("cuts a client that takes nothing of its answer, and none that takes its time", async () => {
    const block = Buffer.alloc(64 * 1024);
    const ended = new EventEmitter();
    const listener = await start(
      (request, response) => {
        if (request.url === "/slow") {
          const timer = setInterval(() => response.write("x"), 50);
          response.on("close", () => clearInterval(timer));
          setTimeout(() => response.end("done"), 700);
          return;
        }
        const fill = () => {
          while (response.write(block));
        };
        response.on("drain", fill).on("close", () => ended.emit("cut"));
        fill();
      },
      { limits: { stallTimeoutMs: 200 } },
    );
    const cut = once(ended, "cut");
    const stalled = await openConnection(listener);
    stalled.socket.pause();
    stalled.socket.write("GET /fast HTTP/1.1\r\nHost: x\r\n\r\n");
    const slow = await fetch(`${listener.url}/slow`);
    expect(await slow.text()).to.match(/^x+done$/);
    await cut;
    stalled.socket.destroy();
  });

  it("over TLS too cuts a client that takes nothing, and ends connections with their last answer when it closes", async function () {
    const certificate = requireCertificate(this);
    after(() => certificate.remove());
    const block = Buffer.alloc(64 * 1024);
    const events = new EventEmitter();
    const listener = await start(
      (request, response) => {
        if (request.url === "/late") return void events.emit("late", response);
        const fill = () => {
          while (response.write(block));
        };
        response.on("drain", fill).on("close", () => events.emit("cut"));
        fill();
      },
      { tls: certificate, limits: { stallTimeoutMs: 200 } },
    );
    const open = async () => {
      const socket = connectTls({ port: listener.port, rejectUnauthorized: false }).on("error", () => {});
      await once(socket, "secureConnect");
      return socket;
    };
    const stalled = await open();
    const cut = once(events, "cut");
    stalled.pause();
    stalled.write("GET /fast HTTP/1.1\r\nHost: x\r\n\r\n");
    await cut;
    stalled.destroy();
    const client = await open();
    let text = "";
    client.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const late = once(events, "late");
    client.write("GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    const [response] = (await late) as [ServerResponse];
    const closed = listener.close();
    response.end("late");
    await closed;
    expect(text).to.match(/connection: close[\s\S]*late$/i);
    client.destroy();
  });
});
