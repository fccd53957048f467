import { randomUUID } from "node:crypto";
import { writeMessage } from "../../session/index.js";
import { algorithmWord } from "../../shared/algorithms.js";
import { count, fraction, list, number, object, text, type JsonSchema } from "../json-schema.js";
import { problemReply } from "../refusal.js";
import { route } from "../route.js";
import type { ServerServices } from "../services.js";
import { unknownSession, type SessionView } from "../sessions/index.js";

/** The longest that a client may let itself wait, in seconds. */
const MAX_WAIT_S = 60;
const MAX_LIMIT = 1000;

const CAPABILITIES: JsonSchema = {
  type: "object",
  description: "Members of the payload of HELLO; what is left out is as this server has it.",
};
/** What a client that says nothing of itself is taken to be. */
const NO_AGENT = {
  agent_type: "client",
  security: { threat_detection: false, model_version: null, blocking_mode: false, block_threshold: 1 },
};
const ID = { id: text("Of the session.", { minLength: 1, maxLength: 128 }) };

const CREATE = route<ServerServices, { readonly capabilities?: Readonly<Record<string, unknown>> }>({
  method: "POST",
  path: "/session",
  operation: "createSession",
  tag: "Sessions",
  summary: "Begin a session, as HELLO does.",
  body: object({}, { capabilities: { ...CAPABILITIES, type: ["object", "null"] } }),
  bodyOptional: true,
  replies: {
    201: {
      summary: "The session, and what the server answers with ACCEPT.",
      schema: object({ session_id: text(), capabilities: CAPABILITIES }),
    },
  },
  problems: [409],
  async handle({ body, client }, services) {
    const { capabilities } = services;
    const payload = { ...capabilities, ...NO_AGENT, agent_id: randomUUID(), ...body.capabilities };
    const hello = JSON.stringify({ type: "HELLO", payload, timestamp: Date.now() });
    const { error, reply, retryAfterMs, sessionId } = await services.sessions.handle(hello, {
      address: client,
    });
    if (error) return problemReply(error, retryAfterMs);
    if (sessionId === undefined || reply?.type !== "ACCEPT") throw new TypeError("HELLO was not answered.");
    const accept = JSON.parse(writeMessage(reply)) as { payload: unknown };
    return {
      status: 201,
      headers: { location: `/session/${encodeURIComponent(sessionId)}` },
      json: { session_id: sessionId, capabilities: accept.payload },
    };
  },
});

const READ = route<ServerServices>({
  method: "GET",
  path: "/session/{id}",
  operation: "getSession",
  tag: "Sessions",
  summary: "What is known of a session.",
  params: ID,
  replies: {
    200: {
      summary: "The session.",
      schema: object(
        {
          session_id: text(),
          state: text(),
          version: text("Of the protocol."),
          agent_id: text("Of the peer."),
          agent_type: text("Of the peer."),
          algorithms: list(text(), "As agreed, the most preferred first."),
          max_payload: count("Bytes; 0 is no limit."),
          messages_sent: count("By the server."),
          messages_received: count(),
          bytes_compressed: count("Of DATA, as wires, both ways."),
          bytes_saved: { type: "integer", description: "Of DATA, both ways; negative if wires were larger." },
          compression_ratio: number("Wires / contents; 1 before any DATA."),
          blocked: count("Contents that were refused for what a scan said."),
          created_at: count("Milliseconds since 1970."),
        },
        {
          encoding: text("Vocabulary of token-native, as agreed."),
          channel: text(),
          block_threshold: fraction(),
          expires_at: number("Milliseconds since 1970, unless something happens."),
        },
      ),
    },
  },
  problems: [404],
  async handle({ params }, { sessions }) {
    const view = await sessions.describe(params.id);
    if (!view) throw unknownSession();
    return { json: viewToJson(view) };
  },
});

const REMOVE = route<ServerServices>({
  method: "DELETE",
  path: "/session/{id}",
  operation: "closeSession",
  tag: "Sessions",
  summary: "End a session.",
  params: ID,
  replies: { 204: { summary: "It is over." } },
  problems: [404],
  async handle({ params }, { sessions }) {
    if (!(await sessions.close(params.id))) throw unknownSession();
    return { status: 204 };
  },
});

interface TakeQuery {
  readonly after?: string;
  readonly wait?: number;
  readonly limit?: number;
}

const TAKE = route<ServerServices, unknown, TakeQuery>({
  method: "GET",
  path: "/session/{id}/messages",
  operation: "takeMessages",
  tag: "Sessions",
  summary: "What other members of the channel have sent to a session, the oldest first.",
  description:
    "A message stays until a later request names it, or one behind it, as after. Asking is a sign of life.",
  params: ID,
  query: {
    after: text("Id of the last message that was taken: it and all before it are forgotten.", {
      pattern: "^\\d{1,15}(-\\d{1,15})?$",
    }),
    wait: {
      type: "number",
      minimum: 0,
      maximum: MAX_WAIT_S,
      description: "Seconds to wait for a first message.",
    },
    limit: { type: "integer", minimum: 1, maximum: MAX_LIMIT, description: "Most messages. Default 100." },
  },
  replies: {
    200: {
      summary: "The messages; none if nothing came in the time.",
      schema: object({
        messages: list(
          object({ id: text(), message: { type: "object", description: "A protocol message." } }),
        ),
      }),
    },
  },
  problems: [404],
  waits: true,
  async handle({ params, query, signal }, { sessions }) {
    const { after, limit, wait = 0 } = query;
    const entries = await sessions.take(params.id, { after, limit, waitMs: wait * 1000, signal });
    // Messages are JSON already.
    const parts = entries.map(({ id, message }) => `{"id":${JSON.stringify(id)},"message":${message}}`);
    return { text: `{"messages":[${parts.join(",")}]}` };
  },
});

export const SESSION_ROUTES = [CREATE, READ, REMOVE, TAKE];

function viewToJson(view: SessionView) {
  const { counters, security } = view;
  const contentBytes = counters.sent.contentBytes + counters.received.contentBytes;
  const wireBytes = counters.sent.wireBytes + counters.received.wireBytes;
  return {
    session_id: view.id,
    state: view.state,
    version: view.version,
    agent_id: view.agentId,
    agent_type: view.agentType,
    algorithms: view.algorithms.map(algorithmWord),
    encoding: view.encoding,
    max_payload: view.maxPayloadBytes,
    channel: view.channel,
    block_threshold: security.blockThreshold,
    messages_sent: counters.sent.messages,
    messages_received: counters.received.messages,
    bytes_compressed: wireBytes,
    bytes_saved: contentBytes - wireBytes,
    compression_ratio: contentBytes === 0 ? 1 : wireBytes / contentBytes,
    blocked: counters.blocked,
    created_at: view.createdAtMs,
    expires_at: view.expiresAtMs,
  };
}
