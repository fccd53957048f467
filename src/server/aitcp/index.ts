/** Sessions over AI-TCP, beside HTTP (docs/spec/transport.md, "AI-TCP"). */
export { DEFAULT_AITCP_LIMITS, type AiTcpLimits } from "./limits.js";
export { RESET_CODES } from "./reset-codes.js";
export { startAiTcp, type AiTcpMetrics, type AiTcpOptions, type AiTcpSessionServer } from "./server.js";
