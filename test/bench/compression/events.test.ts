import { expect } from "chai";
import fc from "fast-check";
import { isEventStream, splitEvents } from "./events.js";

describe("events of a stream", () => {
  it("end with their blank line", () => {
    expect(splitEvents("data: a\n\nevent: b\ndata: c\n\n")).to.deep.equal([
      "data: a\n\n",
      "event: b\ndata: c\n\n",
    ]);
    expect(splitEvents("data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n")).to.deep.equal([
      "data: a\r\ndata: b\r\n\r\n",
      "data: c\r\n\r\n",
    ]);
    expect(splitEvents("data: a\r\rdata: b\r\r")).to.deep.equal(["data: a\r\r", "data: b\r\r"]);
  });

  it("take further blank lines with them", () => {
    expect(splitEvents("data: a\n\n\n\ndata: b\n\n")).to.deep.equal(["data: a\n\n\n\n", "data: b\n\n"]);
  });

  it("may be cut at the end", () => {
    expect(splitEvents("data: a\n\ndata: b")).to.deep.equal(["data: a\n\n", "data: b"]);
    expect(splitEvents("")).to.deep.equal([]);
  });

  it("are the stream, and no event has a blank line within", () => {
    const pieces = fc.array(fc.constantFrom("\r", "\n", "\r\n", "data: x", ": y", "{}"));
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join("");
        const events = splitEvents(text);
        expect(events.join("")).to.equal(text);
        for (const event of events) {
          const lines = event.replace(/[\r\n]+$/u, "").split(/\r\n|\n|\r/u);
          // Only the first line of a stream can be blank with no event before it.
          expect(lines.slice(1)).to.not.include("");
        }
      }),
    );
  });

  it("are not looked for in JSON", () => {
    expect(isEventStream('{"data": "a\n\n"}')).to.equal(false);
    expect(isEventStream('{\n\n"data": 1}')).to.equal(false);
    expect(isEventStream("data: never ended")).to.equal(false);
    expect(isEventStream("database\n\n")).to.equal(false);
    for (const opening of [
      "data: x",
      "event: ping",
      ": comment",
      "id: 1",
      "retry: 5",
      "data",
      "\uFEFFdata:",
    ]) {
      expect(isEventStream(`${opening}\n\n`), opening).to.equal(true);
    }
  });
});
