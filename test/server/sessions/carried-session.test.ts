import { expect } from "chai";
import {
  CarriedSession,
  createSessionService,
  LinkHistories,
  type SessionLink,
  type SessionService,
} from "../../../src/server/sessions/index.js";
import {
  dictionaryExtensions,
  HISTORY_EXTENSION,
  HISTORY_WINDOW,
  LinkHistory,
  Session,
  writeBinaryData,
  writeMessage,
  type Agreement,
  type Message,
} from "../../../src/session/index.js";
import { memoryStores } from "./fixture.js";

describe("a session on its connection", () => {
  it("keeps no window when the connection has ended, whatever is being answered still", async () => {
    const service = createSessionService(memoryStores());
    let arrive = (): void => {};
    let go = (): void => {};
    const isThere = new Promise<void>((resolve) => (arrive = resolve));
    const gate = new Promise<void>((resolve) => (go = resolve));
    const handle: SessionService["handle"] = async (message, peer) => {
      const handled = await service.handle(message, peer);
      if ((message as Message).type !== "DATA") return handled;
      arrive();
      await gate;
      return handled;
    };
    const sessions = new Proxy(service, {
      get: (target, name: keyof SessionService) => (name === "handle" ? handle : target[name].bind(target)),
    });
    const sent: Message[] = [];
    const link: SessionLink = {
      send: (message) => void sent.push(message),
      push: () => Promise.resolve(),
      end: () => {},
      claim: () => {},
      onError: (error) => expect.fail(String(error)),
    };
    const histories = new LinkHistories(1);
    const limits = { maxMessageBytes: 1_000_000, handshakeMs: 60_000, nowMs: Date.now };
    const carried = new CarriedSession({ sessions, peer: {}, link, histories, ...limits });
    const extensions = new Map([...dictionaryExtensions(), [HISTORY_EXTENSION, HISTORY_WINDOW]]);
    const compression = { algorithms: ["dictionary"] } as const;
    const session = new Session({ role: "initiator", capabilities: { compression, extensions } });
    await carried.take(Buffer.from(writeMessage(session.connect())), false);
    await session.receive(sent[0]);
    const window = new LinkHistory(session.agreed as Agreement);
    const taking = carried.take(writeBinaryData(window.write(await session.send("Hello"))), true);
    await isThere;
    expect(histories.hasRoom).to.equal(false);
    carried.stop();
    expect(histories.hasRoom).to.equal(true);
    go();
    await taking;
    expect(sent).to.have.length(2);
    expect(histories.hasRoom).to.equal(true);
    await service.shutdown();
  });
});
