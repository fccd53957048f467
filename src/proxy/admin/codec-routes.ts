import type { IncomingMessage } from "node:http";
import { contentMember } from "../../http/index.js";
import { algorithmWord, findAlgorithm } from "../../shared/algorithms.js";
import { FormatError, InputError } from "../../shared/errors.js";
import { isJsonObject } from "../../shared/json-value.js";
import { decodeUtf8 } from "../../shared/utf8.js";
import type { ProxyCore } from "../core.js";

/**
 * `POST /_m2m/compress`: `{"content", "algorithm"?}` to a wire and its sizes.
 * @throws {M2MError} `M2M_JSON_INVALID`, `M2M_USAGE`, `M2M_INPUT_TOO_LARGE`, and what the algorithm refuses
 */
export async function compressContent(core: ProxyCore, request: IncomingMessage): Promise<unknown> {
  const { content, algorithm: word = "auto" } = await readMembers(core, request);
  if (typeof content !== "string") throw missing("content");
  const algorithm = word === "auto" ? "auto" : typeof word === "string" ? findAlgorithm(word) : undefined;
  if (algorithm === undefined) throw new InputError("M2M_USAGE", "There is no such algorithm.");
  const result = core.engine.compress(content, { algorithm });
  return {
    data: result.data,
    algorithm: algorithmWord(result.algorithm),
    original_bytes: result.originalBytes,
    compressed_bytes: result.compressedBytes,
    ratio: result.ratio,
  };
}

/** `POST /_m2m/decompress`: `{"data"}` to its content, in base64 if it is no text. @throws {M2MError} as above, and what is wrong with the wire */
export async function decompressData(core: ProxyCore, request: IncomingMessage): Promise<unknown> {
  const { data } = await readMembers(core, request);
  if (typeof data !== "string") throw missing("data");
  const { bytes, algorithm } = core.engine.decompress(data);
  return { ...contentMember(bytes), bytes: bytes.length, algorithm: algorithmWord(algorithm) };
}

async function readMembers(core: ProxyCore, request: IncomingMessage): Promise<Record<string, unknown>> {
  const held = core.bodies.open();
  let value: unknown;
  try {
    value = parseJson(await held.read(request));
  } finally {
    held.release();
  }
  if (!isJsonObject(value)) throw new FormatError("M2M_JSON_INVALID", "The body is no JSON object.");
  return value;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(decodeUtf8(body));
  } catch (cause) {
    throw new FormatError("M2M_JSON_INVALID", "The body is not valid JSON.", { cause });
  }
}

function missing(member: string): InputError {
  return new InputError("M2M_USAGE", `The member ${member} is missing, or no text.`);
}
