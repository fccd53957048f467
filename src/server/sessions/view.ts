import type { Session } from "../../session/index.js";
import { channelOf } from "./relay.js";
import type { SessionView } from "./types.js";

/** What the owner of an established session may see of it. */
export function viewOf(session: Session): SessionView {
  const { id, agreed, peer, state, counters } = session;
  if (id === undefined || !agreed || !peer) throw new TypeError("A stored session is established.");
  const { version, algorithms, encoding, maxPayloadBytes, security } = agreed;
  const channel = channelOf(session);
  const expiresAtMs = session.expiresAtMs();
  return {
    id,
    state,
    version,
    agentId: peer.agentId,
    agentType: peer.agentType,
    algorithms,
    ...(encoding === undefined ? {} : { encoding }),
    maxPayloadBytes,
    security,
    ...(channel === undefined ? {} : { channel }),
    createdAtMs: session.toJSON().createdAtMs,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    counters,
  };
}
