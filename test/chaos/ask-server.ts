import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { Ending } from "./ending.js";

/** Posts a document to a route of `m2m server` and says how that ended; never throws. */
export async function askServer(
  url: string,
  path: string,
  body: object,
  timeoutMs = 10_000,
): Promise<Ending> {
  const outgoing = request(url + path, {
    method: "POST",
    agent: false,
    headers: { "content-type": "application/json" },
    signal: AbortSignal.timeout(timeoutMs),
  });
  outgoing.end(JSON.stringify(body));
  let answer: IncomingMessage | undefined;
  try {
    [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const document = JSON.parse(await text(answer));
    const status = answer.statusCode ?? 0;
    if (status < 400) return { kind: "whole", status };
    const isProblem =
      answer.headers["content-type"]?.startsWith("application/problem+json") && document.status === status;
    return isProblem ? { kind: "refused", status } : { kind: "garbled" };
  } catch (error) {
    const { name, code } = error as NodeJS.ErrnoException;
    if (name === "AbortError" || name === "TimeoutError") return { kind: "hung" };
    if (error instanceof SyntaxError) return { kind: "garbled" };
    return answer ? { kind: "cut" } : { kind: "unreachable", code: code ?? String(error) };
  }
}

/** Sum of the samples of a counter in a Prometheus exposition. */
export async function readCounter(url: string, name: string, labels: RegExp): Promise<number> {
  const exposition = await (await fetch(`${url}/metrics`)).text();
  let sum = 0;
  for (const line of exposition.split("\n")) {
    const sample = /^(\w+)\{([^}]*)\} (\S+)$/u.exec(line);
    if (sample?.[1] === name && labels.test(sample[2])) sum += Number(sample[3]);
  }
  return sum;
}
