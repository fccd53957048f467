import { readdirSync, readFileSync } from "node:fs";
import Ajv from "ajv6";
import { expect } from "chai";
import fc from "fast-check";
import { MAX_CONTROL_BYTES, readMessage, writeMessage, type Message } from "../../src/session/index.js";
import { M2MError } from "../../src/shared/errors.js";
import { catchM2MError } from "../helpers/catch-error.js";
import { readVectors } from "../helpers/vectors.js";

interface Case<Expected> {
  name: string;
  input: string;
  expected: Expected;
}

const published = readVectors<Case<Record<string, unknown>>>("session/published.json");
const PING = '{"type":"PING","session_id":"sess_x","payload":{},"timestamp":1}';

/** A message as JSON shows it: maps are not seen by it. */
function plain(message: Message): unknown {
  return JSON.parse(
    JSON.stringify(message, (_, value: unknown) =>
      value instanceof Map ? Object.fromEntries(value) : value,
    ),
  );
}

describe("session messages", () => {
  it("have vectors of the form of their schema", () => {
    const folder = new URL("../vectors/session/", import.meta.url);
    const read = (name: string): object => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as object;
    const validate = new Ajv().compile(read("schema.json"));
    const files = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "schema.json");
    expect(files).to.have.length(3);
    for (const file of files) expect(validate(read(file)), file).to.equal(true);
  });

  for (const { name, input, expected } of published) {
    it(`reads and writes the published ${name}`, () => {
      const message = readMessage(input);
      expect(plain(message)).to.deep.equal(expected);
      expect(writeMessage(message)).to.equal(input);
      expect(readMessage(Buffer.from(input))).to.deep.equal(message);
    });
  }

  for (const { name, input, expected } of readVectors<Case<string>>("session/read.json")) {
    it(`reads ${name}`, () => {
      const message = readMessage(input);
      expect(writeMessage(message)).to.equal(expected);
      expect(readMessage(writeMessage(message))).to.deep.equal(message);
    });
  }

  for (const { name, input, error } of readVectors<{ name: string; input: string; error: string }>(
    "session/refused.json",
  )) {
    it(`refuses ${name}`, () => expect(catchM2MError(() => readMessage(input)).code).to.equal(error));
  }

  it("reads HELLO of an unknown version as far as that", () => {
    const input = '{"type":"HELLO","payload":{"version":"9.9","colour":"red"},"timestamp":1}';
    expect(readMessage(input)).to.deep.equal({ type: "HELLO", version: "9.9", timestampMs: 1 });
  });

  it("says where a message is wrong", () => {
    const input = published[0].input.replace('"streaming":true', '"streaming":"yes"');
    expect(catchM2MError(() => readMessage(input)).message).to.equal(
      "The message is malformed: /payload/compression/streaming has to be true or false.",
    );
  });

  it("throws only from the taxonomy, and reads good ones afterwards", () => {
    const inputs = published.map(({ input }) => input);
    const changed = fc
      .tuple(fc.constantFrom(...inputs), fc.nat(), fc.string({ maxLength: 3 }), fc.nat(4))
      .map(([text, at, insert, drop]) => {
        const from = at % (text.length + 1);
        return text.slice(0, from) + insert + text.slice(from + drop);
      });
    fc.assert(
      fc.property(fc.oneof(changed, fc.string(), fc.json()), (input) => {
        try {
          const message = readMessage(input);
          // What is read can be written, and says the same.
          if (!("version" in message) || message.capabilities) {
            expect(readMessage(writeMessage(message))).to.deep.equal(message);
          }
        } catch (error) {
          expect(error).to.be.instanceOf(M2MError);
        }
      }),
      { numRuns: 500 },
    );
    expect(readMessage(PING).type).to.equal("PING");
  });

  it("refuses every cut of a message", () => {
    for (const { input } of published) {
      for (let end = 0; end < input.length; end += 7) {
        expect(catchM2MError(() => readMessage(input.slice(0, end))).code).to.equal("M2M_JSON_INVALID");
      }
    }
  });
});

describe("hostile session messages", () => {
  const code = (input: string | Uint8Array): string => catchM2MError(() => readMessage(input)).code;

  it("stop at the limits of size, depth and members", () => {
    const deep = "[".repeat(100_000);
    expect(code(`{"type":"PING","x":${deep}`)).to.equal("M2M_JSON_TOO_DEEP");
    expect(code(`{"type":"PING","x":[${"1,".repeat(10_000)}1]}`)).to.equal("M2M_INPUT_TOO_LARGE");
    const members = Array.from({ length: 5000 }, (_, i) => `"k${i}":0`).join(",");
    expect(code(`{"type":"PING",${members}}`)).to.equal("M2M_INPUT_TOO_LARGE");
    const padded = PING.replace('"payload":{}', `"payload":{"x":"${"y".repeat(MAX_CONTROL_BYTES)}"}`);
    expect(code(padded)).to.equal("M2M_INPUT_TOO_LARGE");
    // Under the limit in characters, over it in bytes.
    expect(code(PING.replace("{}", `{"x":"${"ä".repeat(MAX_CONTROL_BYTES / 2)}"}`))).to.equal(
      "M2M_INPUT_TOO_LARGE",
    );
    const data = `{"type":"DATA","session_id":"s","payload":{"algorithm":"none","content":"${"y".repeat(500)}"},"timestamp":1}`;
    expect(catchM2MError(() => readMessage(data, { maxMessageBytes: 400 })).code).to.equal(
      "M2M_INPUT_TOO_LARGE",
    );
    expect(readMessage(data).type).to.equal("DATA");
  });

  it("are refused for bad UTF-8", () => {
    const bytes = Buffer.from(PING);
    bytes[bytes.indexOf("sess_x")] = 0xff;
    expect(code(bytes)).to.equal("M2M_UTF8_INVALID");
  });

  it("touch no prototype", () => {
    const hello = published[0].input.replace('"extensions":{}', '"extensions":{"__proto__":"x"}');
    const message = readMessage(hello);
    expect(message.type === "HELLO" && message.capabilities?.extensions.get("__proto__")).to.equal("x");
    expect(({} as Record<string, unknown>).x).to.equal(undefined);
    // Members that only a prototype has are not there.
    expect(code('{"__proto__":{"type":"PING","session_id":"s","timestamp":1}}')).to.equal(
      "M2M_MESSAGE_INVALID",
    );
  });

  it("cannot hide characters in an error", () => {
    const error = catchM2MError(() => readMessage('{"type":"\\u001b[31m","timestamp":1}'));
    expect(error.message).not.to.match(/[\x00-\x1f]/);
  });
});
