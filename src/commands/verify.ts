import { defineCommand } from "../cli/definition.js";
import { EXIT } from "../cli/errors.js";
import { openSources } from "../cli/input.js";

export const VERIFY = defineCommand({
  id: "verify",
  summary: "Verify who has signed what in a transcript of AI-TCP.",
  description:
    "Needs no network and no secret key: the identities are in the transcript, and the signatures cover what was sent, its order and " +
    "the connection. A transcript that is cut counts up to there. What is not signed proves nothing, and is counted apart. Exit code 1 if a " +
    "signature does not verify, nothing is signed, or the identity of --peer has not signed; 3 if it is no transcript.",
  examples: [
    { description: "A transcript", command: "m2m verify session.transcript" },
    {
      description: "Only if this agent has signed in it",
      command: "m2m verify --peer aitcp:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA session.transcript",
    },
    {
      description: "With all messages, for a script",
      command: "m2m verify --messages --json session.transcript",
    },
  ],
  args: { file: { summary: "The transcript; - or nothing reads stdin." } },
  flags: {
    peer: {
      type: "string",
      summary: "The identity of a party that must have signed: as m2m keygen prints it, or in hex.",
      valueName: "IDENTITY",
    },
    messages: {
      type: "boolean",
      summary: "Print the messages too, and what DATA of M2M sessions carries, decompressed.",
    },
  },
  jsonType: `{
  version: 1;
  /** There are signatures, all verify, and the identity of --peer has signed. */
  ok: boolean;
  /** When the first connection began, by the clock of who wrote the transcript. */
  startedMs?: number;
  connections: number;
  /** cut: the transcript has no end. failed: it was not read to its end, because of failure. */
  state: "closed" | "lost" | "cut" | "failed";
  /** The first signature that does not verify; nothing behind it was read. */
  failure?: { offset: number; connection: number; by: "initiator" | "responder"; turn: number; reason: string };
  /** With --peer; role is absent if it is no party. */
  peer?: { identity: string; role?: "initiator" | "responder"; hasSigned: boolean };
  initiator: Side;
  responder: Side;
  /** With --messages. */
  messages?: {
    by: "initiator" | "responder";
    /** From 0. */
    connection: number;
    stream: number;
    number: number;
    sizeBytes: number;
    sha256: string;
    /** Absent if it is not signed. timeMs: what the signer says. */
    turn?: number;
    timeMs?: number;
    /** It was sent again after a connection was lost. */
    isRepeat: boolean;
    /** Of a message in UTF-8. */
    text?: string;
    /** Of another one. */
    base64?: string;
    /** Of DATA of an M2M session: what it carries, decompressed. Absent if the transcript has not all that it builds on. */
    content?: { algorithm: string; text?: string; base64?: string };
  }[];
}
// Side = {
//   identity?: string;
//   turns: number;
//   signedMessages: number;
//   unsignedMessages: number;
//   messageBytes: number;
//   /** It has signed that it has taken the first count messages of the other's stream. */
//   receipts: { stream: number; count: number; timeMs: number }[];
//   lastTurnMs?: number;
// }`,
  async run(context, { args, flags }) {
    const [source] = openSources(context, { files: args.file === undefined ? [] : [args.file] });
    const { renderVerification, verifySource } = await import("../cli/verify-service.js");
    const report = await verifySource({
      source,
      peer: flags.peer,
      listsMessages: flags.messages === true,
    });
    if (context.json) await context.printJson({ version: 1, ...report });
    else await context.print(await renderVerification(context, report));
    return report.ok ? EXIT.OK : EXIT.FINDINGS;
  },
});
