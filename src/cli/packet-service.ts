import { DEFAULT_LIMITS } from "../shared/limits.js";
import { inspectPackets, type InspectedPacket, type PacketState } from "../transport/index.js";
import type { CommandContext } from "./context.js";
import { explaining, sourceLabel } from "./explain-error.js";
import { readSource, type Source } from "./input.js";
import { readPacketInput, type PacketSpelling } from "./packet-input.js";
import { describeField, describePacket } from "./packet-words.js";
import { renderTable } from "./table.js";
import { countOf } from "./words.js";

export interface PacketReport {
  readonly spelling: PacketSpelling;
  readonly bytes: number;
  /** All are packets. */
  readonly ok: boolean;
  readonly packets: readonly ReportedPacket[];
}

export interface ReportedPacket {
  readonly offset: number;
  readonly bytes: number;
  readonly state: PacketState;
  readonly kind?: string;
  readonly pattern?: number;
  readonly epoch?: number;
  readonly fields: readonly ReportedField[];
  readonly problem?: { code: string; message: string; offset?: number };
}

interface ReportedField {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  readonly hex: string;
  readonly meaning?: string;
}

/** What the packets of `source` are. @throws {FormatError} `M2M_PACKET_TRUNCATED` if it is empty */
export async function inspectSource(source: Source): Promise<PacketReport> {
  const { bytes, spelling } = await explaining(sourceLabel(source, false), {}, async () =>
    readPacketInput(await readSource(source, DEFAULT_LIMITS.maxInputBytes)),
  );
  const packets = inspectPackets(bytes).map(reportPacket);
  const ok = packets.every(({ state }) => state === "packet");
  return { spelling, bytes: bytes.length, ok, packets };
}

function reportPacket({ offset, bytes, state, packet, fields, problem }: InspectedPacket): ReportedPacket {
  return {
    offset,
    bytes: bytes.length,
    state,
    kind: packet?.kind,
    ...(packet && (packet.kind === "data" ? { epoch: packet.epoch } : { pattern: packet.pattern })),
    fields: fields.map((field) => {
      const value = bytes.subarray(field.offset, field.offset + field.length);
      return {
        name: field.name,
        offset: field.offset,
        bytes: field.length,
        hex: Buffer.from(value).toString("hex"),
        meaning: packet && describeField(field.name, value, packet),
      };
    }),
    problem: problem && { code: problem.code, message: problem.message, offset: problem.offset },
  };
}

/** Digits of a value that a person gets to see. */
const SHOWN_DIGITS = 32;

/** The report for a person. */
export async function renderPackets(context: CommandContext, report: PacketReport): Promise<string> {
  const style = await context.style();
  const parts: string[] = [];
  for (const [index, packet] of report.packets.entries()) {
    const { state, problem } = packet;
    const colour = state === "packet" ? style.green : state === "table" ? style.yellow : style.red;
    const place = `${countOf(packet.bytes, "byte")} at byte ${packet.offset}`;
    parts.push(`${style.bold(`Packet ${index + 1}`)}  ${colour(describePacket(packet))}, ${place}`);
    if (problem) {
      const where = problem.offset === undefined ? "" : ` at byte ${problem.offset}`;
      parts.push(`${problem.code}${where}: ${problem.message}`);
    }
    if (packet.fields.length > 0) parts.push(await renderFields(context, packet.fields));
    parts.push("");
  }
  return parts.join("\n").trimEnd();
}

function renderFields(context: CommandContext, fields: readonly ReportedField[]): Promise<string> {
  const rows = fields.map(({ name, offset, bytes, hex, meaning = "" }) => {
    const shown = hex.length > SHOWN_DIGITS ? `${hex.slice(0, SHOWN_DIGITS)}…` : hex;
    return [String(offset), String(bytes), name, shown, meaning];
  });
  const columns = [
    { title: "Offset", align: "right" as const },
    { title: "Bytes", align: "right" as const },
    { title: "Field" },
    { title: "Content" },
    { title: "Meaning" },
  ];
  return renderTable(context, columns, rows);
}
