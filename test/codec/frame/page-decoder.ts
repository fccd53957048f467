/**
 * A second decoder, written from docs/spec/frame.md alone: slow, plain, and without anything of src/codec/frame. The
 * tests hold the two equal.
 */
import { createDecipheriv, createHmac } from "node:crypto";
import { brotliDecompressSync } from "node:zlib";

export interface PageFrame {
  schema: number;
  security: number;
  flags: number;
  header: Record<string, unknown>;
  content: Buffer;
}

class Refused extends Error {}

export function decodeByPage(wire: string | Uint8Array, key?: Uint8Array): PageFrame {
  const prefix = "#M2M|1|";
  let frame: Buffer;
  if (typeof wire === "string") {
    if (!wire.startsWith(prefix)) throw new Refused("prefix");
    frame = Buffer.from(wire.slice(prefix.length), "base64");
  } else {
    if (Buffer.from(wire.subarray(0, 7)).toString("latin1") !== prefix) throw new Refused("prefix");
    frame = Buffer.from(wire.subarray(7));
  }
  const headerLength = frame.readUInt16LE(0);
  const schema = frame[2];
  const security = frame[3];
  const flags = frame.readUInt32LE(4);
  const header = readHeader(frame.subarray(20, headerLength), schema, flags);
  let rest: Buffer;
  if (security === 0) rest = frame.subarray(headerLength);
  else if (security === 1) {
    const tag = createHmac("sha256", key!).update(frame.subarray(0, -32)).digest();
    if (!tag.equals(frame.subarray(-32))) throw new Refused("tag");
    rest = frame.subarray(headerLength, -32);
  } else {
    const nonce = frame.subarray(headerLength, headerLength + 12);
    const decipher = createDecipheriv("chacha20-poly1305", key!, nonce, { authTagLength: 16 });
    decipher.setAAD(frame.subarray(0, headerLength), { plaintextLength: frame.length - headerLength - 28 });
    decipher.setAuthTag(frame.subarray(-16));
    rest = Buffer.concat([decipher.update(frame.subarray(headerLength + 12, -16)), decipher.final()]);
  }
  if (rest.readUInt32LE(0) !== rest.length - 8) throw new Refused("length");
  const payload = rest.subarray(8);
  const content = (flags >>> 24) & 1 ? brotliDecompressSync(payload) : payload;
  if (slowCrc32(content) !== rest.readUInt32LE(4)) throw new Refused("checksum");
  return { schema, security, flags, header, content };
}

function readHeader(bytes: Buffer, schema: number, flags: number): Record<string, unknown> {
  let at = 0;
  const text = () => {
    const length = bytes.readUInt8(at);
    at += 1 + length;
    if (at > bytes.length) throw new Refused("text");
    return bytes.subarray(at - length, at).toString("utf8");
  };
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(value);
    }
  };
  const cost = () => {
    at += 4;
    return bytes.readFloatLE(at - 4);
  };
  const header: Record<string, unknown> = {};
  if (schema === 1 || schema === 4) {
    header.model = text();
    const msgCount = (header.msgCount = varint());
    const packed = bytes.subarray(at, (at += Math.ceil(msgCount / 4)));
    header.roles = [...Array(msgCount).keys()].map(
      (i) => ["system", "user", "assistant", "tool"][(packed[Math.floor(i / 4)] >> (2 * (i % 4))) & 3],
    );
    header.contentHint = varint();
    if (flags & 0x40) header.maxTokens = varint();
    header.estCostUsd = cost();
  } else if (schema === 2 || schema === 5 || schema === 16) {
    header.id = text();
    header.model = text();
    header.finishReason = { 0: "stop", 1: "length", 2: "tool_calls", 3: "content_filter", 255: "unknown" }[
      bytes[at++]
    ];
    header.promptTokens = varint();
    header.completionTokens = varint();
    if (flags & 0x20) header.cachedTokens = varint();
    if (flags & 0x40) header.reasoningTokens = varint();
    if (flags & 0x80) header.estCostUsd = cost();
  }
  if (at !== bytes.length) throw new Refused("header length");
  return header;
}

/** Bit by bit, straight from the polynomial. */
function slowCrc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
