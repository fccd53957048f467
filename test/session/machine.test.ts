import { expect } from "chai";
import fc from "fast-check";
import {
  SESSION_EVENTS,
  SESSION_STATES,
  TRANSITIONS,
  writeMessage,
  type AcceptMessage,
  type HelloMessage,
  type Message,
  type MessageType,
  type Role,
  type Session,
  type SessionState,
} from "../../src/session/index.js";
import { ProtocolError, type M2MError } from "../../src/shared/errors.js";
import { acceptFor, Clock, makeSession, stateOf } from "./pair.js";

const ACTIONS = [
  "connect",
  "send",
  "ping",
  "close",
  "HELLO",
  "HELLO of another version",
  "ACCEPT",
  "ACCEPT of another version",
  "REJECT",
  "DATA",
  "PING",
  "PONG",
  "CLOSE",
  "DATA of another session",
] as const;
type Action = (typeof ACTIONS)[number];

/** Answers of the model: what is emitted, or that it is refused. */
type Answer = MessageType | "nothing" | "refused";

/** The slow obvious twin: it counts seconds and knows no table. */
class Model {
  state: SessionState = "initial";
  age = 0;
  quiet = 0;
  idle = 0;
  unanswered = 0;

  readonly role: Role;

  constructor(role: Role) {
    this.role = role;
  }

  second(): Answer {
    this.age++;
    this.quiet++;
    this.idle++;
    if (this.state === "hello-sent" && this.age >= 30) return this.go("closed", "nothing");
    if (this.state === "initial" && this.role === "responder" && this.age >= 30)
      return this.go("closed", "nothing");
    if (this.state === "closing" && this.age >= 5) return this.go("closed", "nothing");
    if (this.state !== "established") return "nothing";
    if (this.idle >= 300) return this.go("closed", "CLOSE");
    if (this.unanswered >= 3) return this.quiet >= 10 ? this.go("closed", "CLOSE") : "nothing";
    return this.quiet >= 60 ? this.pings() : "nothing";
  }

  act(action: Action): Answer {
    const { state, role } = this;
    if (state === "closed") return "refused";
    if (action === "connect") {
      return state === "initial" && role === "initiator" ? this.go("hello-sent", "HELLO") : "refused";
    }
    if (action === "close") {
      return state === "established"
        ? this.go("closing", "CLOSE")
        : state === "closing"
          ? "refused"
          : this.go("closed", "nothing");
    }
    if (action === "send") {
      if (state !== "established") return "refused";
      this.idle = 0;
      return "DATA";
    }
    if (action === "ping") return state === "established" ? this.pings() : "refused";
    if (action === "HELLO" || action === "HELLO of another version") {
      if (state !== "initial" || role !== "responder") return "refused";
      return action === "HELLO" ? this.go("established", "ACCEPT") : this.go("closed", "REJECT");
    }
    if (action === "ACCEPT" || action === "ACCEPT of another version") {
      if (state !== "hello-sent") return "refused";
      return action === "ACCEPT" ? this.go("established", "nothing") : this.go("closed", "CLOSE");
    }
    if (action === "REJECT") return state === "initial" ? "refused" : this.go("closed", "nothing");
    if (state !== "established" && state !== "closing") return "refused";
    if (action === "DATA of another session") return "refused";
    this.quiet = this.idle = this.unanswered = 0;
    if (action === "PING") return state === "established" ? "PONG" : "nothing";
    if (action === "CLOSE") return this.go("closed", state === "established" ? "CLOSE" : "nothing");
    return "nothing";
  }

  private pings(): Answer {
    this.quiet = 0;
    this.unanswered++;
    return "PING";
  }

  private go(state: SessionState, answer: Answer): Answer {
    this.state = state;
    this.age = this.quiet = this.idle = this.unanswered = 0;
    return answer;
  }
}

interface Messages {
  readonly hello: HelloMessage;
  readonly accept: AcceptMessage;
  readonly otherAccept: AcceptMessage;
}

/** What a session answers to an action. */
async function act(
  session: Session,
  action: Action,
  { hello, accept, otherAccept }: Messages,
): Promise<Answer> {
  const sessionId = session.id ?? "none";
  const receive = async (message: Message): Promise<Answer> =>
    (await session.receive(message)).reply?.type ?? "nothing";
  try {
    switch (action) {
      case "connect":
        return session.connect().type;
      case "send":
        return (await session.send("Hello")).type;
      case "ping":
        return session.ping().type;
      case "close":
        return session.close()?.type ?? "nothing";
      case "HELLO":
        return await receive(hello);
      case "HELLO of another version":
        return await receive({ type: "HELLO", version: "2.0", timestampMs: 0 });
      case "ACCEPT":
        return await receive(accept);
      case "ACCEPT of another version":
        return await receive(otherAccept);
      case "REJECT":
        return await receive({ type: "REJECT", rejection: { code: "UNKNOWN", message: "" }, timestampMs: 0 });
      case "DATA":
      case "DATA of another session":
        return await receive({
          type: "DATA",
          sessionId: action === "DATA" ? sessionId : "another",
          algorithm: "none",
          content: "Hello",
          timestampMs: 0,
        });
      case "PING":
      case "PONG":
      case "CLOSE":
        return await receive({ type: action, sessionId, timestampMs: 0 });
    }
  } catch (error) {
    expect(error).to.be.instanceOf(ProtocolError);
    return "refused";
  }
}

describe("the state machine", () => {
  const initiator = makeSession("initiator", new Clock());
  let messages: Messages;

  before(async () => {
    messages = {
      hello: makeSession("initiator", new Clock()).connect(),
      accept: await acceptFor(initiator),
      otherAccept: await acceptFor(initiator, { version: "4.0" }),
    };
  });

  it("does what the model does, in any order of events and at any pace", async function () {
    this.timeout(60_000);
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom<Action | number>(...ACTIONS) },
      { weight: 2, arbitrary: fc.constantFrom<Action | number>("connect", "HELLO", "ACCEPT") },
      { weight: 2, arbitrary: fc.constantFrom<Action | number>(1, 4, 5, 9, 29, 30, 59, 60, 61, 200, 320) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Role>("initiator", "responder"),
        fc.array(step, { maxLength: 25 }),
        async (role, steps) => {
          const clock = new Clock();
          const session = makeSession(role, clock);
          const model = new Model(role);
          for (const next of steps) {
            if (typeof next === "number") {
              for (let second = 0; second < next; second++) {
                clock.atMs += 1000;
                const deadline = session.nextDeadlineMs() ?? Infinity;
                const before = stateOf(session);
                const answer = session.tick()?.type ?? "nothing";
                expect(answer).to.equal(model.second());
                // Nothing happens before the deadline, and something at it.
                expect(stateOf(session) === before).to.equal(clock.atMs < deadline);
              }
            } else {
              const before = stateOf(session);
              const answer = await act(session, next, messages);
              expect(answer, `${next} in ${model.state}`).to.equal(model.act(next));
              if (answer === "refused") expect(stateOf(session)).to.equal(before);
            }
            expect(session.state).to.equal(model.state);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("has no two transitions for one case, and reaches every state", () => {
    const cases = TRANSITIONS.flatMap(({ from, event, role, guard }) =>
      (role ? [role] : ["initiator", "responder"]).flatMap((side) =>
        (guard ? [guard] : ["agreed", "refused"]).map((fact) => [from, event, side, fact].join()),
      ),
    );
    expect(new Set(cases).size).to.equal(cases.length);
    expect(new Set(TRANSITIONS.map(({ to }) => to)).add("initial")).to.deep.equal(new Set(SESSION_STATES));
    expect(new Set(TRANSITIONS.map(({ event }) => event))).to.deep.equal(new Set(SESSION_EVENTS));
    expect(TRANSITIONS.filter(({ from }) => from === "closed")).to.deep.equal([]);
  });

  it("says of a closed session why it is closed", async () => {
    const code = async (run: () => unknown): Promise<string> => {
      try {
        await run();
      } catch (error) {
        return (error as M2MError).code;
      }
      return "none";
    };
    const rejected = makeSession("initiator", new Clock());
    rejected.connect();
    await rejected.receive(
      '{"type":"REJECT","payload":{"code":"RATE_LIMITED","message":"later"},"timestamp":1}',
    );
    expect(rejected.end).to.deep.equal({
      reason: "rejected",
      by: "peer",
      rejection: { code: "RATE_LIMITED", message: "later" },
    });
    expect(await code(() => rejected.send("x"))).to.equal("M2M_SESSION_REJECTED");
    const late = makeSession("initiator", new Clock(0));
    late.connect();
    late.tick(30_000);
    expect(await code(() => late.receive(messages.accept))).to.equal("M2M_SESSION_EXPIRED");
    const closed = makeSession("initiator", new Clock());
    expect(closed.close()).to.equal(undefined);
    expect(await code(() => closed.connect())).to.equal("M2M_PROTOCOL_STATE");
  });

  it("answers two HELLOs at once with one ACCEPT", async () => {
    const responder = makeSession("responder", new Clock());
    const results = await Promise.allSettled([
      responder.receive(messages.hello),
      responder.receive(messages.hello),
    ]);
    expect(results.map(({ status }) => status).sort()).to.deep.equal(["fulfilled", "rejected"]);
    expect(responder.counters.sent.messages).to.equal(1);
  });

  it("closes at both ends when both close at once", async () => {
    const clock = new Clock();
    const one = makeSession("initiator", clock);
    const other = makeSession("responder", clock);
    await one.receive((await other.receive(writeMessage(one.connect()))).reply as Message);
    const [first, second] = [one.close() as Message, other.close() as Message];
    expect((await one.receive(second)).reply).to.equal(undefined);
    expect((await other.receive(first)).reply).to.equal(undefined);
    expect([one.state, other.state]).to.deep.equal(["closed", "closed"]);
  });
});
