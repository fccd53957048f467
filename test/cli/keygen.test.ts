import { expect } from "chai";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  checkCertificate,
  fingerprint,
  parseCertificate,
  parseIdentity,
  readKeyFile,
} from "../../src/transport/aitcp/identity/index.js";
import { nodeCrypto } from "../../src/transport/aitcp/crypto/index.js";
import { CliFolder, type CliResult } from "../helpers/run-cli.js";

const IDENTITY = /^aitcp:[\w-]{43}\n$/;

describe("m2m keygen", () => {
  let folder: CliFolder;
  beforeEach(() => (folder = new CliFolder()));
  afterEach(() => folder.remove());

  const at = (name: string): string => join(folder.path, name);
  const keygen = (args: readonly string[] = [], env?: Record<string, string>): CliResult =>
    folder.run(["keygen", ...args], { env });
  const jsonOf = ({ stdout }: CliResult): Record<string, unknown> =>
    JSON.parse(stdout.toString()) as Record<string, unknown>;
  /** Makes a key and gives its public identity. */
  const make = (name: string, ...flags: string[]): string => {
    const { code, stdout, stderr } = keygen(["--output", name, ...flags]);
    expect(code, stderr).to.equal(0);
    return stdout.toString().trim();
  };

  it("writes a private key to the user folder and prints the public identity", () => {
    const { code, stdout, stderr } = keygen();
    expect(code, stderr).to.equal(0);
    expect(stdout.toString()).to.match(IDENTITY);
    const path = at(".m2m/identity.pem");
    expect(stderr)
      .to.contain(path)
      .and.contain(fingerprint(parseIdentity(stdout.toString())));
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(statSync(at(".m2m")).mode & 0o777).to.equal(0o700);
    const shown = keygen(["--public", ".m2m/identity.pem"]);
    expect(shown.stdout.toString()).to.equal(stdout.toString());
    expect(shown.code).to.equal(0);
  });

  it("follows M2M_HOME", () => {
    expect(keygen([], { M2M_HOME: at("elsewhere") }).code).to.equal(0);
    expect(existsSync(at("elsewhere/identity.pem"))).to.equal(true);
  });

  it("keeps a key that is there, unless it is forced", () => {
    const first = make("key.pem");
    const content = readFileSync(at("key.pem"));
    const refused = keygen(["--output", "key.pem"]);
    expect(refused.code).to.equal(2);
    expect(refused.stdout.toString()).to.equal("");
    expect(refused.stderr).to.contain("key.pem exists").and.contain("--force");
    expect(readFileSync(at("key.pem")).equals(content)).to.equal(true);
    expect(make("key.pem", "--force")).not.to.equal(first);
  });

  it("writes the seed alone", () => {
    const identity = make("key.raw", "--format", "raw");
    expect(readFileSync(at("key.raw"))).to.have.length(32);
    expect(keygen(["--public", "key.raw"]).stdout.toString().trim()).to.equal(identity);
  });

  it("encrypts with a passphrase of a file or of the environment", () => {
    writeFileSync(at("word"), "a long passphrase\n");
    const identity = make("key.pem", "--passphrase-file", "word");
    expect(readFileSync(at("key.pem"), "utf8")).to.contain("ENCRYPTED");
    expect(keygen(["--public", "key.pem"]).code).to.equal(2);
    expect(keygen(["--public", "key.pem"]).stderr).to.contain("--passphrase-file");
    for (const shown of [
      keygen(["--public", "key.pem", "--passphrase-file", "word"]),
      keygen(["--public", "key.pem"], { M2M_KEY_PASSPHRASE: "a long passphrase" }),
    ]) {
      expect(shown.code).to.equal(0);
      expect(shown.stdout.toString().trim()).to.equal(identity);
    }
    const wrong = keygen(["--public", "key.pem"], { M2M_KEY_PASSPHRASE: "not this one" });
    expect(wrong.code).to.equal(2);
    expect(wrong.stderr).not.to.contain("not this one");
    const made = jsonOf(keygen(["--json", "--output", "b.pem"], { M2M_KEY_PASSPHRASE: "from outside" }));
    expect(made).to.include({ version: 1, encrypted: true, format: "pem", path: at("b.pem") });
    expect(readKeyFile(at("b.pem"), "from outside").isExposed).to.equal(false);
  });

  it("certifies an identity", () => {
    const issuer = make("organisation.pem");
    const identity = make("agent.pem");
    const args = ["--certify", identity, "--key", "organisation.pem", "--days", "2"];
    const before = Date.now();
    const { code, stdout, stderr } = keygen(args);
    expect(code, stderr).to.equal(0);
    const certificate = parseCertificate(Buffer.from(stdout.toString().trim(), "base64url"));
    expect(Buffer.from(certificate.issuer).equals(parseIdentity(issuer))).to.equal(true);
    const stateAt = (nowMs: number): string =>
      checkCertificate(nodeCrypto(), certificate, parseIdentity(identity), nowMs);
    expect(stateAt(before)).to.equal("valid");
    expect(stateAt(before + 2 * 86_400_000 - 2000)).to.equal("valid");
    expect(stateAt(before + 3 * 86_400_000)).to.equal("expired");
    const document = jsonOf(keygen(["--json", ...args]));
    expect(document).to.include({ version: 1, issuer, identity });
    expect((document.notAfter as number) - (document.notBefore as number)).to.equal(2 * 86_400 + 300);
  });

  it("warns of a key that others may read", () => {
    make("key.pem");
    chmodSync(at("key.pem"), 0o644);
    const { code, stderr } = keygen(["--public", "key.pem"]);
    expect(code).to.equal(0);
    expect(stderr).to.contain("Others than you").and.contain("chmod 600");
  });

  it("prints one JSON document, errors too", () => {
    const made = jsonOf(keygen(["--json", "--output", "key.pem"]));
    expect(made).to.have.keys(["version", "identity", "fingerprint", "path", "format", "encrypted"]);
    const shown = jsonOf(keygen(["--json", "--public", "key.pem"]));
    expect(shown).to.deep.equal({ version: 1, identity: made.identity, fingerprint: made.fingerprint });
    const failed = jsonOf(keygen(["--json", "--public", "none.pem"]));
    expect(failed.error).to.include({ code: "M2M_FILE_READ" });
  });

  it("refuses what does not go together or is not there", () => {
    writeFileSync(at("empty"), "\n");
    writeFileSync(at("rubbish"), "rubbish");
    const identity = make("key.pem");
    for (const [code, ...args] of [
      [2, "--certify", identity],
      [2, "--key", "key.pem"],
      [2, "--days", "3"],
      [2, "--certify", "abc", "--key", "key.pem"],
      [2, "--certify", identity, "--key", "key.pem", "--days", "0"],
      [2, "--public", "key.pem", "--certify", identity, "--key", "key.pem"],
      [2, "--public", "key.pem", "--output", "x"],
      [2, "--output", "-"],
      [2, "--output", "x", "--passphrase-file", "empty"],
      [2, "--output", "x", "--format", "raw", "--passphrase-file", "rubbish"],
      [2, "--public", "rubbish"],
      [4, "--output", "none/x"],
      [4, "--output", ""],
      [4, "--public", "none"],
      [4, "--output", "x", "--passphrase-file", "none"],
    ] as const) {
      const result = keygen(args);
      expect(result.code, `${args.join(" ")}: ${result.stderr}`).to.equal(code);
      expect(result.stdout.toString()).to.equal("");
    }
    expect(existsSync(at("x"))).to.equal(false);
  });
});
