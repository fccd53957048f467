import { expect } from "chai";
import { createLogger, HeldBytes } from "../../src/http/index.js";
import { createApp } from "../../src/server/app.js";
import { RequestMetrics } from "../../src/server/metrics/requests.js";
import type { Route } from "../../src/server/route.js";
import type { ServerServices } from "../../src/server/services.js";
import { listenLocally } from "../http/connection.js";

describe("the requests of a route", () => {
  it("have one signal, however often it is read", async () => {
    let seen: unknown;
    const route: Route<ServerServices> = {
      method: "GET",
      path: "/signal",
      operation: "signal",
      tag: "Test",
      summary: "Reads its signal.",
      replies: {},
      handle(request) {
        const signals = [request.signal, request.signal];
        seen = { isOne: signals[0] === signals[1], isAborted: signals[0].aborted };
        return { status: 204 };
      },
    };
    const services: Pick<ServerServices, "metrics" | "isDraining"> = {
      metrics: new RequestMetrics("1", () => expect.fail("nobody asks")),
      isDraining: () => false,
    };
    const app = createApp({
      services: services as ServerServices,
      routes: [route],
      maxBodyBytes: 1000,
      maxJsonDepth: 10,
      maxActiveRequests: 1,
      held: new HeldBytes({ maxBytes: 1000, noRoom: () => new Error("no room") }),
      addressOf: () => "127.0.0.1",
      logger: createLogger({ level: "info", json: true, write: (line) => expect.fail(line) }),
    });
    const listener = await listenLocally(app);
    expect((await fetch(`${listener.url}/signal`)).status).to.equal(204);
    expect(seen).to.deep.equal({ isOne: true, isAborted: false });
    await listener.close(0);
  });
});
