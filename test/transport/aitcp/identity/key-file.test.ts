import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readKeyFile, writeKeyFile } from "../../../../src/transport/aitcp/identity/index.js";
import { catchM2MError } from "../../../helpers/catch-error.js";

const SEED = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);

describe("AI-TCP: key files", () => {
  let folder = "";
  const at = (name: string): string => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "m2m-keys-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const options of [
    {},
    { format: "pem" },
    { format: "raw" },
    { passphrase: "correct horse" },
  ] as const) {
    it(`come back: ${JSON.stringify(options)}`, () => {
      const path = at("key");
      writeKeyFile(path, SEED, options);
      const { seed, isExposed } = readKeyFile(path, "passphrase" in options ? options.passphrase : undefined);
      expect(seed).to.deep.equal(SEED);
      expect(isExposed).to.equal(false);
      expect(statSync(path).mode & 0o777).to.equal(0o600);
      expect(readdirSync(folder)).to.deep.equal(["key"]);
    });
  }

  it("are read in each spelling of 32 bytes", () => {
    const buffer = Buffer.from(SEED);
    for (const text of [buffer.toString("hex"), buffer.toString("base64"), buffer.toString("base64url")]) {
      for (const content of [text, `${text}\n`]) {
        writeFileSync(at("key"), content);
        expect(readKeyFile(at("key")).seed).to.deep.equal(SEED);
      }
    }
  });

  it("are those of OpenSSL, in both directions", function () {
    if (spawnSync("openssl", ["version"]).status !== 0) this.skip();
    const openssl = (...words: string[]): string => {
      const { status, stdout, stderr } = spawnSync("openssl", words, { encoding: "utf8" });
      expect(status, stderr).to.equal(0);
      return stdout;
    };
    openssl("genpkey", "-algorithm", "ed25519", "-out", at("theirs.pem"));
    const text = openssl("pkey", "-in", at("theirs.pem"), "-noout", "-text");
    const digits = /priv:\s+([0-9a-f:\s]+)pub:/.exec(text)![1].replace(/[^0-9a-f]/g, "");
    expect(Buffer.from(readKeyFile(at("theirs.pem")).seed).toString("hex")).to.equal(digits);
    openssl(
      "pkey",
      "-in",
      at("theirs.pem"),
      "-aes-256-cbc",
      "-passout",
      "pass:x y",
      "-out",
      at("locked.pem"),
    );
    expect(Buffer.from(readKeyFile(at("locked.pem"), "x y").seed).toString("hex")).to.equal(digits);

    writeKeyFile(at("ours.pem"), SEED, { passphrase: "x y" });
    expect(readFileSync(at("ours.pem"), "utf8")).to.match(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    const ours = openssl("pkey", "-in", at("ours.pem"), "-passin", "pass:x y", "-noout", "-text");
    expect(ours.replace(/[^0-9a-f]/g, "")).to.contain(Buffer.from(SEED).toString("hex"));
  });

  it("are not overwritten unless that is forced, and then are private whatever was there", () => {
    const path = at("key");
    writeFileSync(path, "old", { mode: 0o644 });
    chmodSync(path, 0o644);
    expect(catchM2MError(() => writeKeyFile(path, SEED)).code).to.equal("M2M_FILE_EXISTS");
    expect(readFileSync(path, "utf8")).to.equal("old");
    writeKeyFile(path, SEED, { force: true });
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(readKeyFile(path).seed).to.deep.equal(SEED);
  });

  it("say whether others may read them", function () {
    if (process.platform === "win32") this.skip();
    writeKeyFile(at("key"), SEED);
    for (const [mode, isExposed] of [
      [0o600, false],
      [0o400, false],
      [0o640, true],
      [0o604, true],
    ] as const) {
      chmodSync(at("key"), mode);
      expect(readKeyFile(at("key")).isExposed).to.equal(isExposed);
    }
  });

  it("need their passphrase, the right one", () => {
    writeKeyFile(at("key"), SEED, { passphrase: "right" });
    expect(catchM2MError(() => readKeyFile(at("key"))).code).to.equal("M2M_KEY_REQUIRED");
    const error = catchM2MError(() => readKeyFile(at("key"), "wrong"));
    expect(error.code).to.equal("M2M_KEY_INVALID");
    expect(error.message).to.contain("passphrase is wrong");
  });

  it("take no passphrase where it would protect nothing", () => {
    for (const options of [{ format: "raw", passphrase: "x" }, { passphrase: "" }] as const) {
      expect(catchM2MError(() => writeKeyFile(at("key"), SEED, options)).code).to.equal("M2M_USAGE");
    }
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it("are refused when they hold something else", () => {
    const rsa = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
      format: "pem",
      type: "pkcs8",
    });
    const x25519 = generateKeyPairSync("x25519").privateKey.export({ format: "pem", type: "pkcs8" });
    const good = generateKeyPairSync("ed25519")
      .privateKey.export({ format: "pem", type: "pkcs8" })
      .toString();
    for (const content of [
      "",
      "abc",
      "00".repeat(31),
      "00".repeat(33),
      rsa,
      x25519,
      good.slice(0, 60),
      Buffer.alloc(31),
    ]) {
      writeFileSync(at("key"), content);
      const error = catchM2MError(() => readKeyFile(at("key"), "x"));
      expect(error.code).to.equal("M2M_KEY_INVALID");
      expect(error.message).to.contain(at("key"));
    }
    writeFileSync(at("key"), Buffer.alloc(16_385));
    expect(catchM2MError(() => readKeyFile(at("key"))).code).to.equal("M2M_FILE_READ");
    expect(catchM2MError(() => readKeyFile(at("none"))).code).to.equal("M2M_FILE_READ");
    for (const path of [at("none/key"), "", folder]) {
      expect(catchM2MError(() => writeKeyFile(path, SEED, { force: true })).code).to.equal("M2M_FILE_WRITE");
    }
    expect(statSync(folder).mode & 0o777, "of the folder").to.equal(0o700);
  });
});
