import { existsSync, readFileSync } from "node:fs";
import { createServer as createWebServer, request as httpRequest, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { requireCertificate, type TestCertificate } from "../helpers/certificate.js";
import { CliFolder, ended } from "../helpers/run-cli.js";
import { PUBLISHED_SHAPE, writeModelFolder, type ModelFolder } from "../security/hydra/random-model.js";
import { rejection } from "../helpers/catch-error.js";
import { Fixture, WEIGHTS } from "./fixture.js";
import { file, redirect, status } from "./hub-server.js";

/** A forward proxy: passes plain requests on, and opens tunnels. */
class Proxy {
  readonly forwarded: string[] = [];
  readonly tunnels: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  /** `name:password` that it wants. */
  wanted: string | undefined;
  /** Says nothing at all. */
  silent = false;
  readonly #server = createWebServer();
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#server.on("connection", (socket) => this.#sockets.add(socket));
    this.#server.on("request", (request, response) => {
      if (this.silent) return;
      this.authorizations.push(request.headers["proxy-authorization"]);
      if (!this.#mayPass(request.headers["proxy-authorization"])) return void response.writeHead(407).end();
      this.forwarded.push(request.url ?? "");
      const { "proxy-authorization": _, ...headers } = request.headers;
      const onward = httpRequest(request.url ?? "", { headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on("error", () => response.writeHead(502).end()).end();
    });
    this.#server.on("connect", (request, socket: Socket) => {
      socket.on("error", () => {});
      if (this.silent) return;
      this.authorizations.push(request.headers["proxy-authorization"]);
      if (!this.#mayPass(request.headers["proxy-authorization"]))
        return void socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      this.tunnels.push(request.url ?? "");
      const [host, port] = (request.url ?? "").split(":");
      // The name is one that only the proxy can look up.
      const onward = connect(Number(port), host === "hub.invalid" ? "127.0.0.1" : host, () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        onward.pipe(socket).pipe(onward);
      });
      this.#sockets.add(onward);
      onward.on("error", () => socket.destroy());
    });
  }

  #mayPass(authorization: string | undefined): boolean {
    return this.wanted === undefined || authorization === `Basic ${btoa(this.wanted)}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  reset(): void {
    this.forwarded.length = this.tunnels.length = this.authorizations.length = 0;
    this.wanted = undefined;
    this.silent = false;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe("downloading through a proxy", () => {
  let fixture: Fixture;
  const proxy = new Proxy();
  before(async () => {
    fixture = await Fixture.start();
    await proxy.start();
  });
  beforeEach(() => fixture.serveMirror());
  afterEach(() => {
    fixture.clear();
    proxy.reset();
  });
  after(async () => {
    await fixture.stop();
    await proxy.stop();
  });

  it("passes plain addresses on as they are", async () => {
    for (const env of [
      { HTTP_PROXY: `http://${proxy.host}` },
      { http_proxy: proxy.host },
      { ALL_PROXY: proxy.host },
    ]) {
      proxy.reset();
      await fixture.download({ env, force: true });
      expect(proxy.forwarded, JSON.stringify(env)).to.include(
        `${fixture.server.url}/mirror/model.safetensors`,
      );
      expect(proxy.tunnels).to.deep.equal([]);
      expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
    }
  });

  it("is not asked for hosts of NO_PROXY", async () => {
    for (const NO_PROXY of ["127.0.0.1", "example.org, 127.0.0.1", "*", `127.0.0.1:${fixture.server.port}`]) {
      await fixture.download({ env: { HTTP_PROXY: `http://${proxy.host}`, NO_PROXY }, force: true });
      expect(proxy.forwarded, NO_PROXY).to.deep.equal([]);
    }
    const NO_PROXY = "127.0.0.1:1,example.org";
    await fixture.download({ env: { HTTP_PROXY: `http://${proxy.host}`, NO_PROXY }, force: true });
    expect(proxy.forwarded).not.to.deep.equal([]);
  });

  it("gets the name and password of its address, and nobody else does", async () => {
    proxy.wanted = "me:pa ss";
    await fixture.download({ env: { HTTP_PROXY: `http://me:pa%20ss@${proxy.host}` } });
    for (const { headers } of fixture.server.requests)
      expect(headers).not.to.have.property("proxy-authorization");
    const error = await rejection(
      fixture.download({ env: { HTTP_PROXY: `http://me:wrong@${proxy.host}` }, force: true }),
    );
    expect(error).to.include({ code: "M2M_DOWNLOAD_FAILED", status: 407 });
    expect(error.hint).to.match(/NAME:PASSWORD/);
    expect(`${error.message}${error.hint}`).not.to.include("wrong");
  });

  it("that is not there, or says nothing, is named", async () => {
    const error = await rejection(fixture.download({ env: { HTTP_PROXY: "http://127.0.0.1:1" } }));
    expect(error.code).to.equal("M2M_DOWNLOAD_OFFLINE");
    expect(error.message).to.match(/through the proxy/);
    expect(error.hint).to.match(/HTTPS_PROXY/);
    proxy.silent = true;
    const silence = await rejection(fixture.download({ env: { HTTP_PROXY: proxy.host } }));
    expect(silence.code).to.equal("M2M_DOWNLOAD_FAILED");
  });

  it("whose address is none is refused without showing it", async () => {
    for (const HTTP_PROXY of ["http://me:secret@:::", "http://me:secret%@127.0.0.1:9"]) {
      const error = await rejection(fixture.download({ env: { HTTP_PROXY } }));
      expect(error.code).to.equal("M2M_CONFIG_INVALID");
      expect(error.message).to.include("HTTP_PROXY").and.not.to.include("secret");
    }
  });

  describe("over TLS", () => {
    let secure: Server;
    let port: number;
    let certificate: TestCertificate;
    let model: ModelFolder;
    let cli: CliFolder;
    before(async function () {
      model = writeModelFolder(PUBLISHED_SHAPE, 2, {});
      cli = new CliFolder();
      certificate = requireCertificate(this, "hub.invalid");
      secure = createSecureServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
        const name = request.url?.replace("/m/", "") ?? "";
        if (request.url === "/plain/config.json")
          redirect(`${fixture.server.url}/mirror/config.json`)(request, response);
        else if (existsSync(join(model.folder, name)))
          file(readFileSync(join(model.folder, name)))(request, response);
        else status(404)(request, response);
      });
      await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
      port = (secure.address() as AddressInfo).port;
    });
    after(() => {
      secure?.closeAllConnections();
      secure?.close();
      certificate?.remove();
      model.remove();
      cli.remove();
    });

    /** `m2m`, which trusts the certificate: Node reads such a wish when it starts. */
    async function run(...args: string[]): Promise<{ code: number | null; stderr: string }> {
      const env = { HTTPS_PROXY: proxy.host, NODE_EXTRA_CA_CERTS: certificate.certFile };
      const child = cli.start(["model", "download", ...args], env);
      const [stderr, { code }] = await Promise.all([text(child.stderr!), ended(child)]);
      return { code, stderr };
    }

    it("fetches through the tunnel, by the certificates of the user", async () => {
      const { code, stderr } = await run("--from", `https://hub.invalid:${port}/m`, "--dir", "here");
      expect(code, stderr).to.equal(0);
      expect(proxy.tunnels).to.include(`hub.invalid:${port}`);
      const weights = readFileSync(join(cli.path, "here/model.safetensors"));
      expect(weights.equals(readFileSync(join(model.folder, "model.safetensors")))).to.equal(true);
    });

    it("does not follow to an address without TLS", async () => {
      const { code, stderr } = await run("--from", `https://hub.invalid:${port}/plain`);
      expect(code).to.equal(4);
      expect(stderr).to.match(/sends to an address that is not encrypted/);
      expect(fixture.server.requests).to.deep.equal([]);
    });

    it("opens a tunnel to the host by its name, and does not trust a certificate that nobody signed", async () => {
      const env = { HTTPS_PROXY: `http://${proxy.host}` };
      const error = await rejection(fixture.download({ from: `https://hub.invalid:${port}`, env }));
      expect(proxy.tunnels).to.deep.equal([`hub.invalid:${port}`]);
      expect(error.code).to.equal("M2M_DOWNLOAD_FAILED");
      expect(error.message).to.match(/is not safe/);
      expect(error.hint).to.match(/NODE_EXTRA_CA_CERTS/);
    });

    it("tells a tunnel that is refused", async () => {
      proxy.wanted = "me:password";
      const error = await rejection(
        fixture.download({ from: `https://hub.invalid:${port}`, env: { HTTPS_PROXY: proxy.host } }),
      );
      expect(error).to.include({ code: "M2M_DOWNLOAD_FAILED", status: 407 });
    });
  });
});
