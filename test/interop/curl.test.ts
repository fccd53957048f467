import { expect } from "chai";
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { TEXT } from "../helpers/upstream/answer.js";
import { describeRoutes } from "./routes.js";

const run = promisify(execFile);

describeRoutes("curl", [], (route) => {
  before(function () {
    if (spawnSync("curl", ["--version"]).status !== 0) this.skip();
  });

  const curl = async (fields: object, ...options: string[]): Promise<string> => {
    const body = JSON.stringify({
      model: "gpt-4o",
      messages: [{ role: "user", content: "Say hello." }],
      ...fields,
    });
    const { stdout } = await run("curl", [
      ...["--silent", "--show-error", "--noproxy", "*", ...options],
      ...["--header", "content-type: application/json", "--header", "authorization: Bearer sk-curl"],
      ...["--data-binary", body, `${route().url}/v1/chat/completions`],
    ]);
    return stdout;
  };

  it("chat", async () => {
    expect(JSON.parse(await curl({})).choices[0].message.content).to.equal(TEXT);
  });

  it("a stream, unbuffered", async () => {
    const events = (await curl({ stream: true }, "--no-buffer")).split("\n\n");
    expect(events.slice(-2)).to.deep.equal(["data: [DONE]", ""]);
  });

  it("HTTP/1.0", async () => {
    expect(JSON.parse(await curl({}, "--http1.0")).choices[0].message.content).to.equal(TEXT);
  });

  it("an upload that waits for 100 Continue", async () => {
    const answer = await curl({ padding: "x".repeat(100_000) }, "--header", "expect: 100-continue");
    expect(JSON.parse(answer).choices[0].message.content).to.equal(TEXT);
  });

  it("a body in chunks", async () => {
    const answer = await curl({}, "--header", "transfer-encoding: chunked");
    expect(JSON.parse(answer).choices[0].message.content).to.equal(TEXT);
    expect(route().upstream.last.json.model).to.equal("gpt-4o");
  });

  it("an answer that is compressed on request", async () => {
    const answer = await curl({}, "--compressed", "--header", "x-script: gzip");
    expect(JSON.parse(answer).choices[0].message.content).to.equal(TEXT);
  });
});
