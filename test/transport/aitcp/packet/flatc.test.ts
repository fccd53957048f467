import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  PACKET_KINDS,
  readEphemeralSession,
  writeEphemeralSession,
  writePacket,
} from "../../../../src/transport/aitcp/packet/index.js";
import { requirePeer } from "../../../helpers/peers.js";
import { counting, onePacketOfEach } from "./packets.js";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const SCHEMAS = join(ROOT, "src/transport/aitcp/packet/");

describe("flatc, FlatBuffers' own compiler", () => {
  let flatc: string;
  let folder: string;
  before(function () {
    flatc = requirePeer(this, "flatc");
    folder = mkdtempSync(join(tmpdir(), "m2m-flatc-"));
  });
  after(() => folder && rmSync(folder, { recursive: true }));

  /** The fields of `bytes` by flatc. */
  function decode(schema: string, bytes: Uint8Array, ...flags: string[]): Record<string, unknown> {
    writeFileSync(join(folder, "buffer.bin"), bytes);
    const args = ["--json", "--strict-json", "--raw-binary", "--defaults-json", ...flags, "-o", folder];
    execFileSync(flatc, [...args, join(SCHEMAS, schema), "--", join(folder, "buffer.bin")]);
    return JSON.parse(readFileSync(join(folder, "buffer.json"), "utf8")) as Record<string, unknown>;
  }

  it("decodes each kind of packet field by field", () => {
    for (const packet of onePacketOfEach()) {
      const isData = packet.kind === "data";
      const payload = isData ? undefined : packet.payload;
      expect(decode("aitcp.fbs", writePacket(packet), "--size-prefixed")).to.deep.equal({
        version: 1,
        ephemeral_key: [...packet.ephemeralKey],
        nonce: [...(isData ? packet.nonce : new Uint8Array(12))],
        encrypted_sequence_id: [...(isData ? packet.encryptedSequenceId : new Uint8Array(8))],
        encrypted_payload: [...packet.encryptedPayload],
        signature: [...(isData ? packet.signature : new Uint8Array(64))],
        header: [PACKET_KINDS[packet.kind], isData ? packet.epoch : packet.pattern, 0, 0],
        ...(payload && { payload: [...payload] }),
      });
    }
  });

  it("decodes our ticket, and we decode its", () => {
    const fields = { id: counting(16, 200), publicKey: counting(32, 9), expirationUnix: 1795944896 };
    const json = decode("ephemeral-session.fbs", writeEphemeralSession(fields));
    expect(json).to.deep.equal({
      session_id: Buffer.from(fields.id).toString("base64url"),
      public_key: [...fields.publicKey],
      expiration_unix: 1795944896,
    });
    writeFileSync(join(folder, "theirs.json"), JSON.stringify(json));
    execFileSync(flatc, [
      "--binary",
      "-o",
      folder,
      join(SCHEMAS, "ephemeral-session.fbs"),
      join(folder, "theirs.json"),
    ]);
    const theirs = readEphemeralSession(new Uint8Array(readFileSync(join(folder, "theirs.bin"))));
    expect({
      ...theirs,
      id: new Uint8Array(theirs.id),
      publicKey: new Uint8Array(theirs.publicKey),
    }).to.deep.equal(fields);
  });

  it("makes the generated code that is committed", () => {
    execFileSync(process.execPath, [join(ROOT, "scripts/gen-aitcp.mjs"), "--check"]);
  });
});
