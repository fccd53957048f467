import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Builder } from "flatbuffers";
import { AITcpPacket } from "../../src/transport/aitcp/packet/aitcp-packet.gen.js";
import { writePacket } from "../../src/transport/aitcp/packet/index.js";
import { CliFolder, type CliResult } from "../helpers/run-cli.js";
import { counting, dataPacket, onePacketOfEach } from "../transport/aitcp/packet/packets.js";

interface Report {
  version: number;
  spelling: string;
  ok: boolean;
  packets: {
    offset: number;
    bytes: number;
    state: string;
    kind?: string;
    fields: { name: string; offset: number; bytes: number; hex: string; meaning?: string }[];
    problem?: { code: string; message: string; offset?: number };
  }[];
}

/** A packet in the layout of a builder. */
function builtPacket(): Uint8Array {
  const builder = new Builder(512);
  const field = AITcpPacket.createNonceVector(builder, counting(12, 1));
  AITcpPacket.startAITcpPacket(builder);
  AITcpPacket.addEphemeralKey(builder, field);
  AITcpPacket.addNonce(builder, field);
  AITcpPacket.addEncryptedSequenceId(builder, field);
  AITcpPacket.addEncryptedPayload(builder, field);
  AITcpPacket.addSignature(builder, field);
  AITcpPacket.finishSizePrefixedAITcpPacketBuffer(builder, AITcpPacket.endAITcpPacket(builder));
  return builder.asUint8Array();
}

describe("m2m packet inspect", function () {
  this.timeout(60_000);
  let cli: CliFolder;
  const packet = writePacket(dataPacket(50));

  beforeEach(() => {
    cli = new CliFolder();
  });
  afterEach(() => cli.remove());

  const inspect = (args: string[], input?: string | Uint8Array): CliResult =>
    cli.run(["packet", "inspect", ...args], { input });
  const inspectJson = (input: string | Uint8Array): { code: number | null; report: Report } => {
    const { code, stdout } = inspect(["--json"], input);
    return { code, report: JSON.parse(stdout.toString()) as Report };
  };

  it("shows the packets of a file to a person", () => {
    writeFileSync(join(cli.path, "all.bin"), Buffer.concat(onePacketOfEach().map(writePacket)));
    const { code, stdout, stderr } = inspect(["all.bin"]);
    const text = stdout.toString();
    expect(stderr).to.equal("");
    expect(code).to.equal(0);
    for (const name of ["INITIATION", "RESPONSE", "FINISH", "COOKIE", "REFUSAL"])
      expect(text).to.include(name);
    expect(text).to.match(/^Packet 1 {2}INITIATION, pattern 1 \(XX\), 260 bytes at byte 0$/m);
    expect(text).to.match(/^Packet 7 {2}DATA, epoch 7, 252 bytes at byte \d+$/m);
    expect(text).to.match(/payload +03 +not trusted/);
    expect(text).to.match(/120 +8 +encrypted_sequence_id +5051525354555657 +masked/);
  });

  it("gives the offsets and values of fields to a script, from hex and base64 too", () => {
    const hex = Buffer.from(packet).toString("hex");
    const spellings: [string, string | Uint8Array][] = [
      ["binary", packet],
      ["hex", `${hex}\n`],
      ["hex", hex.replace(/.{1,60}/g, "$&\n").toUpperCase()],
      ["base64", Buffer.from(packet).toString("base64")],
      ["base64", Buffer.from(packet).toString("base64url")],
      [
        "base64",
        Buffer.from(packet)
          .toString("base64")
          .replace(/.{1,76}/g, "$&\r\n"),
      ],
    ];
    for (const [spelling, input] of spellings) {
      const { code, report } = inspectJson(input);
      expect(code, spelling).to.equal(0);
      expect(report).to.include({ version: 1, spelling, ok: true });
      expect(report.packets).to.have.length(1);
      const [{ fields, ...rest }] = report.packets;
      expect(rest).to.deep.equal({
        offset: 0,
        bytes: packet.length,
        state: "packet",
        kind: "data",
        epoch: 7,
      });
      for (const { offset, bytes, hex: value } of fields) {
        expect(Buffer.from(packet.subarray(offset, offset + bytes)).toString("hex")).to.equal(value);
      }
      expect(fields.map(({ name }) => name)).to.deep.equal([
        "version",
        "ephemeral_key",
        "nonce",
        "encrypted_sequence_id",
        "signature",
        "header",
        "encrypted_payload",
      ]);
      expect(fields[6].meaning).to.equal("sealed record of 34 bytes, and its tag");
    }
  });

  it("says what is wrong and where, and ends with 1", () => {
    const damaged = packet.slice();
    damaged[damaged.length - 1] = 1;
    const { code, report } = inspectJson(damaged);
    expect(code).to.equal(1);
    expect(report.packets[0]).to.include({ state: "table" });
    expect(report.packets[0].problem).to.include({ code: "M2M_PACKET_INVALID", offset: damaged.length - 1 });
    const { code: cutCode, stdout } = inspect([], packet.subarray(0, 100));
    expect(cutCode).to.equal(1);
    expect(stdout.toString()).to.include("M2M_PACKET_TRUNCATED at byte 100");
  });

  it("tells another layout from bytes that are no packet", () => {
    const built = inspect(["-"], builtPacket());
    expect(built.code).to.equal(1);
    expect(built.stdout.toString()).to.include("valid AITcpPacket, not in the form of AI-TCP");
    expect(built.stdout.toString()).to.include("0102030405060708090a0b0c");
    const noise = inspect([], Buffer.from("\u0000 is no packet, but 32 bytes long"));
    expect(noise.code).to.equal(1);
    expect(noise.stdout.toString()).to.include("no AITcpPacket");
  });

  it("ends with 3 for nothing, and with 4 for a file that is not there", () => {
    expect(inspect([], "").code).to.equal(3);
    expect(inspect([], "\n \n").code).to.equal(3);
    const missing = inspect(["no-such-file"]);
    expect(missing.code).to.equal(4);
    expect(missing.stderr).to.include("Cannot read no-such-file");
  });
});
