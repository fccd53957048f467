import { expect } from "chai";
import { Session, type Message, type SessionOptions } from "../../src/session/index.js";
import { catchM2MError, rejection } from "../helpers/catch-error.js";
import { Clock, makePair, makeSession, stateOf } from "./pair.js";

/** Every message that time brings about until `untilMs`, with its moment. */
function run(session: Session, clock: Clock, forMs: number): [number, string][] {
  const startMs = clock.atMs;
  const events: [number, string][] = [];
  for (;;) {
    const next = session.nextDeadlineMs();
    if (next === undefined || next > startMs + forMs) break;
    clock.atMs = next;
    const message = session.tick();
    events.push([clock.atMs - startMs, message?.type ?? session.end?.reason ?? "nothing"]);
  }
  clock.atMs = startMs + forMs;
  return events;
}

describe("the time of a session", () => {
  it("brings a PING every 60 s while the peer answers", async () => {
    const { clock, initiator, responder } = await makePair();
    for (let minute = 0; minute < 20; minute++) {
      expect(run(initiator, clock, 60_000)).to.deep.equal([[60_000, "PING"]]);
      const { reply } = await responder.receive({ type: "PING", sessionId: responder.id!, timestampMs: 0 });
      await initiator.receive(reply as Message);
    }
    expect([initiator.state, responder.state]).to.deep.equal(["established", "established"]);
    // The side that hears PINGs sends none of its own.
    expect(responder.counters.sent.messages).to.equal(21);
  });

  it("ends a session after three missed PONGs", async () => {
    const { clock, initiator } = await makePair();
    expect(run(initiator, clock, 600_000)).to.deep.equal([
      [60_000, "PING"],
      [120_000, "PING"],
      [180_000, "PING"],
      [190_000, "CLOSE"],
    ]);
    expect(initiator.end).to.deep.equal({ reason: "missed-pongs", by: "time" });
    expect((await rejection(initiator.send("x"))).code).to.equal("M2M_SESSION_EXPIRED");
  });

  it("takes any message for a sign of life, a late PONG too", async () => {
    const { clock, initiator } = await makePair();
    run(initiator, clock, 185_000);
    await initiator.receive({ type: "PONG", sessionId: initiator.id!, timestampMs: 0 });
    await initiator.receive({ type: "PONG", sessionId: initiator.id!, timestampMs: 0 });
    expect(initiator.nextDeadlineMs()).to.equal(clock.atMs + 60_000);
    expect(initiator.toJSON().liveness.unanswered).to.equal(0);
  });

  it("ends a session after five idle minutes", async () => {
    const { clock, responder } = await makePair({ timing: { keepAliveMs: Infinity } });
    expect(responder.expiresAtMs()).to.equal(clock.atMs + 300_000);
    expect(run(responder, clock, 299_999)).to.deep.equal([]);
    expect(run(responder, clock, 1)).to.deep.equal([[1, "CLOSE"]]);
    expect(responder.end).to.deep.equal({ reason: "idle", by: "time" });
    expect(responder.nextDeadlineMs()).to.equal(undefined);
  });

  it("refuses what comes too late, even before the tick, and leaves the end to it", async () => {
    const { clock, initiator, responder } = await makePair({ timing: { keepAliveMs: Infinity } });
    const message = await initiator.send("x");
    clock.atMs += 300_000;
    const before = stateOf(responder);
    expect((await rejection(responder.receive(message))).code).to.equal("M2M_SESSION_EXPIRED");
    expect((await rejection(responder.send("x"))).code).to.equal("M2M_SESSION_EXPIRED");
    expect(stateOf(responder)).to.equal(before);
    expect(responder.tick()?.type).to.equal("CLOSE");
  });

  it("skips the PINGs that nobody sent in time", async () => {
    const { clock, initiator } = await makePair();
    clock.atMs += 3_600_000;
    expect(initiator.tick()?.type).to.equal("CLOSE");
    const { clock: other, initiator: late } = await makePair();
    other.atMs += 200_000;
    expect(late.tick()?.type).to.equal("PING");
    expect(late.tick()).to.equal(undefined);
    expect(late.nextDeadlineMs()).to.equal(other.atMs + 60_000);
  });

  it("bounds the handshake and the farewell", async () => {
    const clock = new Clock();
    const initiator = makeSession("initiator", clock);
    expect(initiator.nextDeadlineMs()).to.equal(undefined);
    initiator.connect();
    expect(run(initiator, clock, 60_000)).to.deep.equal([[30_000, "handshake-timeout"]]);
    const responder = makeSession("responder", clock);
    expect(run(responder, clock, 60_000)).to.deep.equal([[30_000, "handshake-timeout"]]);
    const { clock: other, initiator: closing } = await makePair();
    closing.close();
    expect(run(closing, other, 60_000)).to.deep.equal([[5_000, "close-timeout"]]);
    expect(closing.state).to.equal("closed");
  });

  it("never goes back", async () => {
    const { clock, initiator } = await makePair();
    const startMs = clock.atMs;
    clock.atMs = 10;
    expect((await initiator.send("x")).timestampMs).to.equal(startMs);
    expect(initiator.tick()).to.equal(undefined);
    clock.atMs = startMs + 60_000;
    expect(initiator.tick()?.type).to.equal("PING");
  });

  it("can be configured, and refuses what is no time", async () => {
    const timing = { keepAliveMs: 100, maxMissedPongs: 1, pongTimeoutMs: 50 };
    const { clock, initiator } = await makePair({ timing });
    expect(run(initiator, clock, 1000)).to.deep.equal([
      [100, "PING"],
      [150, "CLOSE"],
    ]);
    for (const wrong of [{ idleMs: 0 }, { keepAliveMs: NaN }, { closeMs: "5" as unknown as number }]) {
      const options: SessionOptions = { role: "initiator", timing: wrong };
      expect(catchM2MError(() => new Session(options)).code).to.equal("M2M_USAGE");
    }
    for (const wrong of [NaN, Infinity, -1, 2 ** 60]) {
      expect(catchM2MError(() => initiator.tick(wrong)).code).to.equal("M2M_USAGE");
      const options: SessionOptions = { role: "initiator", nowMs: () => wrong };
      expect(catchM2MError(() => new Session(options)).code).to.equal("M2M_USAGE");
    }
  });
});
