import { runInNewContext } from "node:vm";
import { expect } from "chai";
import {
  ALGORITHMS,
  CodecEngine,
  decodeT1,
  deriveKey,
  encodeT1,
  findReservedOpening,
  FrameCodec,
  optimizeRequest,
  packWire,
  SessionDecoder,
  SessionEncoder,
  SessionLineDecoder,
  SessionLineEncoder,
  StreamDecoder,
  StreamEncoder,
  unpackWire,
} from "../../src/codec/index.js";
import { catchM2MError, rejection } from "../helpers/catch-error.js";

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
    "SessionLineDecoder.tryDecode": (wire) => new SessionLineDecoder({}).tryDecode(wire),
  };
  for (const { name, binary, create } of ALGORITHMS) {
    doors[`${name}.encodeText`] = (content) => create({}).encodeText(content);
    const codec = create({});
    if (binary) doors[`${name}.encodeBinary`] = (content) => codec.encodeBinary?.(content);
    if (binary) doors[`${name}.decodeBinary`] = (wire) => codec.decodeBinary?.(wire);
    doors[`unpackWire of ${name}`] = (packed) => unpackWire(name, packed);
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

  const textDoors: Record<string, (text: never) => unknown> = {
    encodeT1: (text) => encodeT1(text),
    decodeT1: (wire) => decodeT1(wire),
    optimizeRequest: (text) => optimizeRequest(text),
    "CodecEngine.optimize": (text) => new CodecEngine().optimize(text),
  };
  for (const { name, create } of ALGORITHMS) {
    textDoors[`${name}.decodeText`] = (wire) => create({}).decodeText(wire);
    textDoors[`packWire of ${name}`] = (wire) => packWire(name, wire);
  }
  for (const [name, open] of Object.entries(textDoors)) {
    it(`${name} takes text, and nothing else`, () => {
      for (const wrong of [Buffer.from("{}"), ["{}"], {}, undefined, null, 1]) {
        expect(catchM2MError(() => open(wrong as never)).code, String(wrong)).to.equal("M2M_USAGE");
      }
    });
  }

  it("what is taken for a reserved opening is content", () => {
    for (const wrong of [undefined, null, 1, {}])
      expect(catchM2MError(() => findReservedOpening(wrong as never)).code).to.equal("M2M_USAGE");
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

describe("options of codecs", () => {
  const wrong: Record<string, () => unknown> = {
    "an algorithm that is no name": () => new CodecEngine().compress("x", { algorithm: 5 as never }),
    "an algorithm that is nothing": () => new CodecEngine().compress("x", { algorithm: null as never }),
    "an algorithm to pack for": () => packWire(5 as never, "x"),
    "an algorithm to unpack for": () => unpackWire("zip" as never, new Uint8Array(1)),
    "limits of an engine": () => new CodecEngine({ limits: null as never }),
    "limits of a message": () => new CodecEngine().compress("x", { limits: null } as never),
    "limits of T1": () => encodeT1("{}", { limits: 5 as never }),
    "limits of optimizeRequest": () => optimizeRequest("{}", null as never),
    "options of encodeT1": () => encodeT1("{}", null as never),
    "options of decodeT1": () => decodeT1("#T1|{}", null as never),
    "options of a SessionEncoder": () => new SessionEncoder(null as never),
    "options of a SessionDecoder": () => new SessionDecoder(null as never),
    "options of a StreamEncoder": () => new StreamEncoder(null as never),
    "options of a StreamDecoder": () => new StreamDecoder(null as never),
    "options of an analysis": () => new CodecEngine().analyze("x", null as never),
    "a counter that cannot count": () => new CodecEngine().analyze("x", { countTokens: 5 as never }),
    "a quality that is a symbol": () => new CodecEngine({ quality: Symbol("9") as never }),
    "names of a key": () => deriveKey(new Uint8Array(32), null as never),
  };
  for (const { name, create } of ALGORITHMS) wrong[`options of ${name}`] = () => create(null as never);
  for (const [what, run] of Object.entries(wrong)) {
    it(`${what}: refused as usage`, () => expect(catchM2MError(run).code).to.equal("M2M_USAGE"));
  }

  it("a scanner that is none", async () => {
    const scanned = new CodecEngine().secureCompress("x", undefined as never);
    expect((await rejection(scanned)).code).to.equal("M2M_USAGE");
  });
});
