import { expect } from "chai";
import {
  readBinaryData,
  readMessage,
  readTypedMessage,
  writeBinaryData,
  writeMessage,
  writeTypedMessage,
  type DataMessage,
  type Message,
} from "../../src/session/index.js";
import { catchM2MError } from "../helpers/catch-error.js";

const DATA: DataMessage = {
  type: "DATA",
  sessionId: "s1",
  algorithm: "none",
  content: "größe",
  timestampMs: 5,
  delivery: { sequence: 7 },
};

describe("messages behind the byte of their type", () => {
  it("are DATA as bytes wherever these can say all of it", () => {
    const bytes = writeTypedMessage(DATA);
    expect(bytes[0]).to.equal(2);
    expect(Buffer.from(bytes.subarray(1)).equals(writeBinaryData(DATA))).to.equal(true);
    const { isBinary, body } = readTypedMessage(bytes);
    expect(isBinary).to.equal(true);
    expect(readBinaryData(body, "s1")).to.deep.equal(DATA);
  });

  it("are JSON else", () => {
    const refused: DataMessage = {
      ...DATA,
      delivery: { ack: 1, rejection: { code: "UNKNOWN", message: "no" } },
    };
    const ping: Message = { type: "PING", sessionId: "s1", timestampMs: 5 };
    for (const message of [refused, ping]) {
      const bytes = writeTypedMessage(message);
      expect(bytes[0]).to.equal(1);
      expect(Buffer.from(bytes.subarray(1)).toString()).to.equal(writeMessage(message));
      const { isBinary, body } = readTypedMessage(bytes);
      expect(isBinary).to.equal(false);
      expect(readMessage(body, { maxMessageBytes: 1000 })).to.deep.equal(message);
    }
  });

  for (const bytes of [[], [0], [3, 0x7b], [0x7b, 0x7d], [255]]) {
    it(`refuse [${bytes.join(", ")}]`, () => {
      const error = catchM2MError(() => readTypedMessage(Uint8Array.from(bytes)));
      expect([error.code, error.offset]).to.deep.equal(["M2M_MESSAGE_INVALID", 0]);
    });
  }
});
