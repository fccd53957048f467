import { defineCommand } from "../../cli/definition.js";
import { EXIT } from "../../cli/errors.js";
import { openSources } from "../../cli/input.js";

export const PACKET_INSPECT = defineCommand({
  id: "packet inspect",
  summary: "Check packets of AI-TCP and show what is in them.",
  description:
    "Takes raw bytes, or text in hex or base64; several packets may stand behind one another. No keys are needed: what is sealed and " +
    "masked stays so. A FlatBuffer of the schema AITcpPacket in another layout than AI-TCP's, or without its length, is shown as such. " +
    "Exit code 1 if anything is not a packet of AI-TCP; what is wrong, and at which byte, is shown. Offsets are counted from the packet's first byte.",
  examples: [
    { description: "A file", command: "m2m packet inspect packet.bin" },
    { description: "Hex, base64 or bytes from a pipe", command: "m2m packet inspect -" },
    { description: "For a script", command: "m2m packet inspect --json packet.bin" },
  ],
  args: { file: { summary: "The file; - or nothing reads stdin." } },
  flags: {},
  jsonType: `{
  version: 1;
  spelling: "binary" | "hex" | "base64";
  bytes: number;
  /** All are packets of AI-TCP. */
  ok: boolean;
  packets: {
    /** In the bytes of the input; all other offsets are counted from here. */
    offset: number;
    bytes: number;
    /** table: a valid FlatBuffer of the schema, but not in the form of AI-TCP. */
    state: "packet" | "table" | "invalid";
    kind?: "initiation" | "response" | "finish" | "cookie" | "data" | "refusal";
    pattern?: number;
    /** Modulo 256. */
    epoch?: number;
    /** In order of offset: the scalar, or the bytes of the vector. */
    fields: { name: string; offset: number; bytes: number; hex: string; meaning?: string }[];
    /** Why it is no packet. */
    problem?: { code: string; message: string; offset?: number };
  }[];
}`,
  async run(context, { args }) {
    const [source] = openSources(context, { files: args.file === undefined ? [] : [args.file] });
    const { inspectSource, renderPackets } = await import("../../cli/packet-service.js");
    const report = await inspectSource(source);
    if (context.json) await context.printJson({ version: 1, ...report });
    else await context.print(await renderPackets(context, report));
    return report.ok ? EXIT.OK : EXIT.FINDINGS;
  },
});
