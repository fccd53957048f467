import type { IncomingMessage } from "node:http";
import type { Dispatcher } from "undici";
import { isJsonObject, member, tryParseJson } from "../shared/json-value.js";
import { noUpstream, upstreamError } from "./attempt-error.js";
import type { ProxyCore } from "./core.js";
import { headerValue, returnedHeaders } from "./headers.js";
import type { LoggedRequest } from "./logged-request.js";
import type { Dialect } from "./providers/index.js";
import { CODINGS, headersFor, IDENTITY } from "./request-headers.js";
import type { Upstream } from "./upstream/upstream.js";
import type { WholeAnswer } from "./whole-answer.js";

/** So long is waited for all lists together: who takes longer is left out. */
const MAX_WAIT_MS = 5000;
const MAX_LIST_BYTES = 4 * 1024 * 1024;
const OWN_LENGTH: ReadonlySet<string> = new Set(["content-length"]);

/**
 * The models of all upstreams that answer in time, in the order of the upstreams, each id once: of an upstream that names its models
 * only those, since requests for others are not sent there. If none has a list, the first answer there is.
 * @param path with its query
 * @throws {UpstreamError} if nobody answers
 */
export async function listModels(
  core: ProxyCore,
  request: IncomingMessage,
  path: string,
  dialect: Dialect,
  logged: LoggedRequest,
): Promise<WholeAnswer> {
  const nowMs = performance.now();
  const asked = core.upstreams.filter(({ breaker }) => breaker.state(nowMs) !== "open");
  if (asked.length === 0) throw noUpstream();
  const signal = AbortSignal.timeout(MAX_WAIT_MS);
  const found = await Promise.all(
    asked.map(async (upstream) => {
      const headers = headersFor(core.gatekeeper, request, upstream, dialect, CODINGS, IDENTITY);
      const { name } = upstream;
      try {
        const answer = await askWhole(upstream, { path: withoutCursors(path), headers }, signal);
        const models = modelsOf(upstream, answer);
        if (!models)
          core.logger.warn({ ...logged, upstream: name, status: answer.status }, "no list of models");
        return { answer, models };
      } catch (cause) {
        const error = upstreamError(cause as Error);
        core.logger.warn(
          { ...logged, upstream: name, code: error.code, reason: error.message },
          "no list of models",
        );
        return { error };
      }
    }),
  );
  const lists = found.flatMap(({ models }) => (models ? [models] : []));
  if (lists.length > 0) return mergedPage(lists);
  const answer = found.find((one) => one.answer)?.answer;
  if (answer) return answer;
  throw found.find(({ error }) => error)?.error ?? noUpstream();
}

type Entry = Readonly<Record<string, unknown>> & { readonly id: string };

function mergedPage(lists: readonly (readonly Entry[])[]): WholeAnswer {
  const byId = new Map<string, Entry>();
  for (const model of lists.flat()) if (!byId.has(model.id)) byId.set(model.id, model);
  const ids = [...byId.keys()];
  // The members of OpenAI's list and of Anthropic's page: none is in the way of the other.
  const page = { has_more: false, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null };
  const body = Buffer.from(JSON.stringify({ object: "list", data: [...byId.values()], ...page }));
  return { status: 200, headers: ["content-type", "application/json"], body };
}

/** A cursor of one list is an error to the next, and nobody is told of a second page. */
function withoutCursors(path: string): string {
  const [plain, query = ""] = path.split("?", 2);
  const kept = query.split("&").filter((pair) => !/^(?:after|before)_id(?:=|$)/.test(pair));
  return kept.join("") === "" ? plain : `${plain}?${kept.join("&")}`;
}

/** The entries of a list, as they are; `undefined` if it is none. */
function modelsOf(upstream: Upstream, { status, body }: WholeAnswer): readonly Entry[] | undefined {
  const data = status === 200 ? member(tryParseJson(body.toString()), "data") : undefined;
  if (!Array.isArray(data)) return undefined;
  return data.filter(
    (model): model is Entry =>
      isJsonObject(model) && typeof model.id === "string" && upstream.serves(model.id),
  );
}

/** @throws whatever the connection does, and a `RangeError` of an answer that is too large */
function askWhole(
  upstream: Upstream,
  { path, headers }: { readonly path: string; readonly headers: string[] },
  signal: AbortSignal,
): Promise<WholeAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    let status = 0;
    let received: readonly (Buffer | string)[] = [];
    let controller: Dispatcher.DispatchController | undefined;
    const stop = (error: Error): void => {
      reject(error);
      controller?.abort(error);
    };
    const late = Object.assign(new Error("The upstream did not answer in time."), {
      code: "UND_ERR_HEADERS_TIMEOUT",
    });
    signal.addEventListener("abort", () => stop(late), { once: true });
    upstream.dispatch(
      { method: "GET", path, headers },
      {
        onRequestStart(started) {
          controller = started;
          if (signal.aborted) started.abort(late);
        },
        onResponseStart(started, code) {
          status = code;
          received = (started.rawHeaders ?? []) as readonly (Buffer | string)[];
          if ((headerValue(received, "content-encoding") ?? "identity") !== "identity")
            stop(new RangeError("The answer is coded."));
        },
        onResponseData(_controller, chunk) {
          sizeBytes += chunk.length;
          if (sizeBytes > MAX_LIST_BYTES) stop(new RangeError("The answer is too large."));
          else chunks.push(chunk);
        },
        onResponseEnd() {
          const returned = returnedHeaders(received, OWN_LENGTH);
          resolve({ status, headers: returned, body: Buffer.concat(chunks) });
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
}
