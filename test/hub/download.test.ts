import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { rejection } from "../helpers/catch-error.js";
import { bytesOf, CONFIG, Fixture, WEIGHTS } from "./fixture.js";
import { chunked, cutAfter, file, sha256, stallAfter, status, redirect } from "./hub-server.js";

const CONFIG_PATH = "/mirror/config.json";
const WEIGHTS_PATH = "/mirror/model.safetensors";
const MANIFEST_PATH = "/mirror/m2m-model.json";
const INSTALLED = ["config.json", "m2m-model.json", "model.safetensors"];

describe("downloading from a mirror", () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await Fixture.start();
  });
  afterEach(() => fixture.clear());
  after(() => fixture.stop());

  it("brings the files of the manifest, verified, with a manifest of their own", async () => {
    fixture.serveMirror();
    const result = await fixture.download();
    expect(result.status).to.equal("downloaded");
    expect(result.files.map(({ verifiedBy }) => verifiedBy)).to.deep.equal(["manifest", "manifest"]);
    expect(fixture.files()).to.deep.equal(INSTALLED);
    expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
    expect(JSON.parse(fixture.read("m2m-model.json").toString())).to.deep.equal({
      version: 1,
      name: "hydra",
      source: `${fixture.server.url}/mirror/`,
      files: [
        { name: "config.json", sizeBytes: CONFIG.length, sha256: sha256(CONFIG) },
        { name: "model.safetensors", sizeBytes: WEIGHTS.length, sha256: sha256(WEIGHTS) },
      ],
    });
  });

  it("takes SHA256SUMS too", async () => {
    fixture.serveMirror(WEIGHTS, false);
    const sums = `${sha256(CONFIG)}  config.json\n${sha256(WEIGHTS)} *./model.safetensors\n`;
    fixture.server.on("/mirror/SHA256SUMS", file(new TextEncoder().encode(sums)));
    const { files } = await fixture.download();
    expect(files.map(({ verifiedBy }) => verifiedBy)).to.deep.equal(["manifest", "manifest"]);
  });

  it("says of each file that nobody vouches for it", async () => {
    fixture.serveMirror(WEIGHTS, false);
    const { files } = await fixture.download();
    expect(files.map(({ verifiedBy }) => verifiedBy)).to.deep.equal([undefined, undefined]);
    expect(files[1].sha256).to.equal(sha256(WEIGHTS));
  });

  it("brings the vocabulary that the configuration names, and the card if there is one", async () => {
    const config = new TextEncoder().encode('{"tokenizer": {"type": "wordpiece", "vocab": "pieces.txt"}}');
    fixture.server.on(CONFIG_PATH, file(config));
    fixture.server.on(WEIGHTS_PATH, file(WEIGHTS));
    fixture.server.on("/mirror/pieces.txt", file(bytesOf(100)));
    fixture.server.on("/mirror/README.md", file(bytesOf(50)));
    const { files } = await fixture.download();
    expect(files.map(({ name }) => name)).to.deep.equal([
      "config.json",
      "model.safetensors",
      "README.md",
      "pieces.txt",
    ]);
  });

  it("takes a file whose size nobody says", async () => {
    fixture.serveMirror(WEIGHTS, false);
    fixture.server.on(WEIGHTS_PATH, chunked(WEIGHTS));
    await fixture.download();
    expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
  });

  it("tells how far it is", async () => {
    fixture.serveMirror();
    const seen: number[] = [];
    await fixture.download({
      onProgress({ file: name, receivedBytes, totalBytes, allBytes }) {
        if (name === "model.safetensors") seen.push(receivedBytes);
        expect(totalBytes).to.equal(name === "config.json" ? CONFIG.length : WEIGHTS.length);
        expect(allBytes).to.equal(name === "config.json" ? receivedBytes : CONFIG.length + receivedBytes);
        return Promise.resolve();
      },
    });
    expect(seen.at(-1)).to.equal(WEIGHTS.length);
    expect([...seen].sort((a, b) => a - b)).to.deep.equal(seen);
  });

  describe("a broken connection", () => {
    it("is taken up where it broke, again and again", async () => {
      fixture.serveMirror();
      const rest = (request: { headers: { range?: string } }): number =>
        Number(/\d+/.exec(request.headers.range ?? "")?.[0]);
      fixture.server.on(
        WEIGHTS_PATH,
        cutAfter(WEIGHTS, 100_000),
        (request, response) => {
          const from = rest(request);
          response.writeHead(206, {
            etag: `"${sha256(WEIGHTS).slice(0, 16)}"`,
            "content-length": WEIGHTS.length - from,
            "content-range": `bytes ${from}-${WEIGHTS.length - 1}/${WEIGHTS.length}`,
          });
          response.write(WEIGHTS.subarray(from, from + 50_000), () =>
            setImmediate(() => request.socket.destroy()),
          );
        },
        file(WEIGHTS),
      );
      await fixture.download();
      expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
      const asked = fixture.server.requestsOf(WEIGHTS_PATH);
      expect(asked).to.have.length(3);
      expect(Number(/\d+/.exec(asked[1].headers.range as string)?.[0])).to.be.within(1, 100_000);
      expect(asked[1].headers["if-range"]).to.equal(`"${sha256(WEIGHTS).slice(0, 16)}"`);
      expect(rest(asked[2])).to.be.greaterThan(rest(asked[1]));
    });

    it("that does not get better is an error, and the next call goes on from there", async () => {
      fixture.serveMirror();
      fixture.server.on(WEIGHTS_PATH, cutAfter(WEIGHTS, 100_000), status(503));
      const error = await rejection(fixture.download());
      expect(error).to.include({ code: "M2M_DOWNLOAD_FAILED", status: 503 });
      expect(fixture.files()).to.include(".m2m-download/model.safetensors.part");
      expect(fixture.files()).not.to.include("model.safetensors");
      expect(fixture.files().join()).not.to.include(".m2m-download/lock");

      fixture.server.reset();
      fixture.serveMirror();
      const { resumedBytes } = await fixture.download();
      expect(resumedBytes).to.be.within(1, 100_000 + CONFIG.length);
      expect(fixture.server.requestsOf(WEIGHTS_PATH)[0].headers.range).to.match(/^bytes=\d+-$/);
      expect(fixture.files()).to.deep.equal(INSTALLED);
      expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
    });

    it("is told before each wait", async () => {
      fixture.serveMirror();
      fixture.server.on(WEIGHTS_PATH, cutAfter(WEIGHTS, 1000), status(503), file(WEIGHTS));
      const told: string[] = [];
      await fixture.download({
        onRetry: ({ message }, waitMs) => void told.push(`${message} ${waitMs > 0}`),
      });
      expect(told).to.have.length(2);
      expect(told[0]).to.match(/breaks off the connection\. true$/);
      expect(told[1]).to.match(/answers 503/);
    });

    it("is also a server that stops sending, or never answers", async () => {
      fixture.serveMirror();
      fixture.server.on(WEIGHTS_PATH, stallAfter(WEIGHTS, 100_000), () => {}, file(WEIGHTS));
      await fixture.download();
      expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
      fixture.server.on(WEIGHTS_PATH, () => {});
      const error = await rejection(fixture.download({ force: true }));
      expect(error.code).to.equal("M2M_DOWNLOAD_FAILED");
      expect(error.message).to.match(/does not answer/);
    });

    it("without an announced size and hash is seen by the missing last chunk", async () => {
      fixture.serveMirror(WEIGHTS, false);
      fixture.server.on(WEIGHTS_PATH, (request, response) => {
        response.writeHead(200);
        response.write(WEIGHTS.subarray(0, 1000), () => setImmediate(() => request.socket.destroy()));
      });
      expect(await rejection(fixture.download())).to.include({ code: "M2M_DOWNLOAD_FAILED" });
      expect(fixture.server.requestsOf(WEIGHTS_PATH)).to.have.length(3);
    });
  });

  describe("a file that was begun", () => {
    /** Leaves the beginning of `weights` behind. */
    async function begin(weights: Uint8Array, manifest = true): Promise<void> {
      fixture.serveMirror(weights, manifest);
      fixture.server.on(WEIGHTS_PATH, cutAfter(weights, 100_000), status(404));
      await rejection(fixture.download());
      expect(fixture.files()).to.include(".m2m-download/model.safetensors.part");
      fixture.server.reset();
    }

    it("is fetched anew if the server has another by now (If-Range)", async () => {
      await begin(bytesOf(WEIGHTS.length, 7), false);
      fixture.serveMirror(WEIGHTS, false);
      const { resumedBytes } = await fixture.download();
      expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
      expect(resumedBytes).to.be.lessThan(100);
    });

    it("is fetched anew if the manifest names another by now", async () => {
      await begin(bytesOf(WEIGHTS.length, 7));
      fixture.serveMirror();
      await fixture.download();
      expect(fixture.server.requestsOf(WEIGHTS_PATH).map(({ headers }) => headers.range)).to.deep.equal([
        undefined,
      ]);
    });

    it("is fetched anew if the server knows no ranges", async () => {
      await begin(WEIGHTS);
      fixture.serveMirror();
      fixture.server.on(WEIGHTS_PATH, chunked(WEIGHTS, { "content-length": String(WEIGHTS.length) }));
      await fixture.download();
      expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
    });

    it("is fetched anew if the server ignores If-Range and joins two files", async () => {
      await begin(bytesOf(WEIGHTS.length, 7), false);
      fixture.serveMirror(WEIGHTS, false);
      const sums = `${sha256(CONFIG)}  config.json\n${sha256(WEIGHTS)}  model.safetensors\n`;
      fixture.server.on("/mirror/SHA256SUMS", file(new TextEncoder().encode(sums)));
      fixture.server.on(WEIGHTS_PATH, (request, response) => {
        delete request.headers["if-range"];
        file(WEIGHTS, { etag: `"${sha256(bytesOf(WEIGHTS.length, 7)).slice(0, 16)}"` })(request, response);
      });
      await fixture.download();
      expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
      expect(fixture.server.requestsOf(WEIGHTS_PATH)).to.have.length(2);
    });

    it("is fetched anew if the range that comes is another", async () => {
      await begin(WEIGHTS);
      fixture.serveMirror();
      const wrong = (_: unknown, response: import("node:http").ServerResponse): void =>
        void response
          .writeHead(206, { "content-range": `bytes 0-${WEIGHTS.length - 1}/${WEIGHTS.length}` })
          .end(WEIGHTS);
      fixture.server.on(WEIGHTS_PATH, wrong, file(WEIGHTS));
      await fixture.download();
      expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
    });

    it("and was whole needs no byte more (416)", async () => {
      await begin(WEIGHTS);
      writeFileSync(join(fixture.folder, ".m2m-download/model.safetensors.part"), WEIGHTS);
      fixture.serveMirror();
      const { resumedBytes } = await fixture.download();
      expect(resumedBytes).to.be.within(WEIGHTS.length, WEIGHTS.length + CONFIG.length);
      expect(fixture.server.requestsOf(WEIGHTS_PATH)).to.have.length(1);
    });

    it("and is damaged on the disk is found by its hash", async () => {
      await begin(WEIGHTS);
      writeFileSync(
        join(fixture.folder, ".m2m-download/model.safetensors.part"),
        bytesOf(WEIGHTS.length + 5, 3),
      );
      fixture.serveMirror();
      await fixture.download();
      expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
    });
  });

  describe("a server that lies", () => {
    const lies: Record<string, [serve: () => void, message: RegExp]> = {
      "about the hash": [() => fixture.server.on(WEIGHTS_PATH, file(bytesOf(WEIGHTS.length, 9))), /hash/],
      "about the size, in its header": [
        () => fixture.server.on(WEIGHTS_PATH, file(WEIGHTS.subarray(1))),
        /299999 bytes, but 300000 are announced/,
      ],
      "and sends more than the manifest says": [
        () => fixture.server.on(WEIGHTS_PATH, chunked(bytesOf(WEIGHTS.length + 1))),
        /sends more than the 300000 bytes/,
      ],
    };
    for (const [name, [serve, message]] of Object.entries(lies)) {
      it(`${name} is refused, and nothing of it is kept`, async () => {
        fixture.serveMirror();
        serve();
        const error = await rejection(fixture.download());
        expect(error.code).to.equal("M2M_DOWNLOAD_CORRUPT");
        expect(error.message).to.match(message);
        expect(fixture.files().filter((path) => path.includes("safetensors"))).to.deep.equal([]);
      });
    }

    it("and ends early without saying so is asked again, then refused", async () => {
      fixture.serveMirror();
      fixture.server.on(WEIGHTS_PATH, chunked(WEIGHTS.subarray(0, 5)));
      const error = await rejection(fixture.download());
      expect(error.message).to.match(/ends after 5 of 300000 bytes/);
    });

    it("and sends without end is cut at the limit", async () => {
      fixture.serveMirror(WEIGHTS, false);
      let sent = 0;
      fixture.server.on(CONFIG_PATH, (_, response) => {
        const chunk = bytesOf(65536);
        const pump = (): void => {
          while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        };
        response.on("drain", pump);
        pump();
      });
      expect(await rejection(fixture.download())).to.include({ code: "M2M_INPUT_TOO_LARGE" });
      expect(sent).to.be.lessThan(64 * 1024 ** 2);
      fixture.server.on(CONFIG_PATH, status(200, { "content-length": String(2 ** 40) }));
      expect(await rejection(fixture.download())).to.include({ code: "M2M_INPUT_TOO_LARGE" });
    });

    it("and compresses, though nobody asked, is refused", async () => {
      fixture.serveMirror();
      fixture.server.on(WEIGHTS_PATH, file(WEIGHTS, { "content-encoding": "gzip" }));
      expect((await rejection(fixture.download())).message).to.match(/encoding gzip/);
      expect(fixture.server.requestsOf(WEIGHTS_PATH)[0].headers["accept-encoding"]).to.equal("identity");
    });
  });

  describe("a refusal", () => {
    for (const [code, tries, hint] of [
      [401, 1, /HF_TOKEN/],
      [403, 1, /HF_TOKEN/],
      [404, 1, /--revision/],
      [429, 3, /later/],
      [500, 3, /later/],
      [503, 3, /later/],
    ] as const) {
      it(`${code} is tried ${tries === 1 ? "once" : `${tries} times`}`, async () => {
        fixture.serveMirror();
        fixture.server.on(WEIGHTS_PATH, status(code));
        const error = await rejection(fixture.download());
        expect(error).to.include({ code: "M2M_DOWNLOAD_FAILED", status: code });
        expect(error.hint).to.match(hint);
        expect(fixture.server.requestsOf(WEIGHTS_PATH)).to.have.length(tries);
      });
    }

    it("that says when to come again is waited for, as long as that is not long", async () => {
      fixture.serveMirror();
      const soon = new Date(Date.now() + 500).toUTCString();
      fixture.server.on(
        WEIGHTS_PATH,
        status(429, { "retry-after": "1" }),
        status(503, { "retry-after": soon }),
        file(WEIGHTS),
      );
      const start = performance.now();
      await fixture.download();
      expect(performance.now() - start).to.be.greaterThan(990);
      fixture.server.on(WEIGHTS_PATH, status(429, { "retry-after": "86400" }));
      await rejection(fixture.download({ force: true }));
      expect(fixture.server.requestsOf(WEIGHTS_PATH)).to.have.length(4);
    });

    it("of a place that only leads to the next ends", async () => {
      fixture.serveMirror();
      fixture.server.on(WEIGHTS_PATH, redirect(WEIGHTS_PATH));
      expect((await rejection(fixture.download())).message).to.match(/without end/);
      expect(fixture.server.requestsOf(WEIGHTS_PATH)).to.have.length(11);
      for (const location of ["file:" + "///etc/hostname", "http://[", ""]) {
        fixture.server.on(WEIGHTS_PATH, location === "" ? status(302) : redirect(location));
        expect((await rejection(fixture.download())).message).to.match(/no usable address/);
      }
    });

    it("to connect is one clear message", async () => {
      const closed = "http://127.0.0.1:1";
      const error = await rejection(fixture.download({ from: closed }));
      expect(error.code).to.equal("M2M_DOWNLOAD_OFFLINE");
      expect(error.message).to.match(/^Cannot reach 127\.0\.0\.1:1: /);
      expect(error.hint).to.match(/--from PATH/);
      expect(fixture.files()).to.deep.equal([]);
    });
  });

  describe("a model that is there already", () => {
    it("is left alone if it is the same, whole", async () => {
      fixture.serveMirror();
      await fixture.download();
      fixture.server.requests.length = 0;
      const result = await fixture.download();
      expect(result.status).to.equal("unchanged");
      expect(fixture.server.requests.map(({ url }) => url)).to.deep.equal([MANIFEST_PATH]);
      expect(fixture.files()).to.deep.equal(INSTALLED);
    });

    it("is replaced only by force", async () => {
      fixture.serveMirror();
      await fixture.download();
      const newer = bytesOf(1000, 5);
      fixture.serveMirror(newer);
      expect(await rejection(fixture.download())).to.include({ code: "M2M_FILE_EXISTS" });
      writeFileSync(join(fixture.folder, "model.onnx"), "made of the old weights");
      await fixture.download({ force: true });
      expect(fixture.read("model.safetensors").equals(newer)).to.equal(true);
      expect(fixture.files()).to.deep.equal(INSTALLED);
    });

    it("is not taken for whole when a file of it was changed", async () => {
      fixture.serveMirror();
      await fixture.download();
      writeFileSync(join(fixture.folder, "config.json"), "{}");
      expect(await rejection(fixture.download())).to.include({ code: "M2M_FILE_EXISTS" });
    });

    it("stays as it was, whatever goes wrong with the new one", async () => {
      fixture.serveMirror();
      await fixture.download();
      const before = INSTALLED.map((name) => fixture.read(name).toString("hex"));
      const assertOld = (): unknown =>
        expect(INSTALLED.map((name) => fixture.read(name).toString("hex"))).to.deep.equal(before);
      const newer = bytesOf(1000, 5);
      fixture.serveMirror(newer);
      fixture.server.on(WEIGHTS_PATH, status(500));
      await rejection(fixture.download({ force: true }));
      assertOld();
      fixture.server.on(WEIGHTS_PATH, file(bytesOf(1000, 6)));
      await rejection(fixture.download({ force: true }));
      assertOld();
      fixture.server.on(WEIGHTS_PATH, file(newer));
      const refusal = new Error("these weights do not load");
      let seen: string | undefined;
      const check = (folder: string): Promise<void> => {
        seen = folder;
        return Promise.reject(refusal);
      };
      await fixture.download({ force: true, check }).then(
        () => expect.fail("must be refused"),
        (error: unknown) => expect(error).to.equal(refusal),
      );
      expect(seen).to.include(fixture.folder);
      assertOld();
      expect(fixture.files()).to.deep.equal(INSTALLED);
    });

    it("and nobody's manifest is not overwritten either", async () => {
      mkdirSync(fixture.folder, { recursive: true });
      writeFileSync(join(fixture.folder, "config.json"), "of another program");
      fixture.serveMirror();
      expect(await rejection(fixture.download())).to.include({ code: "M2M_FILE_EXISTS" });
      expect(fixture.files()).to.deep.equal(["config.json"]);
    });

    it("keeps what else is in its folder", async () => {
      mkdirSync(fixture.folder, { recursive: true });
      writeFileSync(join(fixture.folder, "notes.txt"), "mine");
      fixture.serveMirror();
      await fixture.download();
      expect(fixture.read("notes.txt").toString()).to.equal("mine");
    });
  });

  describe("a manifest", () => {
    const file64 = "0".repeat(64);
    const entry = (name: string, rest: object = {}): object => ({
      name,
      sizeBytes: 1,
      sha256: file64,
      ...rest,
    });
    const bad: Record<string, unknown> = {
      "is no JSON": "<html>",
      "is no object": [],
      "has another version": { version: 2, files: [entry("config.json")] },
      "names a path above": { version: 1, files: [entry("../../.bashrc")] },
      "names an absolute path": { version: 1, files: [entry("/etc/passwd")] },
      "names a hidden file": { version: 1, files: [entry(".npmrc")] },
      "names a path of Windows": { version: 1, files: [entry("a\\b")] },
      "names a device of Windows": { version: 1, files: [entry("NUL.json")] },
      "names a file twice": { version: 1, files: [entry("config.json"), entry("CONFIG.json")] },
      "names itself": { version: 1, files: [entry("m2m-model.json")] },
      "has a short hash": { version: 1, files: [entry("config.json", { sha256: "ab" })] },
      "has a size below zero": { version: 1, files: [entry("config.json", { sizeBytes: -1 })] },
      "names no weights": { version: 1, files: [entry("config.json")] },
      "names nothing": { version: 1, files: [] },
      "names thousands": { version: 1, files: Array.from({ length: 1000 }, (_, i) => entry(`f${i}`)) },
    };
    it("that announces more than any model has is refused before a byte is fetched", async () => {
      fixture.serveMirror();
      const names = ["config.json", "model.safetensors", "a", "b", "c"];
      const huge = names.map((name) => entry(name, { sizeBytes: 256 * 1024 ** 2 }));
      fixture.server.on(
        MANIFEST_PATH,
        file(new TextEncoder().encode(JSON.stringify({ version: 1, files: huge }))),
      );
      expect(await rejection(fixture.download())).to.include({ code: "M2M_INPUT_TOO_LARGE" });
      expect(fixture.server.requestsOf(CONFIG_PATH)).to.deep.equal([]);
    });

    for (const [name, value] of Object.entries(bad)) {
      it(`that ${name} is refused`, async () => {
        fixture.serveMirror();
        const text = typeof value === "string" ? value : JSON.stringify(value);
        fixture.server.on(MANIFEST_PATH, file(new TextEncoder().encode(text)));
        expect(await rejection(fixture.download())).to.include({ code: "M2M_MANIFEST_INVALID" });
        expect(fixture.server.requestsOf(CONFIG_PATH)).to.deep.equal([]);
      });
    }
  });
});
