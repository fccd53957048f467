import { runInNewContext } from "node:vm";
import { expect } from "chai";
import {
  ALGORITHMS,
  CodecEngine,
  ContextCodec,
  encodeT1,
  FrameCodec,
  SessionDecoder,
  SessionEncoder,
  SessionLineEncoder,
  StreamDecoder,
  StreamEncoder,
} from "../../src/codec/index.js";
import { catchM2MError } from "../helpers/catch-error.js";

const TEXT = "Hello, nobody in particular";

describe("contents of codecs", () => {
  const doors: Record<string, (content: never) => unknown> = {
    "SessionEncoder.encode": (content) => new SessionEncoder().encode(content),
    "SessionEncoder.absorb": (content) => new SessionEncoder().absorb(content),
    "SessionDecoder.decode": (wire) => new SessionDecoder().decode(wire),
    "SessionDecoder.absorb": (content) => new SessionDecoder().absorb(content),
    "SessionLineEncoder.encode": (content) => new SessionLineEncoder({}).encode(content),
    "StreamEncoder.push": (event) => new StreamEncoder().push(event),
    "StreamDecoder.push": (bytes) => new StreamDecoder().push(bytes),
    "FrameCodec.encodeBinary": (content) => new FrameCodec().encodeBinary(content),
    "ContextCodec.decodeBinary": (wire) => new ContextCodec().decodeBinary(wire),
  };
  for (const { name, binary, create } of ALGORITHMS) {
    doors[`${name}.encodeText`] = (content) => create({}).encodeText(content);
    const codec = create({});
    if (binary) doors[`${name}.encodeBinary`] = (content) => codec.encodeBinary?.(content);
  }
  for (const [name, open] of Object.entries(doors)) {
    it(`${name} takes bytes, and makes no wire of anything else`, () => {
      for (const wrong of [TEXT, [1, 2, 3], undefined, null, 5, new Uint16Array(3), new ArrayBuffer(3)]) {
        expect(catchM2MError(() => open(wrong as never)).code, String(wrong)).to.equal("M2M_USAGE");
      }
    });
  }

  it("may be bytes of another realm, as test runners have them", () => {
    const foreign = runInNewContext("new Uint8Array([72, 101, 108, 108, 111])") as Uint8Array;
    expect(foreign).not.to.be.instanceOf(Uint8Array);
    const engine = new CodecEngine();
    for (const { name } of ALGORITHMS) {
      if (name === "token") continue;
      expect(engine.decompress(engine.compress(foreign, { algorithm: name }).data).text).to.equal("Hello");
    }
    const key = runInNewContext("new Uint8Array(32)") as Uint8Array;
    expect(new CodecEngine({ key }).compress("Hello").algorithm).to.equal("m2m");
  });

  it("JSON text is text", () => {
    expect(catchM2MError(() => encodeT1(Buffer.from("{}") as never)).code).to.equal("M2M_USAGE");
  });

  // Of a Buffer, a slice is the same memory.
  for (const make of [(size: number) => new Uint8Array(size), (size: number) => Buffer.alloc(size)]) {
    it(`are nobody else's, also in a ${make(0).constructor.name} that is used again`, () => {
      const engine = new CodecEngine();
      for (const { name, binary } of ALGORITHMS) {
        if (name === "token") continue;
        const own = make(TEXT.length);
        own.set(Buffer.from(TEXT));
        const { data } = engine.compress(own, { algorithm: name, binary });
        own.fill(0);
        const network = make(data.length);
        network.set(Buffer.from(data as Uint8Array));
        const read = engine.decompress(network);
        network.fill(0);
        expect([name, read.text, Buffer.from(read.bytes).toString()]).to.deep.equal([name, TEXT, TEXT]);
      }
    });
  }
});
