import type { IncomingMessage } from "node:http";
import { contentMember } from "../../http/index.js";
import { algorithmWord, findAlgorithm } from "../../shared/algorithms.js";
import { FormatError, InputError } from "../../shared/errors.js";
import { isJsonObject } from "../../shared/json-value.js";
import { decodeUtf8 } from "../../shared/utf8.js";
import type { ProxyCore } from "../core.js";
import type { HeldBody } from "../held-bodies.js";

/**
 * `POST /_m2m/compress`: `{"content", "algorithm"?}` to a wire and its sizes.
 * @throws {M2MError} `M2M_JSON_INVALID`, `M2M_USAGE`, `M2M_INPUT_TOO_LARGE`, and what the algorithm refuses
 */
export async function compressContent(
  core: ProxyCore,
  request: IncomingMessage,
  held: HeldBody,
): Promise<unknown> {
  const { content, algorithm: word = "auto" } = await readMembers(request, held);
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
export async function decompressData(
  core: ProxyCore,
  request: IncomingMessage,
  held: HeldBody,
): Promise<unknown> {
  const { data } = await readMembers(request, held);
  if (typeof data !== "string") throw missing("data");
  const { bytes, algorithm } = held.unpack((maxOutputBytes) =>
    core.engine.decompress(data, { maxOutputBytes }),
  );
  return { ...contentMember(bytes), bytes: bytes.length, algorithm: algorithmWord(algorithm) };
}

async function readMembers(request: IncomingMessage, held: HeldBody): Promise<Record<string, unknown>> {
  const value = parseJson(await held.read(request));
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
