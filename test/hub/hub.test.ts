import { createHash } from "node:crypto";
import { expect } from "chai";
import { rejection } from "../helpers/catch-error.js";
import { COMMIT, CONFIG, Fixture, linkedHeaders, WEIGHTS, bytesOf } from "./fixture.js";
import { cutAfter, FakeServer, file, redirect, sha256, status } from "./hub-server.js";

const AT_MAIN = "/infernet/hydra/resolve/main/config.json";
const WEIGHTS_AT_COMMIT = `/infernet/hydra/resolve/${COMMIT}/model.safetensors`;
const TOKEN = "hf_secretsecretsecret";

function gitSha1(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

describe("downloading from the hub", () => {
  let fixture: Fixture;
  let store: FakeServer;
  before(async () => {
    fixture = await Fixture.start();
    // Another port is another origin, as the store of the hub's large files is.
    store = await FakeServer.start();
  });
  afterEach(() => {
    fixture.clear();
    store.reset();
  });
  after(async () => {
    await fixture.stop();
    await store.stop();
  });

  /** As the hub does it: the small file itself, the large one by another server. */
  function serve(weights: Uint8Array = WEIGHTS): void {
    fixture.server.on(AT_MAIN, redirect("/cache/config.json", { "x-repo-commit": COMMIT }, 307));
    fixture.server.on(
      "/cache/config.json",
      file(CONFIG, { etag: `"${gitSha1(CONFIG)}"`, "x-repo-commit": COMMIT }),
    );
    fixture.server.on(WEIGHTS_AT_COMMIT, redirect(`${store.url}/blob?Signature=abc`, linkedHeaders(weights)));
    store.on("/blob?Signature=abc", file(weights));
  }

  it("verifies by the hub's headers and takes all files from one commit", async () => {
    serve();
    const result = await fixture.downloadFromHub();
    expect(result).to.include({ status: "downloaded", revision: "main", commit: COMMIT });
    expect(result.source).to.equal(`${fixture.server.url}/infernet/hydra`);
    expect(result.files.map(({ name, verifiedBy }) => [name, verifiedBy])).to.deep.equal([
      ["config.json", "server"],
      ["model.safetensors", "server"],
    ]);
    expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
    const manifest = JSON.parse(fixture.read("m2m-model.json").toString()) as Record<string, unknown>;
    expect(manifest).to.include({ revision: "main", commit: COMMIT });
    expect(JSON.stringify(manifest)).not.to.include("Signature");
  });

  it("is done when the commit is there already", async () => {
    serve();
    await fixture.downloadFromHub();
    fixture.server.requests.length = store.requests.length = 0;
    expect(await fixture.downloadFromHub()).to.include({ status: "unchanged", commit: COMMIT });
    expect(store.requests).to.deep.equal([]);
  });

  it("asks for the revision that is wanted, spelled as one part of the path", async () => {
    const error = await rejection(fixture.downloadFromHub({ revision: "refs/pr/1" }));
    expect(error.code).to.equal("M2M_DOWNLOAD_FAILED");
    expect(fixture.server.requests[0].url).to.equal("/infernet/hydra/resolve/refs%2Fpr%2F1/config.json");
  });

  it("tells a missing revision and a gated model by the hub's own word", async () => {
    fixture.server.on(AT_MAIN, status(404, { "x-error-code": "RevisionNotFound" }));
    expect((await rejection(fixture.downloadFromHub())).message).to.match(/no such revision/);
    fixture.server.on(AT_MAIN, status(403, { "x-error-code": "GatedRepo" }));
    expect((await rejection(fixture.downloadFromHub())).message).to.match(/accepted its terms/);
  });

  it("refuses other bytes than those of the linked hash, and of git's name", async () => {
    serve();
    store.on("/blob?Signature=abc", file(bytesOf(WEIGHTS.length, 2)));
    const error = await rejection(fixture.downloadFromHub());
    expect(error.code).to.equal("M2M_DOWNLOAD_CORRUPT");
    expect(error.message).to.include(sha256(WEIGHTS));
    fixture.server.on("/cache/config.json", file(CONFIG, { etag: `W/"${gitSha1(WEIGHTS)}"` }));
    expect(await rejection(fixture.downloadFromHub())).to.include({ code: "M2M_DOWNLOAD_CORRUPT" });
    const linked = { "x-repo-commit": COMMIT, "x-linked-etag": `"${gitSha1(WEIGHTS)}"` };
    fixture.server.on(AT_MAIN, redirect("/cache/config.json", linked, 307));
    fixture.server.on("/cache/config.json", file(CONFIG));
    expect(await rejection(fixture.downloadFromHub())).to.include({ code: "M2M_DOWNLOAD_CORRUPT" });
  });

  it("refuses another size than the linked one before it takes a byte", async () => {
    serve();
    store.on("/blob?Signature=abc", file(WEIGHTS.subarray(0, 100)));
    expect((await rejection(fixture.downloadFromHub())).message).to.match(
      /100 bytes, but 300000 are announced/,
    );
  });

  it("resumes at the store by the tag of the store", async () => {
    serve();
    store.on("/blob?Signature=abc", cutAfter(WEIGHTS, 100_000), file(WEIGHTS));
    await fixture.downloadFromHub();
    const [, second] = store.requests;
    expect(second.headers).to.include({ "if-range": `"${sha256(WEIGHTS).slice(0, 16)}"` });
    expect(fixture.read("model.safetensors").equals(WEIGHTS)).to.equal(true);
  });

  describe("with HF_TOKEN", () => {
    it("shows it to the hub, and to no server that the hub sends to", async () => {
      serve();
      await fixture.downloadFromHub({ env: { HF_TOKEN: ` ${TOKEN}\n` } });
      const asked = fixture.server.requests.map(({ headers }) => headers.authorization);
      expect(new Set(asked)).to.deep.equal(new Set([`Bearer ${TOKEN}`]));
      expect(store.requests).to.have.length(1);
      for (const { headers, url } of store.requests) {
        expect(headers).not.to.have.property("authorization");
        expect(url).not.to.include(TOKEN);
      }
    });

    it("shows it to no mirror", async () => {
      fixture.serveMirror();
      await fixture.download({ env: { HF_TOKEN: TOKEN, HF_ENDPOINT: store.url } });
      for (const { headers } of fixture.server.requests)
        expect(headers).not.to.have.property("authorization");
    });

    it("shows it no more once the way has led elsewhere, even back to the hub", async () => {
      serve();
      fixture.server.on(WEIGHTS_AT_COMMIT, redirect(`${store.url}/detour`, linkedHeaders(WEIGHTS)));
      store.on("/detour", redirect(`${fixture.server.url}/back`));
      fixture.server.on("/back", file(WEIGHTS));
      await fixture.downloadFromHub({ env: { HF_TOKEN: TOKEN } });
      expect(store.requests[0].headers).not.to.have.property("authorization");
      expect(fixture.server.requestsOf("/back")[0].headers).not.to.have.property("authorization");
    });

    it("never prints it", async () => {
      fixture.server.on(AT_MAIN, status(401));
      const refused = await rejection(fixture.downloadFromHub({ env: { HF_TOKEN: TOKEN } }));
      const useless = await rejection(fixture.downloadFromHub({ env: { HF_TOKEN: `${TOKEN}\u00e4` } }));
      expect(refused.hint).to.match(/HF_TOKEN is valid/);
      expect(useless.code).to.equal("M2M_CONFIG_INVALID");
      for (const error of [refused, useless]) {
        const { message, hint, stack } = error;
        expect(`${message}${hint}${stack}${JSON.stringify(error)}`).not.to.include(TOKEN);
      }
    });
  });

  it("gives the name and password of an address to that server alone, and shows neither", async () => {
    fixture.serveMirror();
    fixture.server.on("/mirror/model.safetensors", redirect(`${store.url}/blob`));
    store.on("/blob", status(404));
    const from = `${fixture.server.url.replace("//", "//me:pass%20word@")}/mirror`;
    const error = await rejection(fixture.download({ from }));
    expect(fixture.server.requests[0].headers.authorization).to.equal(`Basic ${btoa("me:pass word")}`);
    expect(store.requests[0].headers).not.to.have.property("authorization");
    expect(`${error.message}${error.hint}`).not.to.match(/pass/);
  });

  it("refuses an address whose name or password holds a stray %", async () => {
    for (const pair of ["50%", "me:secret%zz", "me:secret%ff"]) {
      const from = `${fixture.server.url.replace("//", `//${pair}@`)}/mirror`;
      const error = await rejection(fixture.download({ from }));
      expect([error.family, error.code]).to.deep.equal(["InputError", "M2M_USAGE"]);
      expect(`${error.message}${error.hint}`).to.include("127.0.0.1").and.not.to.include("secret");
    }
    expect(fixture.server.requests).to.deep.equal([]);
  });

  it("refuses an endpoint that is none", async () => {
    for (const HF_ENDPOINT of ["huggingface.co", "ftp://hub.example", "https://"]) {
      const error = await rejection((async () => fixture.downloadFromHub({ env: { HF_ENDPOINT } }))());
      expect(error.code, HF_ENDPOINT).to.equal("M2M_CONFIG_INVALID");
    }
  });
});
