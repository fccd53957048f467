/** Transports that are protocols of their own. */
export * from "./aitcp/index.js";
