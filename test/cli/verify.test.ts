import { expect } from "chai";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { VerifyReport } from "../../src/cli/verify-service.js";
import { CliFolder } from "../helpers/run-cli.js";
import { identityOf } from "../transport/aitcp/turn/ed25519.js";
import { sampleTranscript } from "../transport/aitcp/turn/sample-session.js";

const textOf = (name: string): string =>
  `aitcp:${Buffer.from(identityOf(name).publicKey).toString("base64url")}`;
const hexOf = (name: string): string => Buffer.from(identityOf(name).publicKey).toString("hex");

type Report = Required<VerifyReport> & { readonly error: { readonly code: string } };

describe("m2m verify", () => {
  let folder: CliFolder;
  const bytes = sampleTranscript();
  const forged = bytes.slice();
  forged.set(Buffer.from("Lyon!!"), Buffer.from(bytes).indexOf("Paris."));
  before(() => {
    folder = new CliFolder();
    writeFileSync(join(folder.path, "good"), bytes);
    writeFileSync(join(folder.path, "forged"), forged);
    writeFileSync(join(folder.path, "cut"), bytes.subarray(0, bytes.length - 50));
    writeFileSync(join(folder.path, "none"), sampleTranscript("none"));
    writeFileSync(join(folder.path, "other"), "Not a transcript.");
  });
  after(() => folder.remove());

  const json = (...args: string[]): { code: number | null; report: Report } => {
    const { code, stdout } = folder.run(["verify", "--json", ...args]);
    return { code, report: JSON.parse(stdout.toString()) as Report };
  };

  it("says who has signed what", () => {
    const { code, stdout, stderr } = folder.run(["verify", "good"]);
    expect([code, stderr]).to.deep.equal([0, ""]);
    const text = stdout.toString();
    expect(text).to.include(textOf("initiator")).and.include(textOf("responder"));
    expect(text).to.include("3 messages with a signature").and.include("All signatures verify.");
    expect(text).to.include("the session was closed");
  });

  it("reads stdin, and gives one JSON document", () => {
    const { code, stdout } = folder.run(["verify", "--json", "-"], { input: bytes });
    expect(code).to.equal(0);
    const report = JSON.parse(stdout.toString()) as Report;
    expect(report).to.include({ version: 1, ok: true, connections: 2, state: "closed" });
    expect(report.initiator).to.include({
      identity: textOf("initiator"),
      signedMessages: 3,
      unsignedMessages: 0,
    });
    expect(report.responder.receipts).to.have.length(1);
    expect(report).to.not.have.property("messages");
  });

  it("prints the messages when asked", () => {
    expect(folder.run(["verify", "--messages", "good"]).stdout.toString()).to.include("Paris.");
    const { report } = json("--messages", "good");
    expect(report.messages).to.have.length(5);
    expect(report.messages[0]).to.include({
      by: "initiator",
      text: "What is the capital of France?",
      turn: 0,
    });
    expect(report.messages[2]).to.have.property("base64").with.length(5336);
    expect(report.messages[4]).to.include({ connection: 1, isRepeat: true });
  });

  it("a signature that does not verify is exit code 1, with its place", () => {
    const { code, report } = json("forged");
    expect(code).to.equal(1);
    expect(report.ok).to.equal(false);
    expect(report.failure).to.include({ by: "responder", connection: 0, turn: 0 });
    expect(report.failure.offset).to.be.greaterThan(0);
    // Its end is there, and was not read.
    expect(report.state).to.equal("failed");
    const { stdout } = folder.run(["verify", "forged"]);
    expect(stdout.toString()).to.include("Turn 0 of the responder").and.not.include("All signatures verify");
    expect(stdout.toString()).to.include("reading stopped").and.not.include("is cut");
  });

  it("a cut transcript counts up to there", () => {
    const { code, report } = json("cut");
    expect([code, report.ok, report.state]).to.deep.equal([0, true, "cut"]);
  });

  it("--peer wants an identity that is a party and has signed", () => {
    for (const name of [textOf("responder"), hexOf("responder"), textOf("responder").slice(6)]) {
      const { code, report } = json("--peer", name, "good");
      expect([code, report.peer]).to.deep.equal([
        0,
        { identity: textOf("responder"), role: "responder", hasSigned: true },
      ]);
    }
    const stranger = json("--peer", textOf("stranger"), "good");
    expect([stranger.code, stranger.report.peer.hasSigned, stranger.report.peer.role]).to.deep.equal([
      1,
      false,
      undefined,
    ]);
    const unsigned = json("--peer", textOf("responder"), "none");
    expect([unsigned.code, unsigned.report.ok]).to.deep.equal([1, false]);
    const none = json("none");
    expect([none.code, none.report.ok, none.report.failure]).to.deep.equal([1, false, undefined]);
    expect(json("--peer", "nobody", "good").code).to.equal(2);
  });

  it("another file is exit code 3, and none is 4", () => {
    const other = json("other");
    expect([other.code, other.report.error.code]).to.deep.equal([3, "M2M_TRANSCRIPT_INVALID"]);
    const empty = folder.run(["verify"], { input: "" });
    expect([empty.code, empty.stderr]).to.deep.equal([3, "m2m: The transcript is empty.\n"]);
    const missing = json("missing");
    expect([missing.code, missing.report.error.code]).to.deep.equal([4, "M2M_FILE_READ"]);
  });
});
