import type { IncomingMessage } from "node:http";
import { expect } from "chai";
import fc from "fast-check";
import { TrustedProxies } from "../../src/http/index.js";
import { catchM2MError } from "../helpers/catch-error.js";

/** The client of a request that comes from `remoteAddress`. */
function clientOf(
  trust: string,
  remoteAddress: string,
  headers: IncomingMessage["headers"],
): string | undefined {
  return TrustedProxies.parse(trust, "--trust-proxy").addressOf({
    headers,
    socket: { remoteAddress },
  } as IncomingMessage);
}

describe("trusted proxies", () => {
  const cases: [
    what: string,
    trust: string,
    from: string,
    headers: IncomingMessage["headers"],
    client: string,
  ][] = [
    ["one hop", "1", "10.0.0.1", { "x-forwarded-for": "6.6.6.6, 1.2.3.4" }, "1.2.3.4"],
    ["two hops", "2", "10.0.0.1", { "x-forwarded-for": "6.6.6.6, 1.2.3.4, 10.0.0.2" }, "1.2.3.4"],
    ["more hops than there are", "5", "10.0.0.1", { "x-forwarded-for": "1.2.3.4" }, "1.2.3.4"],
    ["no header", "1", "1.2.3.4", {}, "1.2.3.4"],
    ["an empty header", "1", "1.2.3.4", { "x-forwarded-for": "" }, "1.2.3.4"],
    ["a network", "10.0.0.0/8", "10.0.0.1", { "x-forwarded-for": "6.6.6.6, 1.2.3.4, 10.9.9.9" }, "1.2.3.4"],
    ["a stranger, whatever he says", "10.0.0.0/8", "1.2.3.4", { "x-forwarded-for": "6.6.6.6" }, "1.2.3.4"],
    ["a dual socket", "10.0.0.1", "::ffff:10.0.0.1", { "x-forwarded-for": "1.2.3.4" }, "1.2.3.4"],
    ["only proxies", "10.0.0.0/8", "10.0.0.1", { "x-forwarded-for": "10.0.0.3, 10.0.0.2" }, "10.0.0.3"],
    ["IPv6 with a port", "fd00::/8", "fd00::1", { "x-forwarded-for": "[2001:db8::1]:443" }, "2001:db8::1"],
    ["IPv4 with a port", "1", "10.0.0.1", { "x-forwarded-for": "1.2.3.4:5678" }, "1.2.3.4"],
    ["what is no address", "2", "10.0.0.1", { "x-forwarded-for": "1.2.3.4, unknown" }, "10.0.0.1"],
    [
      "Forwarded",
      "1",
      "10.0.0.1",
      { forwarded: 'for=6.6.6.6, For="[2001:db8::1]:443";proto=https' },
      "2001:db8::1",
    ],
    ["Forwarded that hides", "1", "10.0.0.1", { forwarded: "for=_hidden;by=10.0.0.1" }, "10.0.0.1"],
    ["both headers", "1", "10.0.0.1", { forwarded: "for=6.6.6.6", "x-forwarded-for": "1.2.3.4" }, "1.2.3.4"],
  ];
  for (const [what, trust, from, headers, client] of cases) {
    it(`find the client: ${what}`, () => expect(clientOf(trust, from, headers)).to.equal(client));
  }

  it("are refused if they are none", () => {
    for (const text of [
      "0",
      "17",
      "",
      "1,",
      "10.0.0.0/33",
      "10.0.0.0/8/8",
      "fd00::/129",
      "box.example",
      "-1",
      "10.0.0.0/a",
    ]) {
      const error = catchM2MError(() => TrustedProxies.parse(text, "--trust-proxy"));
      expect([error.code, error.message.startsWith("--trust-proxy takes")], text).to.deep.equal([
        "M2M_USAGE",
        true,
      ]);
    }
  });

  it("make of a client whatever it sends nobody else", () => {
    // The last element is the proxy's own; all before it is the client's.
    fc.assert(
      fc.property(fc.string(), (sent) => {
        for (const trust of ["1", "10.0.0.0/8"])
          expect(clientOf(trust, "10.0.0.1", { "x-forwarded-for": `${sent}, 1.2.3.4` })).to.equal("1.2.3.4");
      }),
    );
  });
});
