import { aiTcpFlags } from "../cli/aitcp-flags.js";
import { defineCommand } from "../cli/definition.js";
import { MODEL_DIR_FLAG, SCANNER_FLAGS, THRESHOLD_FLAG } from "../cli/scan-flags.js";
import { listenFlags, logFlags } from "../cli/server-flags.js";
import { SERVER_TRANSPORTS } from "../shared/server-options.js";

const GIB = 1024 ** 3;

export const SERVER = defineCommand({
  id: "server",
  staysRunning: true,
  summary: "Serve the HTTP API, and sessions between agents over HTTP, WebSocket, QUIC and AI-TCP.",
  description:
    "/openapi.json describes the API, /health and /ready are for probes, /metrics is for Prometheus, /ws takes WebSockets. " +
    "What is compressed is scanned; a threat is reported, and refused with --blocking. Ctrl-C or SIGTERM lets running " +
    "requests finish (exit 0); a second Ctrl-C does not (130).",
  examples: [
    { description: "On this machine", command: "m2m server" },
    { description: "Refuse threats, on another port", command: "m2m server --port 8000 --blocking" },
    {
      description: "For other machines, with a token from the environment",
      command: "m2m server --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
    },
    {
      description: "Agents that prove who they are, over AI-TCP on port 3001",
      command: "m2m server --transport aitcp --trust aitcp:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    },
    {
      description: "Four processes that share sessions",
      command: "m2m server --workers 4 --store redis://localhost:6379",
    },
  ],
  args: {},
  flags: {
    ...listenFlags("server", 3000),
    transport: {
      type: "enum",
      options: SERVER_TRANSPORTS,
      summary:
        "HTTP and WebSocket, or beside them for sessions: QUIC (experimental; the package @infisical/quic) or AI-TCP.",
      fallback: "server.transport, or http",
      env: "M2M_SERVER_TRANSPORT",
    },
    store: {
      type: "string",
      summary: "Where sessions are kept: memory, or redis://HOST:PORT (the package ioredis).",
      valueName: "STORE",
      fallback: "server.store, or memory",
      env: "M2M_SERVER_STORE",
      secret: true,
    },
    workers: {
      type: "integer",
      summary: "Processes that share the port; more than one need --store redis://.",
      valueName: "N",
      min: 1,
      max: 256,
      fallback: "server.workers, or 1",
      env: "M2M_SERVER_WORKERS",
    },
    blocking: {
      type: "boolean",
      summary: "Refuse unsafe contents with status 403. Without it they are reported.",
      exclusive: ["no-security"],
      env: "M2M_SERVER_BLOCKING",
      group: "SECURITY",
    },
    "no-security": {
      type: "boolean",
      summary: "Scan only what is sent to /scan.",
      env: "M2M_SECURITY_ENABLED",
      group: "SECURITY",
    },
    ...THRESHOLD_FLAG,
    ...SCANNER_FLAGS,
    ...MODEL_DIR_FLAG,
    "auth-token": {
      type: "string",
      summary:
        "What clients must send as bearer token, over AI-TCP not. Others may see it in the process list; the variable is better.",
      valueName: "TOKEN",
      secret: true,
      env: "M2M_SERVER_AUTH_TOKEN",
      group: "SECURITY",
    },
    "tls-cert": {
      type: "string",
      summary: "Certificate (PEM): HTTPS in place of HTTP.",
      valueName: "PATH",
      env: "M2M_SERVER_TLS_CERT",
      group: "SECURITY",
    },
    "tls-key": {
      type: "string",
      summary: "The key of the certificate (PEM).",
      valueName: "PATH",
      env: "M2M_SERVER_TLS_KEY",
      group: "SECURITY",
    },
    "max-body-bytes": {
      type: "integer",
      summary: "Most bytes of a request.",
      valueName: "N",
      min: 1,
      max: GIB,
      fallback: "server.max_body_bytes, or 16777216",
      env: "M2M_SERVER_MAX_BODY_BYTES",
      group: "LIMITS",
    },
    "rate-limit": {
      type: "integer",
      summary: "Requests a minute of one client (an address, or a /64 network of IPv6); 0: no limit.",
      valueName: "N",
      min: 0,
      max: 1_000_000_000,
      fallback: "server.rate_limit, or 0",
      env: "M2M_SERVER_RATE_LIMIT",
      group: "LIMITS",
    },
    "trust-proxy": {
      type: "string",
      summary:
        "Reverse proxies whose X-Forwarded-For or Forwarded says who a client is: how many, or their addresses with commas.",
      valueName: "N|CIDR",
      fallback: "server.trust_proxy, or none",
      env: "M2M_SERVER_TRUST_PROXY",
      group: "LIMITS",
    },
    "aitcp-port": {
      type: "integer",
      summary: "TCP port of AI-TCP; 0 picks a free one.",
      valueName: "N",
      min: 0,
      max: 65535,
      fallback: "aitcp.port, or the one above --port",
      env: "M2M_AITCP_PORT",
      group: "AI-TCP",
    },
    "max-sessions-per-peer": {
      type: "integer",
      summary:
        "Sessions that one identity may have at a time: more where many processes, or a gateway, have one.",
      valueName: "N",
      min: 1,
      max: 1_000_000_000,
      fallback: "aitcp.max_sessions_per_peer, or 1000",
      env: "M2M_AITCP_MAX_SESSIONS_PER_PEER",
      group: "AI-TCP",
    },
    ...aiTcpFlags("Let in"),
    "trust-anyone": {
      type: "boolean",
      summary: "Let in everybody who has an identity.",
      env: "M2M_AITCP_TRUST_ANYONE",
      group: "AI-TCP",
    },
    ...logFlags("server"),
  },
  jsonType: `{
  /** Printed once, as soon as the server listens. */
  version: 1;
  url: string;
  pid: number;
  workers: number;
  /** With --transport quic. */
  quicPort?: number;
  /** With --transport aitcp: identity is the server's, fingerprint 64 bits of its SHA-256, for people. */
  aitcp?: { url: string; identity: string; fingerprint: string };
  security: { enabled: boolean; blocking: boolean };
  /** Whether clients must show a token. */
  authentication: boolean;
  store: "memory" | "redis" | "rediss";
}`,
  async run(context, { flags }) {
    const { runServer } = await import("../cli/server-service.js");
    return runServer(context, flags);
  },
});
