/** Sessions over QUIC, beside HTTP: experimental. The package that speaks QUIC is optional. */
export { DEFAULT_QUIC_LIMITS, type QuicLimits } from "./limits.js";
export { startQuic, type QuicOptions, type QuicServer } from "./server.js";
export { ALPN, type QuicTls } from "./transport.js";
