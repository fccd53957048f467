import { expect } from "chai";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { FormatError } from "../../../../src/shared/errors.js";
import {
  MAX_BLOCK_BYTES,
  MAX_TURN_MESSAGES,
  TranscriptWriter,
  verifyTranscript,
  type TranscriptMessage,
  type TranscriptReport,
} from "../../../../src/transport/aitcp/turn/index.js";
import { rejection } from "../../../helpers/catch-error.js";
import { sha256, verifyEd25519 } from "./ed25519.js";
import { SampleSession, sampleTranscript } from "./sample-session.js";

async function verify(
  bytes: Uint8Array,
  chunkBytes = 1 << 20,
): Promise<TranscriptReport & { messages: TranscriptMessage[] }> {
  const messages: TranscriptMessage[] = [];
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes));
  const report = await verifyTranscript(chunks, {
    verify: verifyEd25519,
    createHash: sha256,
    keepsContent: true,
    onMessage: (message) => void messages.push(message),
  });
  return { ...report, messages };
}

/** Offsets of the blocks. */
function blockOffsets(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let at = 8; at < bytes.length;) {
    offsets.push(at);
    const isLong = bytes[at + 1] >= 0x80;
    const length = isLong ? (bytes[at + 1] & 0x7f) + bytes[at + 2] * 0x80 : bytes[at + 1];
    at += (isLong ? 3 : 2) + length;
  }
  return offsets;
}

describe("aitcp transcripts", () => {
  it("say who has signed what, and what was taken", async () => {
    const { messages, ...report } = await verify(sampleTranscript());
    expect(report.failure).to.equal(undefined);
    expect([report.state, report.connections]).to.deep.equal(["closed", 2]);
    expect(
      messages.map(({ by, connection, number, sizeBytes, turn, isRepeat }) => [
        by,
        connection,
        number,
        sizeBytes,
        turn !== undefined,
        isRepeat,
      ]),
    ).to.deep.equal([
      ["initiator", 0, 0, 30, true, false],
      ["responder", 0, 0, 6, true, false],
      ["responder", 0, 1, 4000, true, false],
      ["initiator", 0, 1, 13, true, false],
      ["initiator", 1, 1, 13, true, true],
    ]);
    expect(Buffer.from(messages[1].content as Uint8Array).toString()).to.equal("Paris.");
    expect(
      Buffer.from(messages[2].sha256).equals(
        createHash("sha256").update(new Uint8Array(4000).fill(0x80)).digest(),
      ),
    ).to.equal(true);
    expect(report.sides.initiator.receipts.map(({ stream, count }) => [stream, count])).to.deep.equal([
      [0, 2],
    ]);
    expect(report.sides.responder.receipts.map(({ stream, count }) => [stream, count])).to.deep.equal([
      [0, 2],
    ]);
    expect(report.sides.initiator.messageBytes).to.equal(30 + 13 + 13);
    expect(report.sides.initiator.unsignedMessages + report.sides.responder.unsignedMessages).to.equal(0);
  });

  it("mode packet signs each record; of mode none nothing is signed", async () => {
    const packet = await verify(sampleTranscript("packet"));
    expect([packet.failure, packet.sides.initiator.signedMessages]).to.deep.equal([undefined, 3]);
    const none = await verify(sampleTranscript("none"));
    expect(none.failure).to.equal(undefined);
    expect([none.sides.initiator.turns, none.sides.initiator.unsignedMessages]).to.deep.equal([0, 3]);
    expect(none.sides.responder.receipts).to.deep.equal([]);
  });

  it("read the same in chunks of any size", async () => {
    const bytes = sampleTranscript();
    const whole = await verify(bytes);
    for (const size of [1, 7, 64, 999]) expect(await verify(bytes, size)).to.deep.equal(whole);
  });

  it("read the same from a buffer that is used again for each chunk", async () => {
    const bytes = sampleTranscript();
    const { messages, ...report } = await verify(bytes);
    function* chunks(): Generator<Uint8Array> {
      const buffer = Buffer.alloc(50);
      for (let at = 0; at < bytes.length; at += buffer.length) {
        const part = bytes.subarray(at, at + buffer.length);
        buffer.set(part);
        yield buffer.subarray(0, part.length);
        buffer.fill(0xff);
      }
    }
    const read: TranscriptMessage[] = [];
    const again = await verifyTranscript(chunks(), {
      verify: verifyEd25519,
      createHash: sha256,
      keepsContent: true,
      onMessage: (message) => void read.push(message),
    });
    expect(again).to.deep.equal(report);
    expect(read).to.deep.equal(messages);
  });

  it("that are cut count up to there", async () => {
    const bytes = sampleTranscript();
    const whole = await verify(bytes);
    for (let length = 8; length < bytes.length; length += 3) {
      const report = await verify(bytes.subarray(0, length));
      const isBetween = report.state === "lost" && report.connections === 1;
      expect(report.state === "cut" || isBetween, String(length)).to.equal(true);
      expect(report.failure).to.equal(undefined);
      const signed = report.messages.filter(({ turn }) => turn !== undefined);
      expect(signed).to.deep.equal(whole.messages.slice(0, signed.length));
    }
    expect((await rejection(verify(bytes.subarray(0, 7)))).code).to.equal("M2M_TRANSCRIPT_INVALID");
  });

  it("that are altered fail, at their place, or are refused; never is something signed that was not", async () => {
    const bytes = sampleTranscript();
    const known = new Set((await verify(bytes)).messages.map(keyOf));
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          const altered = bytes.slice();
          altered[at] ^= flip;
          try {
            const { messages, failure } = await verify(altered);
            for (const message of messages) {
              if (message.turn !== undefined) expect(known.has(keyOf(message))).to.equal(true);
            }
            if (failure) expect(blockOffsets(bytes)).to.include(failure.offset);
          } catch (error) {
            expect(error).to.be.instanceOf(FormatError).with.property("code", "M2M_TRANSCRIPT_INVALID");
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it("a forged message is found with its turn", async () => {
    const bytes = sampleTranscript();
    const at = Buffer.from(bytes).indexOf("Paris.");
    const forged = bytes.slice();
    forged.set(Buffer.from("Lyon!!"), at);
    const { failure, messages, sides } = await verify(forged);
    expect(failure).to.include({ connection: 0, by: "responder", turn: 0 });
    expect(sides.responder.signedMessages).to.equal(0);
    expect(messages.filter(({ by, turn }) => by === "responder" && turn !== undefined)).to.deep.equal([]);
  });

  it("what has no turn behind it is not signed", async () => {
    const session = new SampleSession();
    const stream = session.streams.initiator.open();
    session.streams.initiator.send(stream, Uint8Array.of(1));
    session.step("initiator");
    const { sides, messages, state } = await verify(session.transcript);
    expect([state, sides.initiator.signedMessages, sides.initiator.unsignedMessages]).to.deep.equal([
      "cut",
      0,
      1,
    ]);
    expect(messages[0].turn).to.equal(undefined);
  });

  describe("refuse", () => {
    function transcript(write: (writer: TranscriptWriter, session: SampleSession) => void): Uint8Array {
      const chunks: Uint8Array[] = [];
      write(new TranscriptWriter((bytes) => void chunks.push(Uint8Array.from(bytes))), new SampleSession());
      return new Uint8Array(Buffer.concat(chunks));
    }
    const raw = (...bytes: number[]): Uint8Array => Uint8Array.from([...Buffer.from("AITCP-T1"), ...bytes]);
    const other = new Uint8Array(32);
    for (const [name, bytes] of [
      ["another beginning", Buffer.from("AITCP-T2....")],
      ["an unknown block", raw(9, 0)],
      ["a length over the limit", raw(2, 0x81, 0x80, 0x04)],
      ["a length in a longer form", raw(2, 0x80, 0x80, 0x80)],
      ["an opening that is too short", raw(1, 1, 0)],
      ["an end that is none", raw(4, 1, 2)],
      ["frames outside a connection", raw(2, 1, 0x69)],
      [
        "a side that is none",
        transcript((writer, { scope }) => {
          writer.open(scope, "turn", 1);
          writer.frames("x" as "initiator", Uint8Array.of(7, 1));
        }).map((byte, i, all) => (i === all.length - 3 ? 0x78 : byte)),
      ],
      [
        "the same connection twice",
        transcript((writer, { scope }) => {
          writer.open(scope, "turn", 1);
          writer.open(scope, "turn", 1);
        }),
      ],
      [
        "a connection of other parties",
        transcript((writer, { scope }) => {
          writer.open(scope, "turn", 1);
          writer.open({ ...scope, handshakeHash: other, responder: other }, "turn", 1);
        }),
      ],
      [
        "frames that are none",
        transcript((writer, { scope }) => {
          writer.open(scope, "turn", 1);
          writer.frames("initiator", Uint8Array.of(0x40));
        }),
      ],
      [
        "padding",
        transcript((writer, { scope }) => {
          writer.open(scope, "turn", 1);
          writer.frames("initiator", Uint8Array.of(7, 1, 0));
        }),
      ],
      [
        "a part that does not follow",
        transcript((writer, { scope }) => {
          writer.open(scope, "turn", 1);
          writer.frames("initiator", Uint8Array.of(2, 0, 0, 1, 1, 1));
        }),
      ],
      [
        "a message that does not follow",
        transcript((writer, { scope }) => {
          writer.open(scope, "turn", 1);
          writer.frames("initiator", Uint8Array.of(2, 0, 0, 0, 1, 1, 2, 0, 2, 0, 1, 1));
        }),
      ],
    ] as [string, Uint8Array][]) {
      it(name, async () => {
        expect((await rejection(verify(bytes))).code).to.equal("M2M_TRANSCRIPT_INVALID");
      });
    }

    it("more messages in a turn than there may be", async () => {
      const bytes = transcript((writer, { scope }) => {
        writer.open(scope, "turn", 1);
        for (let number = 0; number <= MAX_TURN_MESSAGES; number++) {
          writer.frames(
            "initiator",
            Uint8Array.of(2, 0, ...(number < 128 ? [number] : [(number & 0x7f) | 0x80, number >> 7]), 0, 0),
          );
        }
      });
      expect((await rejection(verify(bytes))).code).to.equal("M2M_TRANSCRIPT_INVALID");
    });

    it("no block of the largest size", async () => {
      const bytes = transcript((writer, { scope }) => {
        writer.open(scope, "none", 1);
        const length = MAX_BLOCK_BYTES - 1 - 7;
        writer.frames(
          "initiator",
          Uint8Array.from([2, 0, 0, 0, ...[0xf8, 0xff, 0x03], ...new Uint8Array(length)]),
        );
      });
      expect((await verify(bytes)).messages.map(({ sizeBytes }) => sizeBytes)).to.deep.equal([65_528]);
    });
  });
});

function keyOf({ by, connection, stream, number, turn, timeMs, sha256: digest }: TranscriptMessage): string {
  return JSON.stringify([by, connection, stream, number, turn, timeMs, Buffer.from(digest).toString("hex")]);
}
