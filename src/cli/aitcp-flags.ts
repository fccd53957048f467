import type { FlagSpecs } from "./definition.js";

/** Flags of who this side is on AI-TCP, and whom it trusts. */
export interface AiTcpFlags {
  readonly identity?: string;
  readonly "passphrase-file"?: string;
  readonly trust?: readonly string[];
  readonly "trust-organisation"?: readonly string[];
  readonly "known-peers"?: string;
  readonly "trust-anyone"?: boolean;
  readonly certificate?: string;
}

/** @param trusted in words: what is done with who is trusted */
export function aiTcpFlags(trusted: string) {
  return {
    identity: {
      type: "string",
      summary: "Key file of this side's identity; m2m keygen makes one.",
      valueName: "PATH",
      fallback: "aitcp.identity, or ~/.m2m/identity.pem",
      env: "M2M_AITCP_IDENTITY",
      group: "AI-TCP",
    },
    "passphrase-file": {
      type: "string",
      summary: "File with the passphrase of the key file.",
      valueName: "PATH",
      env: "M2M_KEY_PASSPHRASE",
      group: "AI-TCP",
    },
    trust: {
      type: "string",
      summary: `${trusted} this identity, or those in this file, one a line; may be repeated, or have commas.`,
      valueName: "IDENTITY",
      multiple: true,
      fallback: "aitcp.trust",
      env: "M2M_AITCP_TRUST",
      group: "AI-TCP",
    },
    "trust-organisation": {
      type: "string",
      summary: `${trusted} those that the organisation with this public identity certifies; as --trust.`,
      valueName: "IDENTITY",
      multiple: true,
      fallback: "aitcp.trust_organisation",
      env: "M2M_AITCP_TRUST_ORGANISATION",
      group: "AI-TCP",
    },
    "known-peers": {
      type: "string",
      summary:
        "File of known peers, whose lines are an address, an identity, perhaps its x25519: key, and a name.",
      valueName: "PATH",
      fallback: "aitcp.known_peers, or ~/.m2m/known_peers",
      env: "M2M_AITCP_KNOWN_PEERS",
      group: "AI-TCP",
    },
    certificate: {
      type: "string",
      summary: "File with an organisation's certificate for this side, as m2m keygen --certify prints it.",
      valueName: "PATH",
      fallback: "aitcp.certificate",
      env: "M2M_AITCP_CERTIFICATE",
      group: "AI-TCP",
    },
  } as const satisfies FlagSpecs;
}
