import { expect } from "chai";
import fc from "fast-check";
import { readPackagedPrior } from "../../../src/codec/context/index.js";
import { openPrior, PRIOR_VERSION } from "../../../src/codec/context/prior/prior-file.js";
import { findPersonal, PERSONAL } from "../../../models/prior/personal.js";
import { catchM2MError } from "../../helpers/catch-error.js";

describe("codec/context/prior", () => {
  const file = readPackagedPrior();

  it("is at most 4 MB", () => expect(file.length).to.be.at.most(4_000_000));

  it("opens at any offset of a larger buffer", () => {
    const { hash } = openPrior(file);
    const moved = new Uint8Array(file.length + 3).subarray(3);
    moved.set(file);
    expect(openPrior(moved).hash).to.equal(hash);
  });

  it("refuses what is cut or damaged", () => {
    for (const size of [0, 31, 32, 1000, file.length - 1]) {
      expect(catchM2MError(() => openPrior(file.subarray(0, size))).code).to.equal("M2M_PRIOR_INVALID");
    }
    fc.assert(
      fc.property(fc.integer({ min: 8, max: file.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const damaged = new Uint8Array(file);
        damaged[at] ^= 1 << bit;
        expect(catchM2MError(() => openPrior(damaged)).code).to.equal("M2M_PRIOR_INVALID");
      }),
      { numRuns: 20 },
    );
    const later = new Uint8Array(file);
    later[4] = PRIOR_VERSION + 1;
    expect(catchM2MError(() => openPrior(later)).code).to.equal("M2M_VERSION_UNSUPPORTED");
  });

  it("says nothing that points to a person or opens a door", () => {
    const text = Buffer.from(openPrior(file).text).toString("utf8");
    expect(findPersonal(text)).to.deep.equal([]);
  });

  it("would see such things", () => {
    const examples: Record<string, string> = {
      "e-mail address": "write to jo.doe@mail.example today",
      "IPv4 address": "from 192.0.2.17 to",
      "telephone number": "call +1 202 555 0100",
      "home folder": ["open ", "home", "somebody", "notes"].join("/"),
      key: "sk-proj_0123456789abcdefXYZ",
      token: "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig",
      "random text": "id a81Jk20sLqP5x7Yb3Zc9Vd4W6",
      "card or account number": "4111111111111111",
    };
    for (const [name] of PERSONAL) expect(findPersonal(examples[name]), name).to.include(name);
    expect(findPersonal('{"model":"gpt-4o-mini-2024-07-18","content":"Hello"}')).to.deep.equal([]);
  });
});
