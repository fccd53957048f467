/** Messages on streams, over all connections of a session (docs/spec/aitcp.md, Records and Resumption). */
export type { StreamEvents, StreamsOptions } from "./options.js";
export { Pacer, type PacerOptions } from "./pacer.js";
export { PeerLimit, type PeerLimitOptions } from "./peer-limit.js";
export { SentMessage, type Outcome } from "./sent-message.js";
export { MESSAGE_COST, MIN_WINDOW, type FlowSettings } from "./settings.js";
export type { StreamSnapshot, StreamsSnapshot } from "./snapshot.js";
export { Streams } from "./streams.js";
