import type { KeyShape } from "./key-spec.js";

/** Settings of AI-TCP, for `m2m server` and `m2m connect`. */
export const AITCP_KEYS = {
  "aitcp.port": {
    type: "integer",
    min: 0,
    max: 65535,
    summary: "TCP port of AI-TCP in `m2m server`; by default the one above that of HTTP.",
  },
  "aitcp.max_sessions_per_peer": {
    type: "integer",
    min: 1,
    max: 1_000_000_000,
    default: 1000,
    summary: "Sessions that one identity may have at a time on AI-TCP of `m2m server`.",
  },
  "aitcp.identity": {
    type: "path",
    summary: "Key file of the identity on AI-TCP; by default `identity.pem` in the folder of the user file.",
  },
  "aitcp.trust": {
    type: "list",
    summary: "Identities that are trusted on AI-TCP.",
  },
  "aitcp.trust_organisation": {
    type: "list",
    summary: "Organisations whose certificates are trusted on AI-TCP, by their public identities.",
  },
  "aitcp.known_peers": {
    type: "path",
    summary: "File of known peers of AI-TCP; by default `known_peers` in the folder of the user file.",
  },
  "aitcp.trust_anyone": {
    type: "boolean",
    default: false,
    summary: "Let everybody in on AI-TCP of `m2m server` who has an identity.",
  },
  "aitcp.certificate": {
    type: "path",
    summary: "An organisation's certificate for that identity, as `m2m keygen --certify` prints it.",
  },
} as const satisfies Readonly<Record<string, KeyShape>>;
