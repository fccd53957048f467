import { InputError } from "../shared/errors.js";
import { utf8Length } from "../shared/utf8.js";
import type { SessionCore } from "./core.js";
import type { DataMessage } from "./message.js";
import type { ReceivedData, Reception, SendOptions } from "./reception.js";
import { judge, type Judgement } from "./scan-policy.js";

/** DATA with `content`: scanned, then compressed. */
export async function sendData(
  core: SessionCore,
  content: string | Uint8Array,
  { algorithm }: SendOptions,
): Promise<DataMessage> {
  if (typeof content !== "string" && !(content instanceof Uint8Array)) {
    throw new InputError("M2M_USAGE", "A content is a string or a Uint8Array.");
  }
  core.allow("send", core.now());
  const { payloads } = core.established;
  payloads.assertFits(content);
  if (algorithm !== undefined) payloads.assertAgreed(algorithm);
  // Bytes of the caller may change while the scanner works: what is compressed is what was scanned.
  const own = typeof content === "string" ? content : new Uint8Array(content);
  const judgement = await judgeAndCount(core, own);
  const nowMs = core.now();
  // It may have ended meanwhile.
  const transition = core.allow("send", nowMs);
  const wire = payloads.seal(own, algorithm);
  core.commit(transition, nowMs, {
    data: { contentBytes: wire.originalBytes, wireBytes: wire.compressedBytes },
  });
  return {
    type: "DATA",
    sessionId: core.sessionId,
    algorithm: wire.algorithm,
    content: wire.data,
    ...(judgement ? { security: judgement.status } : {}),
    timestampMs: nowMs,
  };
}

/** Takes DATA: decompressed, then scanned. It counts as received, and as a sign of life, even if the scan refuses it. */
export async function receiveData(core: SessionCore, message: DataMessage): Promise<Reception> {
  const nowMs = core.now();
  const transition = core.allow("DATA", nowMs);
  core.assertOwn(message.sessionId);
  const wireBytes = utf8Length(message.content);
  const result = core.established.payloads.open(message, core.environment.contents);
  core.commit(transition, nowMs, { data: { contentBytes: result.bytes.length, wireBytes } });
  const judgement = await judgeAndCount(core, result.bytes);
  // What arrives after the end is nobody's.
  core.allow("DATA");
  const data: ReceivedData = {
    algorithm: result.algorithm,
    form: result.form,
    ...(result.encoding === undefined ? {} : { encoding: result.encoding }),
    bytes: result.bytes,
    get text() {
      return result.text;
    },
    ...describe(judgement),
    ...(message.security ? { claimed: message.security } : {}),
  };
  return { message, data };
}

async function judgeAndCount(
  core: SessionCore,
  content: string | Uint8Array,
): Promise<Judgement | undefined> {
  try {
    return await judge(core.established.policy, content);
  } catch (error) {
    core.countBlocked();
    throw error;
  }
}

function describe(judgement: Judgement | undefined): Partial<ReceivedData> {
  if (!judgement) return {};
  const { status, verdict, failure } = judgement;
  return { security: status, ...(verdict ? { verdict } : { scanFailure: failure }) };
}
