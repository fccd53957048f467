import { tryDecodeUtf8 } from "../shared/utf8.js";
import {
  formatIdentity,
  nodeCrypto,
  parseIdentity,
  verifyTranscript,
  type SideReport,
  type TranscriptMessage,
  type TranscriptReport,
  type TranscriptRole,
} from "../transport/index.js";
import type { CommandContext } from "./context.js";
import { explaining, sourceLabel } from "./explain-error.js";
import type { Source } from "./input.js";
import { renderFacts } from "./table.js";
import { printable } from "./terminal.js";
import { TranscriptContents, type CarriedContent } from "./transcript-content.js";
import { countOf } from "./words.js";

export interface VerifyJob {
  readonly source: Source;
  /** An identity that has to be a party, and to have signed. */
  readonly peer?: string;
  readonly listsMessages: boolean;
}

/** The documented form of the result. */
export interface VerifyReport extends Omit<TranscriptReport, "parties" | "sides"> {
  /** There are signatures, all verify, and the peer that was asked for has signed. */
  readonly ok: boolean;
  readonly peer?: { readonly identity: string; readonly role?: TranscriptRole; readonly hasSigned: boolean };
  readonly initiator: VerifiedSide;
  readonly responder: VerifiedSide;
  readonly messages?: readonly VerifiedMessage[];
}

type VerifiedSide = SideReport & { readonly identity?: string };

type VerifiedMessage = Omit<TranscriptMessage, "sha256" | "content"> & {
  readonly sha256: string;
  /** What it says, if that is UTF-8; else in base64. */
  readonly text?: string;
  readonly base64?: string;
  /** What DATA of an M2M session carries, decompressed. */
  readonly content?: { readonly algorithm: string; readonly text?: string; readonly base64?: string };
};

/** @throws {FormatError} `M2M_TRANSCRIPT_INVALID`; {InputError} `M2M_KEY_INVALID` if the peer is no identity */
export async function verifySource({ source, peer, listsMessages }: VerifyJob): Promise<VerifyReport> {
  const wanted = peer === undefined ? undefined : parseIdentity(peer);
  const messages: VerifiedMessage[] = [];
  const crypto = nodeCrypto();
  const contents = new TranscriptContents();
  const report = await explaining(sourceLabel(source, false), {}, () =>
    verifyTranscript(source.chunks(), {
      verify: (identity, bytes, signature) => crypto.verify(identity, bytes, signature),
      createHash: () => crypto.createSha256(),
      keepsContent: listsMessages,
      ...(listsMessages
        ? { onMessage: (message) => void messages.push(readable(message, contents.open(message))) }
        : {}),
    }),
  );
  const { parties, sides, ...rest } = report;
  const asked = wanted && findPeer(report, wanted);
  return {
    ok:
      report.failure === undefined &&
      isSigned(sides.initiator, sides.responder) &&
      asked?.hasSigned !== false,
    ...rest,
    ...(asked ? { peer: asked } : {}),
    initiator: { ...(parties ? { identity: formatIdentity(parties.initiator) } : {}), ...sides.initiator },
    responder: { ...(parties ? { identity: formatIdentity(parties.responder) } : {}), ...sides.responder },
    ...(listsMessages ? { messages } : {}),
  };
}

export async function renderVerification(context: CommandContext, report: VerifyReport): Promise<string> {
  const { bold } = await context.style();
  const { initiator, responder, connections, startedMs, state, messages = [] } = report;
  const facts = renderFacts(
    [
      ["Initiator", initiator.identity],
      ["", describeSide(initiator)],
      ["Responder", responder.identity],
      ["", describeSide(responder)],
      [
        "Connections",
        `${connections}, the first of ${startedMs === undefined ? "no time" : timeText(startedMs)}`,
      ],
      ["End", STATES[state]],
    ],
    bold,
  );
  const lines = messages.map(describeMessage);
  return [...(lines.length > 0 ? [...lines, ""] : []), facts, ...verdict(report)].join("\n");
}

const STATES: Readonly<Record<TranscriptReport["state"], string>> = {
  closed: "the session was closed",
  lost: "the connection was lost",
  cut: "none: the transcript is cut",
  failed: "not read: reading stopped at the signature that fails",
};

function findPeer(
  { parties, sides }: TranscriptReport,
  wanted: Uint8Array,
): NonNullable<VerifyReport["peer"]> {
  const identity = formatIdentity(wanted);
  const roles: TranscriptRole[] = ["initiator", "responder"];
  const role = roles.find((candidate) => parties && formatIdentity(parties[candidate]) === identity);
  return { identity, ...(role ? { role } : {}), hasSigned: role !== undefined && sides[role].turns > 0 };
}

function readable(
  { sha256, content, ...rest }: TranscriptMessage,
  carried: CarriedContent | undefined,
): VerifiedMessage {
  return {
    ...rest,
    sha256: Buffer.from(sha256).toString("hex"),
    ...textOrBase64(content ?? new Uint8Array(0)),
    ...(carried && { content: { algorithm: carried.algorithm, ...textOrBase64(carried.bytes) } }),
  };
}

function textOrBase64(bytes: Uint8Array): { text: string } | { base64: string } {
  const text = tryDecodeUtf8(bytes);
  return text === undefined ? { base64: Buffer.from(bytes).toString("base64") } : { text };
}

function describeSide({
  turns,
  signedMessages,
  unsignedMessages,
  messageBytes,
  receipts,
}: SideReport): string {
  const taken = receipts.reduce((sum, { count }) => sum + count, 0);
  const unsigned = unsignedMessages === 0 ? "" : `, ${countOf(unsignedMessages, "message")} without`;
  return (
    `${countOf(signedMessages, "message")} with a signature${unsigned}, ${countOf(messageBytes, "byte")}; ` +
    `${countOf(turns, "turn")}; a receipt for ${countOf(taken, "message")}`
  );
}

function describeMessage(message: VerifiedMessage): string {
  const { by, connection, stream, number, sizeBytes, turn, timeMs, isRepeat, content, sha256 } = message;
  const text = content ? content.text : message.text;
  const signed = turn === undefined ? "not signed" : `turn ${turn}, ${timeText(timeMs ?? 0)}`;
  const again = isRepeat ? ", again" : "";
  const carried = content ? `, DATA in ${content.algorithm}` : "";
  const head = `${by} ${connection}/${stream}/${number} (${countOf(sizeBytes, "byte")}${carried}, ${signed}${again})`;
  return `${head}: ${text === undefined ? `sha256 ${sha256}` : printable(text)}`;
}

function verdict({ failure, peer, initiator, responder }: VerifyReport): string[] {
  const lines = [];
  if (failure) {
    const { by, turn, connection, offset, reason } = failure;
    lines.push(`Turn ${turn} of the ${by} in connection ${connection}, at byte ${offset}, fails: ${reason}`);
  } else if (!isSigned(initiator, responder)) {
    lines.push("Nothing is signed: it proves nothing.");
  } else {
    const unsigned = initiator.unsignedMessages + responder.unsignedMessages;
    const rest =
      unsigned === 0
        ? ""
        : ` Nobody has signed ${countOf(unsigned, "message")}: that they are there proves nothing.`;
    lines.push(`All signatures verify.${rest}`);
  }
  if (peer?.role === undefined && peer) lines.push(`${peer.identity} is no party.`);
  else if (peer)
    lines.push(`${peer.identity} is the ${peer.role}, and has ${peer.hasSigned ? "" : "not "}signed.`);
  return lines;
}

/** Whether anybody has signed anything. */
function isSigned(initiator: SideReport, responder: SideReport): boolean {
  return initiator.turns + responder.turns > 0;
}

function timeText(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? `${timeMs} ms` : date.toISOString();
}
