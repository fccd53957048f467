import { MESSAGE_TYPES, writeMessage } from "../../session/index.js";
import { problemOf } from "../../http/index.js";
import { count, text, oneOf, type JsonSchema } from "../json-schema.js";
import { retryAfter, route } from "../route.js";
import type { ServerServices } from "../services.js";

/** A message of the protocol; docs/spec/session.md says which members a type has. */
export const MESSAGE: JsonSchema = {
  type: "object",
  properties: {
    type: oneOf(MESSAGE_TYPES),
    session_id: text("Of all but HELLO and REJECT.", { minLength: 1, maxLength: 128 }),
    payload: { type: "object" },
    timestamp: count("Milliseconds since 1970. In what is handed over: by the server's clock unless given."),
  },
  required: ["type"],
};

const REFUSED = { summary: "REJECT, or for numbered DATA a PONG that holds the refusal.", schema: MESSAGE };

const EXCHANGE = route<ServerServices>({
  method: "POST",
  path: "/message",
  operation: "exchangeMessage",
  tag: "Sessions",
  summary: "Hand over a protocol message, and take what is answered.",
  description:
    "HELLO begins a session; DATA goes to the other members of its channel, and without a channel comes back. A status of " +
    "2xx for DATA says that it is in the mailbox of every member.",
  body: MESSAGE,
  bodyRaw: true,
  replies: {
    200: { summary: "What is answered.", schema: MESSAGE },
    204: { summary: "Nothing is answered." },
    ...Object.fromEntries([400, 403, 404, 409, 410, 413, 429, 502, 503].map((status) => [status, REFUSED])),
  },
  async handle({ bytes, client, id }, { sessions }) {
    const { error, reply, retryAfterMs } = await sessions.handle(bytes, {
      address: client,
      request: id,
      path: "/message",
    });
    const status = error ? problemOf(error).status : reply ? 200 : 204;
    return { status, headers: retryAfter(retryAfterMs), ...(reply && { text: writeMessage(reply) }) };
  },
});

export const MESSAGE_ROUTES = [EXCHANGE];
