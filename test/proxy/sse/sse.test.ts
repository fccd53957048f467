import { expect } from "chai";
import fc from "fast-check";
import { _iterSSEMessages as iterOpenAiMessages } from "openai/core/streaming";
import { SseReader, writeSse, type SseEvent } from "../../../src/proxy/sse/index.js";
import { catchM2MError } from "../../helpers/catch-error.js";
import { dispatchPlainly } from "./plain-sse.js";

function read(chunks: Iterable<Uint8Array>): SseEvent[] {
  const events: SseEvent[] = [];
  const reader = new SseReader();
  for (const chunk of chunks) reader.push(chunk, (event) => events.push(event));
  reader.end((event) => events.push(event));
  return events;
}

const readText = (text: string): SseEvent[] => read([Buffer.from(text)]);

const fieldsOf = ({ event, data, id, retry, comment, complete, raw }: SseEvent): unknown => ({
  event,
  data,
  id,
  retry,
  comment,
  complete,
  raw: Buffer.from(raw).toString("latin1"),
});

/** `bytes` cut at `cuts`. */
function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.slice(at[i], end));
}

/** Streams made of what means something in one, and of bytes that are no UTF-8. */
const streams = fc
  .array(
    fc.oneof(
      fc
        .constantFrom(
          ...[
            "\r",
            "\n",
            "\r\n",
            "\n\n",
            "\r\r",
            "\r\n\r\n",
            ":",
            " ",
            "data",
            "data: ",
            "event: ",
            "id: ",
            "retry: ",
          ],
          ...["data: {}\n\n", "event: ping\r\n", ": keep-alive\n\n", "\ufeff", "7", "é", "€", "😀", "\0"],
        )
        .map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 4 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => Buffer.concat(parts));
const cuts = fc.array(fc.nat(), { maxLength: 12 });

describe("SseReader", () => {
  it("reads the fields of an event", () => {
    const events = readText(
      ": hi\nevent: add\nid: 7\nretry: 250\ndata: one\ndata:two\ndata\ndata:  three\nother: x\n\n",
    );
    expect(events.map(fieldsOf)).to.deep.equal([
      {
        event: "add",
        data: "one\ntwo\n\n three",
        id: "7",
        retry: 250,
        comment: "hi",
        complete: true,
        raw: ": hi\nevent: add\nid: 7\nretry: 250\ndata: one\ndata:two\ndata\ndata:  three\nother: x\n\n",
      },
    ]);
  });

  it("knows no data, empty data and the short form apart", () => {
    expect(readText("event: x\n\n")[0].data).to.equal(undefined);
    expect(readText("data\n\n")[0].data).to.equal("");
    expect(readText("data: \n\n")[0].data).to.equal("");
    expect(readText("data: a: b\n\n")[0].data).to.equal("a: b");
    expect(readText("data:  a\n\n")[0].data).to.equal(" a");
    expect(readText("data:a\n\n")[0].data).to.equal("a");
  });

  it("ignores an id with U+0000, a retry that is no number, and names in other letters", () => {
    const [event] = readText("id: a\0b\nretry: 1x\nretry: -1\nData: x\n data: y\n\n");
    expect(fieldsOf(event)).to.include({ id: undefined, retry: undefined, data: undefined });
  });

  it("takes a byte order mark off the stream's beginning only", () => {
    const events = readText("\ufeffdata: a\n\n\ufeffdata: b\n\ndata: \ufeffc\n\n");
    expect(events.map(({ data }) => data)).to.deep.equal(["a", undefined, "\ufeffc"]);
    expect(events[0].raw[0]).to.equal(0xef);
  });

  it("takes LF, CRLF and CR for the end of a line, also mixed", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const events = readText(`event: a${end}data: 1${end}${end}data: 2${end}data: 3${end}${end}`);
      expect(events.map(({ event, data }) => [event, data])).to.deep.equal([
        ["a", "1"],
        ["", "2\n3"],
      ]);
    }
    expect(readText("data: 1\r\ndata: 2\rdata: 3\n\r\ndata: 4\r\r").map(({ data }) => data)).to.deep.equal([
      "1\n2\n3",
      "4",
    ]);
  });

  it("delivers a block as soon as its last byte is there", () => {
    for (const stream of ["data: 1\n\n", "data: 1\r\n\r\n", "data: 1\r\r"]) {
      const seen: SseEvent[] = [];
      const reader = new SseReader();
      for (const byte of Buffer.from(stream)) {
        expect(seen).to.have.length(0);
        reader.push(Uint8Array.of(byte), (event) => seen.push(event));
      }
      expect(seen.map(({ raw }) => Buffer.from(raw).toString())).to.deep.equal([stream]);
    }
  });

  it("says what the end of the stream cut off", () => {
    const events = readText("data: 1\n\ndata: 2\ndata: 3");
    expect(events.map(({ complete }) => complete)).to.deep.equal([true, false]);
    expect(Buffer.from(events[1].raw).toString()).to.equal("data: 2\ndata: 3");
    // The line feed of the blank line's CRLF never came.
    expect(readText("data: 1\r\n\r").map(({ complete }) => complete)).to.deep.equal([true]);
    expect(readText("")).to.deep.equal([]);
  });

  it("holds an event of exactly the limit, and none above, however it is cut", () => {
    const bytes = Buffer.from(`data: 1\n\ndata: ${"x".repeat(92)}\n\n`);
    const cutting = [[], [9], [50], [108], Array.from(bytes, (_, i) => i)];
    for (const cut of cutting) {
      const fits = new SseReader({ maxEventBytes: 100 });
      const seen: number[] = [];
      for (const chunk of split(bytes, cut)) fits.push(chunk, ({ raw }) => seen.push(raw.length));
      expect(seen).to.deep.equal([9, 100]);
      const small = new SseReader({ maxEventBytes: 99 });
      const before: number[] = [];
      const error = catchM2MError(() => {
        for (const chunk of split(bytes, cut)) small.push(chunk, ({ raw }) => before.push(raw.length));
      });
      expect(error.code).to.equal("M2M_INPUT_TOO_LARGE");
      expect(before).to.deep.equal([9]);
    }
    expect(catchM2MError(() => new SseReader({ maxEventBytes: 0 })).code).to.equal("M2M_USAGE");
  });

  it("gives the same events, and the stream's bytes, wherever the stream is cut", () => {
    fc.assert(
      fc.property(streams, cuts, (stream, at) => {
        const whole = read([stream]);
        expect(Buffer.concat(whole.map(({ raw }) => raw)).equals(stream)).to.equal(true);
        expect(read(split(stream, at)).map(fieldsOf)).to.deep.equal(whole.map(fieldsOf));
        expect(whole.slice(0, -1).every(({ complete }) => complete)).to.equal(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("dispatches what the standard's own words do", () => {
    fc.assert(
      fc.property(streams, (stream) => {
        const events = read([stream])
          .filter(({ complete, data }) => complete && data !== undefined)
          .map(({ event, data }) => ({ event, data }));
        expect(events).to.deep.equal(dispatchPlainly(stream));
      }),
      { numRuns: 2000 },
    );
  });

  it("reads what OpenAI's SDK reads of it", async () => {
    const stream = Buffer.from(
      'event: a\r\ndata: {"x":"é😀"}\r\n\r\n: ping\n\ndata: 1\ndata: 2\n\nevent: b\ndata: {}\n\ndata: [DONE]\n\n',
    );
    const response = new Response(new Blob([stream]).stream());
    const theirs: unknown[] = [];
    for await (const { event, data } of iterOpenAiMessages(response, new AbortController())) {
      theirs.push({ event: event ?? "", data });
    }
    const ours = Array.from(stream, (_, at) => stream.subarray(at, at + 1));
    expect(
      read(ours)
        .filter(({ data }) => data !== undefined)
        .map(({ event, data }) => ({ event, data })),
    ).to.deep.equal(theirs);
  });
});

describe("writeSse", () => {
  it("writes what the reader reads", () => {
    const line = fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n\0]/g, ""));
    const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
    const text = fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join("\n"));
    const fields = fc.record({
      event: line,
      data: optional(text),
      id: optional(line),
      retry: optional(fc.nat()),
      comment: optional(text),
    });
    fc.assert(
      fc.property(fc.array(fields, { maxLength: 4 }), (all) => {
        const events = readText(all.map(writeSse).join(""));
        expect(
          events.map(({ event, data, id, retry, comment }) => ({ event, data, id, retry, comment })),
        ).to.deep.equal(all);
      }),
    );
  });

  it("lets no value begin a line of its own", () => {
    expect(writeSse({ data: "a\r\n\r\nevent: error\rb" })).to.equal(
      "data: a\ndata: \ndata: event: error\ndata: b\n\n",
    );
    expect(writeSse({ comment: "a\ndata: b" })).to.equal(": a\n: data: b\n\n");
    for (const bad of ["a\nb", "a\rb", "a\0"]) {
      expect(catchM2MError(() => writeSse({ event: bad })).code).to.equal("M2M_USAGE");
      expect(catchM2MError(() => writeSse({ id: bad })).code).to.equal("M2M_USAGE");
    }
    expect(catchM2MError(() => writeSse({ retry: 0.5 })).code).to.equal("M2M_USAGE");
  });
});
