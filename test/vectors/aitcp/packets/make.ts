// Makes the vectors of this folder: node --import tsx test/vectors/aitcp/packets/make.ts
import { writeFileSync } from "node:fs";
import { M2MError } from "../../../../src/shared/errors.js";
import { readPacket, writePacket } from "../../../../src/transport/aitcp/packet/index.js";
import { counting, dataPacket, onePacketOfEach } from "../../../transport/aitcp/packet/packets.js";
import { sealByThePage } from "../../../transport/aitcp/protection/oracle.js";
import { noble } from "../../../transport/aitcp/protection/primitives.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function write(file: string, cases: unknown[]): void {
  writeFileSync(new URL(file, import.meta.url), `${JSON.stringify({ cases }, null, 1)}\n`);
}

write(
  "packets.json",
  onePacketOfEach().map((packet) => ({
    name: `${packet.kind}${packet.kind === "initiation" && packet.payload ? " with a cookie" : ""}`,
    input: Object.fromEntries(
      Object.entries(packet).map(([name, value]: [string, unknown]) => [
        name,
        value instanceof Uint8Array ? hex(value) : value,
      ]),
    ),
    expected: hex(writePacket(packet)),
    specSection: "Layout",
  })),
);

/** A change to a DATA packet of 18 bytes of content, which is followed by 2 of padding. */
const CHANGES: [name: string, change: (bytes: Uint8Array) => Uint8Array][] = [
  ["nothing", () => new Uint8Array(0)],
  ["half a size prefix", (bytes) => bytes.subarray(0, 2)],
  ["cut by a byte", (bytes) => bytes.subarray(0, -1)],
  ["a byte behind the end", (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])],
  ["size over 65,536", (bytes) => set(bytes, 2, 2)],
  ["size that is no multiple of 4", (bytes) => set(bytes, 0, bytes[0] + 1)],
  ["another root offset", (bytes) => set(bytes, 4, 32)],
  ["another size of the vtable", (bytes) => set(bytes, 8, 20)],
  ["another slot", (bytes) => set(bytes, 14, 12)],
  ["a footer", (bytes) => set(bytes, 28, 28)],
  ["padding of the vtable that is not zero", (bytes) => set(bytes, 31, 1)],
  ["version 2", (bytes) => set(bytes, 36, 2)],
  ["padding of version that is not zero", (bytes) => set(bytes, 37, 1)],
  ["another offset of signature", (bytes) => set(bytes, 56, 76)],
  ["ephemeral_key of 31 bytes", (bytes) => set(bytes, 64, 31)],
  ["nonce of 11 bytes", (bytes) => set(bytes, 100, 11)],
  ["encrypted_sequence_id of 9 bytes", (bytes) => set(bytes, 116, 9)],
  ["signature of 0 bytes", (bytes) => set(bytes, 128, 0)],
  ["header of 5 bytes", (bytes) => set(bytes, 196, 5)],
  ["kind 0", (bytes) => set(bytes, 200, 0)],
  ["kind 7", (bytes) => set(bytes, 200, 7)],
  ["a reserved byte of the header", (bytes) => set(bytes, 203, 1)],
  ["DATA as RESPONSE, whose nonce is zero", (bytes) => set(bytes, 200, 2)],
  ["encrypted_payload of 21 bytes", (bytes) => set(bytes, 204, 21)],
  ["encrypted_payload shorter than a tag", (bytes) => set(bytes, 204, 15)],
  ["padding at the end that is not zero", (bytes) => set(bytes, 227, 1)],
];

function set(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = value;
  return changed;
}

write(
  "refused.json",
  CHANGES.map(([name, change]) => {
    const input = change(writePacket(dataPacket(18)));
    try {
      readPacket(input);
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      return { name, input: hex(input), error: error.code, offset: error.offset, specSection: "Layout" };
    }
    throw new Error(`${name} is read.`);
  }),
);

const trafficSecret = counting(32, 100);
const ephemeralKey = counting(32, 1);
const none = new Uint8Array(64);
write(
  "sealed.json",
  [
    { name: "first", epoch: 0, sequence: 0, signature: none, record: Buffer.from("hello") },
    { name: "an empty record", epoch: 0, sequence: 1, signature: none, record: Buffer.alloc(0) },
    { name: "with a signature", epoch: 0, sequence: 2, signature: counting(64, 9), record: Buffer.from("signed") },
    { name: "after a rekeying", epoch: 1, sequence: 3, signature: none, record: counting(300, 0) },
    { name: "epoch 258, which is 2", epoch: 258, sequence: 9000, signature: none, record: counting(33, 5) },
    { name: "a number over 32 bits", epoch: 0, sequence: 2 ** 33 + 7, signature: none, record: counting(7, 5) },
    { name: "the last number", epoch: 0, sequence: 2 ** 53 - 2, signature: none, record: counting(64, 5) },
  ].map(({ name, epoch, sequence, signature, record }) => ({
    name,
    input: {
      trafficSecret: hex(trafficSecret),
      ephemeralKey: hex(ephemeralKey),
      epoch,
      sequence,
      signature: hex(signature),
      record: hex(record),
    },
    expected: hex(
      sealByThePage(noble, { secret: trafficSecret, ephemeralKey, epoch, sequence, signature, record }),
    ),
    specSection: "Protection",
  })),
);
