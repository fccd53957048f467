import { readFileSync } from "node:fs";
import { expect } from "chai";
import { CodecEngine } from "../../src/codec/index.js";
import { CLOSE_CODES } from "../../src/server/ws/index.js";
import { readBinaryData, writeBinaryData } from "../../src/session/index.js";

const page = readFileSync(new URL("../../docs/spec/transport.md", import.meta.url), "utf8");

describe("docs/spec/transport.md", () => {
  it("has every code that the server closes with", () => {
    const listed = [...page.matchAll(/^\| (\d{4}(?:, \d{4})*) +\|/gm)].flatMap(([, codes]) =>
      codes.split(", "),
    );
    expect(listed).to.include.members(Object.values(CLOSE_CODES).map(String));
  });

  it("gives the bytes of a binary frame", () => {
    const example = /```text\n([0-9a-f ]+)\n```/.exec(page)?.[1].replaceAll(" ", "");
    const message = readBinaryData(Buffer.from(example ?? "", "hex"), "x");
    expect(message).to.deep.include({ algorithm: "token-native", delivery: { sequence: 300 } });
    expect(new CodecEngine().decompress(message.content).text).to.equal("Hello");
    expect(Buffer.from(writeBinaryData(message)).toString("hex")).to.equal(example);
  });
});
