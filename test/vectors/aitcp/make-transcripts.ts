// Transcripts of docs/spec/aitcp.md, written by hand over node:crypto: node --import tsx test/vectors/aitcp/make-transcripts.ts
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";

const sha256 = (...parts: Uint8Array[]): Buffer => createHash("sha256").update(Buffer.concat(parts)).digest();
const ascii = (text: string): Buffer => Buffer.from(text, "latin1");
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

function keyOf(seed: Uint8Array): { privateKey: KeyObject; publicKey: Buffer } {
  const der = Buffer.concat([hex("302e020100300506032b657004220420"), seed]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return { privateKey, publicKey: createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-32) };
}

const INITIATOR = keyOf(new Uint8Array(32).fill(1));
const RESPONDER = keyOf(new Uint8Array(32).fill(2));
const H = sha256(ascii("a connection"));

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

function block(type: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(type), varint(body.length), body]);
}

/** A turn of one side: the text that is signed, and its block. */
function turn(letter: "i" | "r", number: number, timeMs: number, before: Uint8Array, frames: Uint8Array) {
  const key = letter === "i" ? INITIATOR : RESPONDER;
  const digest = sha256(frames);
  const text = Buffer.concat([
    ascii("AI-TCP/1 turn\0"),
    H,
    INITIATOR.publicKey,
    RESPONDER.publicKey,
    ascii(letter),
    u64(number),
    u64(timeMs),
    before,
    digest,
  ]);
  const signature = sign(null, text, key.privateKey);
  return { digest, text, block: block(3, ascii(letter), varint(number), varint(timeMs), signature) };
}

const ZEROS = Buffer.alloc(32);
const T = 1_790_000_000_000;
// MESSAGE_LAST of stream 0, number 0, offset 0: "Hello".
const question = Buffer.concat([hex("02 00 00 00 05"), ascii("Hello")]);
// ACK of stream 0 up to 1; MESSAGE and MESSAGE_LAST of stream 0, number 0: "Wor" and "ld".
const answer = Buffer.concat([hex("05 00 01"), hex("01 00 00 00 03"), ascii("Wor"), hex("02 00 00 03 02"), ascii("ld")]);
// ACK of stream 0 up to 1.
const receipt = hex("05 00 01");
// MESSAGE_LAST of stream 0, number 1: empty.
const last = hex("02 00 01 00 00");

const first = turn("i", 0, T + 5, ZEROS, question);
const second = turn("r", 0, T + 9, ZEROS, answer);
const third = turn("i", 1, T + 20, first.digest, receipt);
const opening = block(1, Buffer.of(1), H, INITIATOR.publicKey, RESPONDER.publicKey, u64(T));
const frames = (letter: string, bytes: Uint8Array): Buffer => block(2, ascii(letter), bytes);
const whole = [
  ascii("AITCP-T1"),
  opening,
  frames("i", question),
  first.block,
  // A turn may have several records.
  frames("r", answer.subarray(0, 11)),
  frames("r", answer.subarray(11)),
  second.block,
  frames("i", receipt),
  third.block,
  frames("i", last),
  block(4, Buffer.of(1)),
];
const good = Buffer.concat(whole);
const forged = Buffer.from(good);
forged[forged.indexOf("Wor")] ^= 1;

const side = (turns: number, signedMessages: number, unsignedMessages: number, messageBytes: number, receipts: object[]) => ({
  turns,
  signedMessages,
  unsignedMessages,
  messageBytes,
  receipts,
});
const cases = [
  {
    name: "a question, its answer, a receipt, and what is not signed",
    transcript: good.toString("hex"),
    signedTexts: [first, second, third].map(({ text }) => text.toString("hex")),
    state: "closed",
    initiator: { ...side(2, 1, 1, 5, [{ stream: 0, count: 1, timeMs: T + 20 }]), lastTurnMs: T + 20 },
    responder: { ...side(1, 1, 0, 5, [{ stream: 0, count: 1, timeMs: T + 9 }]), lastTurnMs: T + 9 },
    sha256: [sha256(ascii("Hello")), sha256(ascii("World")), sha256()].map((digest) => digest.toString("hex")),
  },
  {
    name: "cut behind the first turn",
    transcript: Buffer.concat(whole.slice(0, 4)).toString("hex"),
    state: "cut",
    initiator: { ...side(1, 1, 0, 5, []), lastTurnMs: T + 5 },
    responder: side(0, 0, 0, 0, []),
    sha256: [sha256(ascii("Hello")).toString("hex")],
  },
  {
    name: "an answer that was altered",
    transcript: forged.toString("hex"),
    state: "failed",
    failure: { offset: Buffer.concat(whole.slice(0, 6)).length, by: "responder", turn: 0 },
    initiator: { ...side(1, 1, 0, 5, []), lastTurnMs: T + 5 },
    responder: side(0, 0, 1, 5, []),
    sha256: [sha256(ascii("Hello")), sha256(ascii("Vorld"))].map((digest) => digest.toString("hex")),
  },
];
const identities = { initiator: INITIATOR.publicKey.toString("hex"), responder: RESPONDER.publicKey.toString("hex") };
const text = JSON.stringify({ identities, cases }, null, 2);
writeFileSync(new URL("transcripts.json", import.meta.url), `${text}\n`);
