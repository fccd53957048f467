import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TestCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Where the certificate lies, for peers that verify it. */
  readonly certFile: string;
  readonly keyFile: string;
  remove(): void;
}

/** `makeCertificate`, or the test is skipped: `openssl` is a peer as those of `requirePeer` are. */
export function requireCertificate(test: Mocha.Context, host?: string): TestCertificate {
  if (process.env.M2M_REQUIRE_PEERS !== "1" && spawnSync("openssl", ["version"]).status !== 0) test.skip();
  return makeCertificate(host);
}

/**
 * A certificate that signs itself, made by the openssl command: on the spot, because they expire.
 * @param host a name; the address 127.0.0.1 is in it too
 */
export function makeCertificate(host = "localhost"): TestCertificate {
  const folder = mkdtempSync(join(tmpdir(), "m2m-tls-"));
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ...["-keyout", keyFile, "-out", certFile, "-days", "30", "-subj", `/CN=${host}`],
      ...["-addext", `subjectAltName=DNS:${host},IP:127.0.0.1`],
    ],
    { stdio: "ignore" },
  );
  return {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    certFile,
    keyFile,
    remove: () => rmSync(folder, { recursive: true }),
  };
}
