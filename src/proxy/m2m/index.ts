export { EventWires, eventWireHeaders, OpenedEvents } from "./event-wire.js";
export { OF_PEER, PeerLink } from "./peer-link.js";
export { readAccept, recodeEvents, ReplyCodec, type ReplyFormat } from "./reply-codec.js";
export { readWireBody } from "./wire-request.js";
export { WIRE_TYPE } from "./wire-format.js";
