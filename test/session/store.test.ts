import { expect } from "chai";
import fc from "fast-check";
import { readMessage, rejectionFor, Session, writeMessage } from "../../src/session/index.js";
import { M2MError } from "../../src/shared/errors.js";
import { catchM2MError } from "../helpers/catch-error.js";
import { Clock, makePair, makeSession, scannerOf, stateOf } from "./pair.js";

/** A part of a snapshot, as far as the tests look into it. */
interface Nested {
  [member: string]: Nested;
}

const copy = (session: Session): Record<string, unknown> =>
  JSON.parse(stateOf(session)) as Record<string, unknown>;

describe("session snapshots", () => {
  it("go on where the session was, in another process", async () => {
    const capabilities = { extensions: new Map([["__proto__", "x"]]) };
    const { clock, initiator, responder } = await makePair({ capabilities });
    await responder.receive(await initiator.send("Hello"));
    clock.atMs += 60_000;
    initiator.tick();
    for (const session of [initiator, responder]) {
      const restored = Session.fromJSON(copy(session), { nowMs: clock.nowMs });
      expect(copy(restored)).to.deep.equal(copy(session));
      expect(restored.agreed).to.deep.equal(session.agreed);
      expect(restored.nextDeadlineMs()).to.equal(session.nextDeadlineMs());
    }
    const there = Session.fromJSON(copy(responder), { nowMs: clock.nowMs });
    const { data } = await there.receive(writeMessage(await initiator.send("again")));
    expect(data?.text).to.equal("again");
    expect(there.counters.received.dataMessages).to.equal(2);
    expect(there.revision).to.be.greaterThan(responder.revision);
  });

  it("hold every state", async () => {
    const clock = new Clock();
    const fresh = makeSession("responder", clock);
    const waiting = makeSession("initiator", clock);
    waiting.connect();
    const rejected = makeSession("initiator", clock);
    rejected.connect();
    await rejected.receive('{"type":"REJECT","payload":{"code":"UNKNOWN","message":"no"},"timestamp":1}');
    const { initiator: closing } = await makePair();
    closing.close();
    for (const session of [fresh, waiting, rejected, closing]) {
      const restored = Session.fromJSON(copy(session), { nowMs: clock.nowMs });
      expect(copy(restored)).to.deep.equal(copy(session));
      expect(restored.end).to.deep.equal(session.end);
    }
  });

  it("are refused if they promise a scanner that is not there", async () => {
    const { initiator } = await makePair({ scanner: scannerOf(0) });
    expect(catchM2MError(() => Session.fromJSON(copy(initiator))).code).to.equal("M2M_USAGE");
    expect(Session.fromJSON(copy(initiator), { scanner: scannerOf(0) }).state).to.equal("established");
  });

  it("are checked", async () => {
    const { initiator } = await makePair();
    const changes: ((snapshot: Nested) => unknown)[] = [
      () => null,
      () => [],
      (s) => ({ ...s, format: 2 }),
      (s) => ({ ...s, role: "both" }),
      (s) => ({ ...s, state: "open" }),
      (s) => ({ ...s, state: "initial" }),
      (s) => ({ ...s, state: "closed" }),
      (s) => ({ ...s, state: "closing" }),
      (s) => ({ ...s, id: undefined }),
      (s) => ({ ...s, id: "a b" }),
      (s) => ({ ...s, peer: undefined }),
      (s) => ({ ...s, peer: { ...s.peer, version: "4.0" } }),
      (s) => ({ ...s, peer: { ...s.peer, version: "9" } }),
      (s) => ({
        ...s,
        local: { ...s.local, compression: { ...s.local.compression, algorithms: ["token"] } },
      }),
      (s) => ({ ...s, liveness: { ...s.liveness, heardAtMs: -1 } }),
      (s) => ({ ...s, liveness: { ...s.liveness, unanswered: "1" } }),
      (s) => ({ ...s, counters: {} }),
      (s) => ({ ...s, revision: 1.5 }),
      (s) => ({ ...s, end: { reason: "boredom", by: "peer" } }),
    ];
    for (const change of changes) {
      const error = catchM2MError(() => Session.fromJSON(change(copy(initiator) as Nested)));
      expect(error.code, String(change)).to.equal("M2M_SNAPSHOT_INVALID");
    }
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(catchM2MError(() => Session.fromJSON(value))).to.be.instanceOf(M2MError);
      }),
    );
  });
});

describe("the options of a session", () => {
  const code = (options: object): string =>
    catchM2MError(() => new Session({ role: "initiator", ...options })).code;

  it("promise only what is there, and what peers can read", () => {
    for (const options of [
      { role: "server" },
      { capabilities: { version: "5.0" } },
      { capabilities: { compression: { algorithms: [] } } },
      { capabilities: { compression: { algorithms: ["dictionary"] } } },
      { capabilities: { compression: { algorithms: ["zip"] } } },
      { capabilities: { compression: { encodings: ["klingon"] } } },
      { capabilities: { compression: { maxPayloadBytes: -1 } } },
      { capabilities: { security: { threatDetection: true } } },
      { capabilities: { security: { blocking: true } } },
      { capabilities: { security: { blockThreshold: 2 } } },
      { capabilities: { agentType: "x".repeat(200) } },
      { capabilities: { extensions: new Map([["a", 1]]) } },
      { versions: ["9"] },
      { versions: [] },
      { versions: "3.0" },
      { codec: { quality: 99 } },
      { codec: { level: "most" } },
      { codec: null },
      { scanner: {} },
      { scanner: null },
    ]) {
      expect(code(options), JSON.stringify(options)).to.equal("M2M_USAGE");
    }
    for (const options of [null, 5]) {
      expect(catchM2MError(() => new Session(options as never)).code).to.equal("M2M_USAGE");
    }
  });

  it("give ids of 128 random bits", async () => {
    const { responder } = await makePair({}, { randomBytes: (size) => new Uint8Array(size).fill(0xff) });
    expect(responder.id).to.equal("ffffffff-ffff-ffff-ffff-ffffffffffff");
    const ids = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const session = new Session({ role: "responder" });
      const { reply } = await session.receive(new Session({ role: "initiator" }).connect());
      expect(session.id).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(reply).to.include({ sessionId: session.id });
      ids.add(session.id!);
    }
    expect(ids.size).to.equal(50);
  });

  it("let a side choose versions and require security", async () => {
    const hello = makeSession("initiator", new Clock(), { capabilities: { version: "4.0" } }).connect();
    const old = makeSession("responder", new Clock(), { versions: ["3.0"] });
    expect((await old.receive(hello)).reply).to.deep.include({ type: "REJECT" });
    expect(old.end?.rejection).to.deep.equal({
      code: "VERSION_MISMATCH",
      message: 'Version "4.0" does not fit; this side speaks 3.0.',
    });
    const both = makeSession("responder", new Clock());
    await both.receive(hello);
    expect(both.agreed).to.deep.include({ version: "4.0", algorithms: ["token-native", "brotli", "none"] });
    const unknown = makeSession("responder", new Clock());
    await unknown.receive('{"type":"HELLO","payload":{"version":"2.0"},"timestamp":1}');
    expect(unknown.end?.rejection?.code).to.equal("VERSION_MISMATCH");
    const strict = { requireSecurity: true, scanner: scannerOf(0) };
    const guarded = makeSession("responder", new Clock(), strict);
    await guarded.receive(hello);
    expect(guarded.end?.rejection?.code).to.equal("SECURITY_POLICY");
    const initiator = makeSession("initiator", new Clock(), strict);
    const answer = await makeSession("responder", new Clock()).receive(initiator.connect());
    const { reply } = await initiator.receive(answer.reply!);
    expect(reply?.type).to.equal("CLOSE");
    expect(initiator.end).to.deep.include({ reason: "rejected", by: "local" });
  });

  it("tell a peer codes and nothing else of errors", () => {
    const error = catchM2MError(() => readMessage("secret"));
    expect(rejectionFor(error)).to.deep.equal({ code: "UNKNOWN", message: "M2M_JSON_INVALID" });
    expect(rejectionFor(new Error("secret"))).to.deep.equal({ code: "UNKNOWN", message: "" });
  });
});
