import { expect } from "chai";
import fc from "fast-check";
import {
  ContextCodec,
  SessionDecoder,
  SessionEncoder,
  StreamDecoder,
  StreamEncoder,
} from "../../../src/codec/context/index.js";
import { defaultPriors } from "../../../src/codec/context/prior/prior-cache.js";
import { M2MError } from "../../../src/shared/errors.js";
import { catchM2MError } from "../../helpers/catch-error.js";
import { sampleEvents, sampleMessages } from "./coders.js";

describe("codec/context: streams", function () {
  this.timeout(60_000);

  it("give each event when its bytes are there, byte for byte", () => {
    const encoder = new StreamEncoder();
    const decoder = new StreamDecoder();
    for (const event of sampleEvents()) {
      expect(Buffer.compare(Buffer.concat(decoder.push(encoder.push(event))), event)).to.equal(0);
    }
    expect(catchM2MError(() => decoder.end()).code).to.equal("M2M_CONTEXT_TRUNCATED");
    decoder.push(encoder.end());
    expect(decoder.isEnded).to.equal(true);
    decoder.end();
    expect(catchM2MError(() => encoder.push(Buffer.from("a"))).code).to.equal("M2M_PROTOCOL_STATE");
    expect(catchM2MError(() => encoder.end()).code).to.equal("M2M_PROTOCOL_STATE");
  });

  it("may arrive in any pieces", () => {
    const encoder = new StreamEncoder();
    const events = sampleEvents();
    const wire = Buffer.concat([...events.map((event) => encoder.push(event)), encoder.end()]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (sizes) => {
        const decoder = new StreamDecoder();
        const parts: Uint8Array[] = [];
        for (let at = 0, i = 0; at < wire.length; i++) {
          const size = sizes[i % sizes.length];
          parts.push(...decoder.push(wire.subarray(at, at + size)));
          at += size;
        }
        decoder.end();
        expect(Buffer.compare(Buffer.concat(parts), Buffer.concat(events))).to.equal(0);
      }),
      { numRuns: 10 },
    );
  });

  it("may arrive byte by byte, whoever else uses the model between", () => {
    let state = 1;
    const noise = () =>
      Buffer.from(Array.from({ length: 900 }, () => (state = (state * 48271) % 0x7fffffff) >> 8));
    const streams = [
      sampleEvents().slice(0, 12),
      [noise(), noise()],
      [noise(), ...sampleEvents().slice(20, 26)],
    ];
    const wires = streams.map((events) => {
      const encoder = new StreamEncoder();
      return Buffer.concat([...events.map((event) => encoder.push(event)), encoder.end()]);
    });
    const codec = new ContextCodec();
    const message = codec.encodeBinary(sampleEvents()[30]);
    const turn = fc.record({ stream: fc.nat(streams.length - 1), size: fc.nat(400), other: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(turn, { minLength: 1, maxLength: 40 }), (turns) => {
        const readers = wires.map(() => ({ decoder: new StreamDecoder(), got: [] as Uint8Array[], at: 0 }));
        const read = (which: number, size: number) => {
          const reader = readers[which];
          for (const end = reader.at + size; reader.at < Math.min(end, wires[which].length); reader.at++)
            reader.got.push(...reader.decoder.push(wires[which].subarray(reader.at, reader.at + 1)));
        };
        for (const { other, size, stream } of turns) {
          read(stream, size);
          if (other === 0)
            expect(Buffer.compare(codec.decodeBinary(message), sampleEvents()[30])).to.equal(0);
          // Given up within an event.
          if (other === 1) new StreamDecoder().push(wires[1].subarray(0, size));
          if (other === 2) new StreamEncoder().push(noise());
        }
        wires.forEach((wire, which) => {
          read(which, wire.length);
          readers[which].decoder.end();
          const all = Buffer.concat(streams[which]);
          expect(Buffer.compare(Buffer.concat(readers[which].got), all)).to.equal(0);
        });
      }),
      { numRuns: 12 },
    );
  });

  it("carry any bytes as events", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }), (events) => {
        const encoder = new StreamEncoder();
        const decoder = new StreamDecoder();
        for (const event of events) {
          expect(Buffer.compare(Buffer.concat(decoder.push(encoder.push(event))), event)).to.equal(0);
        }
        decoder.push(encoder.end());
        decoder.end();
      }),
      { numRuns: 25 },
    );
  });

  it("carry more at once than is looked at at once", () => {
    const events = Array.from({ length: 300 }, (_, i) => Buffer.from(`data: ${i * i}\n\n`));
    let state = 1;
    events.push(Buffer.from(Array.from({ length: 9000 }, () => (state = (state * 48271) % 0x7fffffff) >> 8)));
    const encoder = new StreamEncoder();
    const wires = [...events, ...events].map((event) => encoder.push(event));
    const decoder = new StreamDecoder();
    const got = decoder.push(Buffer.concat([...wires, encoder.end()]));
    decoder.end();
    expect(Buffer.compare(Buffer.concat(got), Buffer.concat([...events, ...events]))).to.equal(0);
  });

  it("cost less and less", () => {
    const encoder = new StreamEncoder();
    const sizes = sampleEvents()
      .slice(0, 30)
      .map((event) => encoder.push(event).length);
    expect(Math.max(...sizes.slice(10))).to.be.below(sizes[0] / 2);
  });

  it("refuse what was changed before the end, whatever came of it", () => {
    const encoder = new StreamEncoder();
    const wire = Buffer.concat([
      ...sampleEvents()
        .slice(0, 20)
        .map((event) => encoder.push(event)),
      encoder.end(),
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: wire.length * 8 - 1 }), (bit) => {
        const changed = Buffer.from(wire);
        changed[bit >> 3] ^= 1 << (bit & 7);
        const decoder = new StreamDecoder();
        let events: Uint8Array[] = [];
        try {
          events = decoder.push(changed);
          decoder.end();
        } catch (error) {
          expect(error).to.be.instanceOf(M2MError);
          return;
        }
        // The last bits of an arithmetic code may not matter.
        expect(Buffer.compare(Buffer.concat(events), Buffer.concat(sampleEvents().slice(0, 20)))).to.equal(0);
      }),
      { numRuns: 60 },
    );
    expect(catchM2MError(() => new StreamDecoder().push(Buffer.concat([wire, wire]))).code).to.equal(
      "M2M_CONTEXT_INVALID",
    );
    expect(catchM2MError(() => new StreamDecoder().push(Buffer.from("data: x"))).code).to.equal(
      "M2M_WIRE_UNKNOWN",
    );
  });
});

describe("codec/context: what streams carry of their check", function () {
  this.timeout(60_000);

  it("shows a change within an event or two, as a rule", () => {
    const encoder = new StreamEncoder();
    const events = sampleEvents().slice(0, 30);
    const wires = events.map((event) => encoder.push(event));
    wires.push(encoder.end());
    const first = wires[0].length;
    const second = wires[1].length;
    let wrong = 0;
    let changes = 0;
    for (let bit = first * 8; bit < (first + second) * 8; bit++) {
      const changed = Buffer.concat(wires);
      changed[bit >> 3] ^= 1 << (bit & 7);
      const decoder = new StreamDecoder();
      const got: Uint8Array[] = [];
      changes++;
      const { code } = catchM2MError(() => {
        for (const byte of changed) got.push(...decoder.push(Uint8Array.of(byte)));
        decoder.end();
      });
      expect(code).to.be.oneOf(["M2M_CHECKSUM_MISMATCH", "M2M_CONTEXT_INVALID", "M2M_CONTEXT_TRUNCATED"]);
      got.forEach((event, i) => (wrong += Buffer.compare(event, events[i]) === 0 ? 0 : 1));
    }
    expect(wrong).to.be.below(changes * 1.5);
  });

  it("is never short of it for long", () => {
    // Events that cost next to nothing leave as much choice as others.
    const history = defaultPriors.current.createHistory(65536);
    const event = Buffer.from("data: {}\n\n");
    let owed = 0;
    let carried = 0;
    for (let i = 1; i <= 200; i++) {
      const { checkBits } = history.encodeEvent(event, i, Math.max(0, owed - 4));
      owed = Math.max(0, owed + 3 - checkBits);
      carried += checkBits;
      expect(carried).to.be.at.least(3 * i - 7);
    }
  });
});

describe("codec/context: sessions", function () {
  this.timeout(60_000);

  it("give messages back, each with those before as context", () => {
    const encoder = new SessionEncoder();
    const decoder = new SessionDecoder();
    for (const round of [0, 1]) {
      for (const message of [...sampleMessages(), Buffer.alloc(100_000, "large ")]) {
        const wire = encoder.encode(message);
        expect(Buffer.compare(decoder.decode(wire), message)).to.equal(0);
        if (round === 1 && message.length > 40 && message.length < 65536) {
          expect(wire.length).to.be.below(15 + message.length / 10);
        }
      }
    }
  });

  it("take Brotli for what the model would make longer, without losing what came before", () => {
    const random = (bytes: number, seed: number): Buffer => {
      const content = Buffer.alloc(bytes);
      for (let at = 0, state = seed; at < bytes; at++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        content[at] = state >>> 24;
      }
      return content;
    };
    const encoder = new SessionEncoder();
    const decoder = new SessionDecoder();
    const [text] = sampleMessages().filter(({ length }) => length > 300);
    const send = (content: Uint8Array): number => {
      const wire = encoder.encode(content);
      expect(Buffer.compare(decoder.decode(wire), content)).to.equal(0);
      return wire.length;
    };
    send(text);
    const again = send(text);
    for (const [bytes, seed] of [
      [64, 1],
      [1000, 2],
      [60_000, 3],
    ])
      expect(send(random(bytes, seed)), `${bytes} bytes`).to.be.at.most(bytes + 16);
    expect(send(text)).to.be.at.most(again + 8);
    // Halves of bytes: not random as a whole, and of no pattern that the model knows.
    const letters = random(20_000, 4).map((byte) => (byte >> 1) + 128);
    expect(send(Buffer.from(letters))).to.be.at.most(20_000 + 24);
    expect(send(text)).to.be.above(0);
  });

  it("notice loss, repetition and reordering, change nothing then, and go on after a restart", () => {
    const encoder = new SessionEncoder();
    const decoder = new SessionDecoder();
    const messages = sampleMessages();
    const wires = messages.map((message) => encoder.encode(message));
    expect(catchM2MError(() => decoder.decode(wires[1])).code).to.equal("M2M_CONTEXT_LOST");
    decoder.decode(wires[0]);
    decoder.decode(wires[1]);
    for (const wrong of [1, 3, 7])
      expect(catchM2MError(() => decoder.decode(wires[wrong])).code).to.equal("M2M_CONTEXT_LOST");
    expect(Buffer.compare(decoder.decode(wires[2]), messages[2])).to.equal(0);
    encoder.restart();
    const fresh = messages.map((message) => encoder.encode(message));
    expect(Buffer.compare(decoder.decode(fresh[0]), messages[0])).to.equal(0);
    expect(catchM2MError(() => decoder.decode(wires[1])).code).to.equal("M2M_CONTEXT_LOST");
    expect(Buffer.compare(decoder.decode(fresh[1]), messages[1])).to.equal(0);
    // A reader that was started later waits for a restart.
    expect(catchM2MError(() => new SessionDecoder().decode(fresh[2])).code).to.equal("M2M_CONTEXT_LOST");
  });

  it("repeat what went the other way, if both ends took it in", () => {
    const answer = Buffer.from(
      JSON.stringify({ content: "Seldom heard words: " + "quixotic zephyrs jinx my vow. ".repeat(3) }),
    );
    const question = Buffer.from('{"role":"user","content":"Hello"}');
    const send = (hears: boolean, listens: boolean): { wire: Uint8Array; read: () => Uint8Array } => {
      const encoder = new SessionEncoder();
      const decoder = new SessionDecoder();
      decoder.decode(encoder.encode(question));
      if (hears) encoder.absorb(answer);
      if (listens) decoder.absorb(answer);
      const wire = encoder.encode(answer);
      return { wire, read: () => decoder.decode(wire) };
    };
    const both = send(true, true);
    expect(Buffer.compare(both.read(), answer)).to.equal(0);
    expect(both.wire.length).to.be.below(send(false, false).wire.length * 0.7);
    for (const [hears, listens] of [
      [true, false],
      [false, true],
    ]) {
      expect(catchM2MError(send(hears, listens).read)).to.be.instanceOf(M2MError);
    }
  });

  it("stand for themselves at the beginning, whatever both ends took in before", () => {
    const [request, answer] = [
      '{"role":"user","content":"Hello"}',
      '{"role":"assistant","content":"Hello you"}',
    ];
    const [asked, answered] = [Buffer.from(request), Buffer.from(answer)];
    const client = { encoder: new SessionEncoder(), decoder: new SessionDecoder() };
    const server = { encoder: new SessionEncoder(), decoder: new SessionDecoder() };
    // Each side takes in what it has heard where it writes, and what it has said where it reads.
    for (let turn = 0; turn < 6; turn++) {
      const got = server.decoder.decode(client.encoder.encode(asked));
      server.encoder.absorb(got);
      client.decoder.absorb(asked);
      if (turn === 3) {
        server.encoder.restart();
        server.encoder.absorb(got);
      }
      const back = client.decoder.decode(server.encoder.encode(answered));
      expect(Buffer.from(back).toString()).to.equal(answer);
      client.encoder.absorb(back);
      server.decoder.absorb(answered);
    }
  });

  it("never give wrong bytes", () => {
    const messages = sampleMessages().filter(({ length }) => length > 0 && length < 2000);
    const encoder = new SessionEncoder({ windowBytes: 4000 });
    const wires = messages.map((message) => encoder.encode(message));
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (which, place) => {
        const decoder = new SessionDecoder({ windowBytes: 4000 });
        const changedAt = which % wires.length;
        let isBroken = false;
        wires.forEach((wire, i) => {
          const arriving = wire.slice();
          if (i === changedAt) arriving[(place >> 3) % wire.length] ^= 1 << (place & 7);
          try {
            expect(Buffer.compare(decoder.decode(arriving), messages[i])).to.equal(0);
            expect(isBroken).to.equal(false);
          } catch (error) {
            expect(error).to.be.instanceOf(M2MError);
            isBroken = true;
          }
        });
        encoder.restart();
        const again = encoder.encode(messages[0]);
        expect(Buffer.compare(decoder.decode(again), messages[0])).to.equal(0);
      }),
      { numRuns: 30 },
    );
  });

  it("refuse a window of another size by what comes of it, and a nonsensical one at once", () => {
    expect(catchM2MError(() => new SessionEncoder({ windowBytes: -1 })).code).to.equal("M2M_USAGE");
    expect(catchM2MError(() => new SessionDecoder({ windowBytes: 2 ** 30 })).code).to.equal("M2M_USAGE");
    const code = catchM2MError(() => new SessionDecoder().decode(Uint8Array.of(0xb9))).code;
    expect(code).to.equal("M2M_CONTEXT_TRUNCATED");
  });
});
