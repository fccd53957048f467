import { expect } from "chai";
import fc from "fast-check";
import { M2MError } from "../../src/shared/errors.js";
import { bytesOf, Fixture, PATIENCE } from "./fixture.js";
import { chunked, cutAfter, file, sha256, status, type Handler } from "./hub-server.js";

const SIZE = 20_000;
const RIGHT = bytesOf(SIZE, 11);
const OTHER = bytesOf(SIZE, 12);
const OLD = bytesOf(500, 13);

/** What a server may do with one request. */
const behaviour: fc.Arbitrary<Handler> = fc.oneof(
  fc
    .record({ at: fc.integer({ min: 0, max: SIZE }), other: fc.boolean(), tag: fc.boolean() })
    .map(({ at, other, tag }) => cutAfter(other ? OTHER : RIGHT, at, tag ? { etag: '"same"' } : {})),
  fc.constantFrom(500, 503, 429).map((code) => status(code)),
  fc.constantFrom(file(RIGHT), file(RIGHT, { etag: '"same"' }), file(OTHER), file(OTHER, { etag: '"same"' })),
  fc.constantFrom(
    chunked(RIGHT),
    chunked(OTHER),
    chunked(RIGHT.subarray(0, 9)),
    status(416),
    status(206),
    status(404),
  ),
  fc.constant<Handler>((request) => void request.socket.destroy()),
);

describe("whatever a server does", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  before(async () => {
    fixture = await Fixture.start();
  });
  after(() => fixture.stop());

  it("the model is the right one or, with an error, the old one", async () => {
    const patience = { ...PATIENCE, maxTries: 4 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(behaviour, { minLength: 1, maxLength: 7 }),
        fc.nat(2),
        async (behaviours, calls) => {
          fixture.clear();
          fixture.serveMirror(OLD);
          await fixture.download();
          fixture.serveMirror(RIGHT);
          fixture.server.on("/mirror/model.safetensors", ...behaviours);
          for (let call = 0; call <= calls; call++) {
            let expected = OLD;
            try {
              await fixture.download({ force: true, patience });
              expected = RIGHT;
            } catch (error) {
              expect(error).to.be.instanceOf(M2MError);
            }
            expect(sha256(fixture.read("model.safetensors"))).to.equal(sha256(expected));
            if (expected === RIGHT) return;
          }
          fixture.server.on("/mirror/model.safetensors", file(RIGHT));
          await fixture.download({ force: true, patience });
          expect(sha256(fixture.read("model.safetensors"))).to.equal(sha256(RIGHT));
          expect(fixture.files()).to.deep.equal(["config.json", "m2m-model.json", "model.safetensors"]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
