/** Messages on streams, over all connections of a session (docs/spec/aitcp.md, Records and Resumption). */
export { SentMessage, type Outcome } from "./sent-message.js";
export { MESSAGE_COST, MIN_WINDOW, type FlowSettings } from "./settings.js";
export type { StreamSnapshot, StreamsSnapshot } from "./snapshot.js";
export { Streams, type StreamEvents, type StreamsOptions } from "./streams.js";
