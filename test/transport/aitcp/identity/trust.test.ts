import { expect } from "chai";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeCrypto } from "../../../../src/transport/aitcp/crypto/index.js";
import {
  formatIdentity,
  generateIdentity,
  IdentityList,
  issueCertificate,
  KnownPeers,
  parseCertificate,
  TrustPolicy,
  type Certificate,
  type TrustDecision,
  type TrustOptions,
} from "../../../../src/transport/aitcp/identity/index.js";
import { catchM2MError } from "../../../helpers/catch-error.js";

const crypto = nodeCrypto();
const [alice, bob, mallory] = [1, 2, 3].map(() => generateIdentity(crypto).publicKey);
const organisation = generateIdentity(crypto);
const NOW_MS = 1_500_000;

describe("AI-TCP: known peers and trust", () => {
  let folder = "";
  let path = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "m2m-peers-"));
    path = join(folder, "known_peers");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  describe("known peers", () => {
    it("reads lines, comments and names", () => {
      const lines = ["# all", "", `Host.example:7733 ${formatIdentity(alice)} Alice's agent # moved`];
      writeFileSync(path, [...lines, `\t[::1]:1  ${Buffer.from(bob).toString("hex")}\r`, ""].join("\n"));
      expect(new KnownPeers(path).list()).to.deep.equal([
        { address: "host.example:7733", identity: alice, name: "Alice's agent", line: 3 },
        { address: "[::1]:1", identity: bob, name: "", line: 4 },
      ]);
    });

    it("reads the file again only when it has changed, and then at once", () => {
      const line = (key: Uint8Array): string => `a:1 ${formatIdentity(key)}\n`;
      writeFileSync(path, line(alice));
      const longAgo = new Date(Date.now() - 60_000);
      utimesSync(path, longAgo, longAgo);
      const peers = new KnownPeers(path);
      const list = peers.list();
      expect(peers.list()).to.equal(list);
      // As long as before, and of the same time.
      writeFileSync(path, line(bob));
      utimesSync(path, longAgo, longAgo);
      expect(peers.find(bob, "a:1")?.line).to.equal(1);
      // One that was just written may be written again before its clock goes on.
      for (let i = 0; i < 20; i++) {
        writeFileSync(path, line(i % 2 ? alice : mallory));
        expect(peers.find(i % 2 ? alice : mallory, "a:1")?.line).to.equal(1);
      }
      rmSync(path);
      expect(peers.list()).to.deep.equal([]);
    });

    it("finds a peer at its address, at any, or by its identity alone", () => {
      const lines = [
        `a:1 ${formatIdentity(alice)}`,
        `a:1 ${formatIdentity(bob)}`,
        `* ${formatIdentity(bob)}`,
      ];
      writeFileSync(path, lines.join("\n"));
      const peers = new KnownPeers(path);
      expect(peers.find(alice, "A:1")?.line).to.equal(1);
      expect(peers.find(bob, "a:1")?.line).to.equal(2);
      expect(peers.find(bob, "b:1")?.line).to.equal(3);
      expect(peers.find(bob)?.line).to.equal(3);
      expect(peers.find(alice)).to.equal(undefined);
      expect(peers.listAnywhere().map(({ line }) => line)).to.deep.equal([3]);
      expect(peers.find(alice, "b:1")).to.equal(undefined);
      expect(peers.find(mallory)).to.equal(undefined);
    });

    it("refuses an identity that has changed, and says where the other stands", () => {
      writeFileSync(path, `\na:1 ${formatIdentity(alice)}\n* ${formatIdentity(mallory)}\n`);
      const error = catchM2MError(() => new KnownPeers(path).find(mallory, "a:1"));
      expect(error).to.include({ code: "M2M_PEER_CHANGED", line: 2 });
      expect(error.message).to.contain(`line 2 of ${path}`).and.contain(formatIdentity(alice));
    });

    it("adds lines behind those that are there", () => {
      const peers = new KnownPeers(path);
      expect(peers.list()).to.deep.equal([]);
      peers.add("A:1", alice, "the first");
      expect(statSync(path).mode & 0o777).to.equal(0o600);
      expect(readFileSync(path, "utf8")).to.equal(`a:1 ${formatIdentity(alice)} the first\n`);
      writeFileSync(path, "# cut");
      peers.add("b:1", bob);
      expect(readFileSync(path, "utf8")).to.equal(`# cut\nb:1 ${formatIdentity(bob)}\n`);
    });

    it("writes nothing that would be more than a line", () => {
      const peers = new KnownPeers(path);
      for (const [address, name] of [
        ["a 1", ""],
        ["", ""],
        ["a:1\nb:1", ""],
        ["#a:1", ""],
        ["a:1", "x\ny"],
        ["a:1", "#"],
      ]) {
        expect(catchM2MError(() => peers.add(address, alice, name)).code).to.equal("M2M_USAGE");
      }
      expect(peers.list()).to.deep.equal([]);
    });

    it("names the line that is malformed", () => {
      for (const line of ["a:1", `a:1 abc`, `${formatIdentity(alice)}`]) {
        writeFileSync(path, `# one\n\n${line}\n`);
        const error = catchM2MError(() => new KnownPeers(path).list());
        expect(error).to.include({ code: "M2M_KEY_INVALID", line: 3 });
        expect(error.message).to.contain(`Line 3 of ${path}`);
      }
      expect(catchM2MError(() => new KnownPeers(folder).list()).code).to.equal("M2M_FILE_READ");
    });
  });

  describe("a list of identities", () => {
    const write = (...lines: string[]): void => writeFileSync(path, lines.join("\n"));

    it("is as its file is when it is asked", () => {
      write("# whom to trust", "", `${formatIdentity(alice)} # alice`);
      const list = new IdentityList(path);
      expect([...list]).to.deep.equal([alice]);
      const trust = new TrustPolicy({ crypto, pinned: list });
      const isTrusted = (identity: Uint8Array) =>
        trust.decide(identity, undefined, undefined, NOW_MS, true).trusted;
      expect([isTrusted(alice), isTrusted(bob)]).to.deep.equal([true, false]);
      write(formatIdentity(bob), "");
      expect([isTrusted(alice), isTrusted(bob)]).to.deep.equal([false, true]);
      write("");
      expect([isTrusted(alice), isTrusted(bob)]).to.deep.equal([false, false]);
    });

    it("keeps what its file said last while that is broken or gone, and says so once", () => {
      write(formatIdentity(alice));
      const told: string[] = [];
      const list = new IdentityList(path, ({ code, message }) => told.push(`${code} ${message}`));
      write(formatIdentity(bob), "bob");
      expect([...list, ...list]).to.deep.equal([alice, alice]);
      expect(told).to.deep.equal([`M2M_KEY_INVALID Line 2 of ${path} is no identity.`]);
      rmSync(path);
      expect([...list]).to.deep.equal([alice]);
      expect(told.slice(1)).to.deep.equal([
        `M2M_FILE_READ Cannot read ${path}: there is no such file or folder.`,
      ]);
      write(formatIdentity(bob));
      expect([...list]).to.deep.equal([bob]);
      rmSync(path);
      expect([...list]).to.deep.equal([bob]);
      expect(told).to.have.lengthOf(3);
    });

    it("is refused if its file is not in order at the start", () => {
      expect(catchM2MError(() => new IdentityList(path)).code).to.equal("M2M_FILE_READ");
      write("alice");
      expect(catchM2MError(() => new IdentityList(path))).to.include({ code: "M2M_KEY_INVALID", line: 1 });
    });

    it("is read once from a pipe", () => {
      execFileSync("mkfifo", [path]);
      const writer = spawn("sh", ["-c", `echo ${formatIdentity(alice)} > "$0"`, path]);
      const list = new IdentityList(path);
      expect([...list, ...list]).to.deep.equal([alice, alice]);
      writer.kill();
    });
  });

  describe("trust", () => {
    const decide = (
      options: Omit<TrustOptions, "crypto">,
      identity: Uint8Array,
      {
        certificate,
        address,
        nowMs = NOW_MS,
      }: { certificate?: Certificate; address?: string; nowMs?: number } = {},
    ): TrustDecision => new TrustPolicy({ crypto, ...options }).decide(identity, certificate, address, nowMs);
    const certificateOf = (identity: Uint8Array): Certificate =>
      parseCertificate(issueCertificate(organisation, identity, 1000, 2000));
    const codeOf = (decision: TrustDecision): string | undefined =>
      decision.trusted ? undefined : decision.error.code;

    it("is of nobody by itself", () => {
      const certificate = certificateOf(alice);
      expect(codeOf(decide({}, alice, { certificate, address: "a:1" }))).to.equal("M2M_PEER_UNTRUSTED");
    });

    it("is of pinned identities", () => {
      expect(decide({ pinned: [bob, alice] }, alice)).to.deep.equal({ trusted: true, how: "pinned" });
      expect(codeOf(decide({ pinned: [bob] }, alice))).to.equal("M2M_PEER_UNTRUSTED");
    });

    it("is of whom an organisation certifies, in its time", () => {
      const options = { organisations: [organisation.publicKey] };
      const certificate = certificateOf(alice);
      expect(decide(options, alice, { certificate })).to.deep.equal({ trusted: true, how: "certificate" });
      for (const [identity, nowMs, why] of [
        [alice, 999_000, "does not hold yet"],
        [alice, 2_001_000, "has expired"],
        [mallory, NOW_MS, "for another identity"],
      ] as const) {
        const decision = decide(options, identity, { certificate, nowMs });
        expect(codeOf(decision)).to.equal("M2M_PEER_UNTRUSTED");
        expect(decision.trusted ? "" : decision.error.message).to.contain(why);
      }
      expect(codeOf(decide({ organisations: [bob] }, alice, { certificate }))).to.equal("M2M_PEER_UNTRUSTED");
    });

    it("is of known peers, and not of one that has changed, even if anyone may come", () => {
      const knownPeers = new KnownPeers(path);
      knownPeers.add("a:1", alice);
      const options = { knownPeers, trustOnFirstUse: true, anyone: true };
      expect(decide(options, alice, { address: "a:1" })).to.deep.equal({ trusted: true, how: "known" });
      expect(codeOf(decide({ knownPeers }, alice))).to.equal("M2M_PEER_UNTRUSTED");
      knownPeers.add("*", bob);
      expect(decide({ knownPeers }, bob)).to.deep.equal({ trusted: true, how: "known" });
      const decision = decide(options, mallory, { address: "a:1" });
      expect(decision).to.include({ trusted: false, how: "changed" });
      expect(codeOf(decision)).to.equal("M2M_PEER_CHANGED");
      expect(knownPeers.list()).to.have.length(2);
    });

    it("is of the first that is met at an address only if that is asked for", () => {
      const knownPeers = new KnownPeers(path);
      expect(codeOf(decide({ knownPeers }, alice, { address: "a:1" }))).to.equal("M2M_PEER_UNTRUSTED");
      const options = { knownPeers, trustOnFirstUse: true };
      expect(codeOf(decide(options, alice))).to.equal("M2M_PEER_UNTRUSTED");
      expect(decide(options, alice, { address: "a:1" })).to.deep.equal({ trusted: true, how: "first-use" });
      expect(decide(options, alice, { address: "a:1" })).to.deep.equal({ trusted: true, how: "known" });
      expect(codeOf(decide(options, mallory, { address: "a:1" }))).to.equal("M2M_PEER_CHANGED");
    });

    it("is of anyone if that is said", () => {
      expect(decide({ anyone: true }, mallory)).to.deep.equal({ trusted: true, how: "anyone" });
    });

    it("does not come from a file that is broken", () => {
      writeFileSync(path, "rubbish\n");
      const knownPeers = new KnownPeers(path);
      const error = catchM2MError(() => decide({ knownPeers, anyone: true }, alice));
      expect(error.code).to.equal("M2M_KEY_INVALID");
    });
  });
});
