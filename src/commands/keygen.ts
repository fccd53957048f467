import { defineCommand } from "../cli/definition.js";
import { InputError } from "../shared/errors.js";

export const KEYGEN = defineCommand({
  id: "keygen",
  summary: "Make an identity for AI-TCP, show a public identity, or certify one.",
  description:
    "An identity is an Ed25519 key; its public half is the agent's name, which goes to stdout. The key file is readable by its owner " +
    "only, and PEM files are those of OpenSSL. An organisation's key is an identity too: with --certify it gives its word for another one.",
  examples: [
    { description: "The identity of this machine", command: "m2m keygen" },
    {
      description: "One in a file of its own, encrypted",
      command: "m2m keygen --output agent.pem --passphrase-file passphrase.txt",
    },
    { description: "What to give to others", command: "m2m keygen --public agent.pem" },
    {
      description: "An organisation's word for it",
      command:
        "m2m keygen --certify aitcp:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA --key organisation.pem --days 90",
    },
  ],
  args: {},
  flags: {
    output: {
      type: "string",
      char: "o",
      summary: "Write the key to this file, which appears when it is complete.",
      valueName: "PATH",
      fallback: "~/.m2m/identity.pem",
      exclusive: ["public", "certify"],
    },
    format: {
      type: "enum",
      options: ["pem", "raw"],
      summary: "PKCS#8, or the 32 bytes of the seed.",
      fallback: "pem",
      exclusive: ["public", "certify"],
    },
    force: {
      type: "boolean",
      summary: "Overwrite an existing file: the identity in it is lost.",
      exclusive: ["public", "certify"],
    },
    "passphrase-file": {
      type: "string",
      summary: "File with the passphrase of the key file, new or existing.",
      valueName: "PATH",
      env: "M2M_KEY_PASSPHRASE",
    },
    public: {
      type: "string",
      summary: "Print the public identity of this key file; nothing is made.",
      valueName: "PATH",
      exclusive: ["certify"],
    },
    certify: {
      type: "string",
      summary: "Print a certificate for this public identity, in base64url.",
      valueName: "IDENTITY",
      dependsOn: ["key"],
    },
    key: {
      type: "string",
      summary: "The key file of the organisation that certifies.",
      valueName: "PATH",
      dependsOn: ["certify"],
    },
    days: {
      type: "integer",
      summary: "How long the certificate holds.",
      valueName: "N",
      min: 1,
      max: 36_500,
      fallback: "365",
      dependsOn: ["certify"],
    },
  },
  jsonType: `/** Of a new key. */
{
  version: 1;
  /** aitcp: and the public key in base64url. */
  identity: string;
  /** 64 bits of its SHA-256, for people. */
  fingerprint: string;
  path: string;
  format: "pem" | "raw";
  encrypted: boolean;
}
/** With --public. */
| { version: 1; identity: string; fingerprint: string }
/** With --certify; times in Unix seconds, certificate in base64url. */
| { version: 1; issuer: string; identity: string; notBefore: number; notAfter: number; certificate: string }`,
  async run(context, { flags }) {
    const { certify, generateKey, showPublic } = await import("../cli/keygen-service.js");
    if (flags.public !== undefined) return showPublic(context, flags.public, flags);
    if (flags.certify === undefined) return generateKey(context, flags);
    if (flags.key === undefined) throw new InputError("M2M_USAGE", "--certify needs --key.");
    return certify(context, flags.certify, { ...flags, key: flags.key });
  },
});
