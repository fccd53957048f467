import { aiTcpFlags } from "../cli/aitcp-flags.js";
import { defineCommand } from "../cli/definition.js";
import { ALGORITHM_NAMES } from "../shared/algorithms.js";

export const CONNECT = defineCommand({
  id: "connect",
  summary: "Talk to an m2m server: each line of stdin is sent, each answer is a line of stdout.",
  description:
    "Over AI-TCP both sides prove who they are: the server's identity has to be known (--trust, --known-peers), and the server has to " +
    "know this one. Without a channel the server gives back what it is sent, and the command ends when the input has ended and all is " +
    "answered. In a channel it also prints what others send, until it is interrupted (exit 0). A line that is refused is reported; the others go on " +
    "(exit 1 for a threat, else 3 or 4). Contents with line breaks take several lines of stdout: --json keeps them apart.",
  examples: [
    {
      description: "Send lines over AI-TCP, and see the answers",
      command: "m2m connect aitcp://127.0.0.1:3001 --trust aitcp:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    },
    {
      description: "Listen to a channel",
      command: "m2m connect aitcp://agents.example:3001 --channel room --known-peers peers.txt",
    },
    {
      description: "Send a file to it, and end",
      command: "m2m connect aitcp://agents.example:3001 --channel room --send-only < messages.txt",
    },
    { description: "Over WebSocket, every event as JSON", command: "m2m connect ws://127.0.0.1:3000 --json" },
  ],
  args: {
    url: {
      summary: "aitcp://HOST:PORT, or an address that begins with ws, wss, http or https.",
      required: true,
    },
  },
  flags: {
    channel: {
      type: "string",
      summary: "Join this channel: what is sent goes to its members, and what they send is printed.",
      valueName: "NAME",
    },
    "send-only": {
      type: "boolean",
      summary: "Print nothing of others, and end when the input has ended.",
      dependsOn: ["channel"],
    },
    algorithm: {
      type: "enum",
      options: ALGORITHM_NAMES,
      char: "a",
      summary: "Algorithm of what is sent, in place of the best one that is agreed on.",
    },
    token: {
      type: "string",
      summary: "Bearer token of a server over HTTP or WebSocket. Others may see it in the process list.",
      valueName: "TOKEN",
      secret: true,
      env: "M2M_TOKEN",
    },
    ...aiTcpFlags("Talk to"),
    "trust-on-first-use": {
      type: "boolean",
      summary:
        "Write a server that is not known into the file of known peers. Somebody in between is not noticed then.",
      group: "AI-TCP",
    },
    "trust-anyone": {
      type: "boolean",
      summary: "Talk to whoever answers. Somebody in between is not noticed then.",
      group: "AI-TCP",
    },
    transcript: {
      type: "string",
      summary: "Write what both sides say and sign to this file, which must not exist.",
      valueName: "PATH",
      group: "AI-TCP",
    },
  },
  jsonType: `/** One object a line. */
{
  event: "connected";
  version: 1;
  url: string;
  channel?: string;
  /** Of AI-TCP: this side's public identity, and the server's with 64 bits of its SHA-256. */
  identity?: string;
  peer?: { identity: string; fingerprint: string };
  algorithms: string[];
}
/** A content: of the line that it answers, if it answers one. */
| { event: "received"; line?: number; text: string }
| { event: "received"; line?: number; base64: string }
/** All members of the channel have it. */
| { event: "sent"; line: number }
| { event: "refused"; line: number; error: { code: string; message: string; hint?: string } }
/** Of AI-TCP: the connection is lost and made again; the session goes on over another one, or a new one of AI-TCP has begun, where the session of messages goes on if the server still knows it. */
| { event: "interrupted" | "resumed" | "restarted" }
| { event: "closed" }`,
  async run(context, { args, flags }) {
    const { runConnect } = await import("../cli/connect-service.js");
    return runConnect(context, args.url, flags);
  },
});
