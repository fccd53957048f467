import type { IncomingHttpHeaders } from "node:http";
import { detect, type CodecEngine, type DecompressionResult } from "../../codec/index.js";
import { mediaTypeOf } from "../../http/index.js";
import { PROTOCOL_VERSIONS } from "../../session/index.js";
import { UnsupportedError } from "../../shared/errors.js";
import { WIRE_TYPE } from "./wire-format.js";

/**
 * The content of a body that is a wire, and `undefined` of one that is none. It is one if its media type says so; if `x-m2m-protocol` is
 * there, or not, also by its opening, with which no JSON begins.
 * @param maxOutputBytes of the content
 * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED` of a protocol that this version does not know
 * @throws {M2MError} if the wire is broken or too large
 */
export function readWireBody(
  engine: CodecEngine,
  headers: IncomingHttpHeaders,
  body: Buffer,
  maxOutputBytes: number,
): DecompressionResult | undefined {
  const version = headers["x-m2m-protocol"];
  if (version !== undefined && !(PROTOCOL_VERSIONS as readonly string[]).includes(String(version))) {
    throw new UnsupportedError(
      "M2M_VERSION_UNSUPPORTED",
      `The protocol version in x-m2m-protocol is not known.`,
      { hint: `Known are ${PROTOCOL_VERSIONS.join(" and ")}.` },
    );
  }
  const isDeclared = mediaTypeOf(headers["content-type"]) === WIRE_TYPE;
  if (!isDeclared && !opensLikeWire(body, version !== undefined)) return undefined;
  return engine.decompress(body, { maxOutputBytes });
}

/** @param binary whether bytes that are no text count too */
function opensLikeWire(body: Buffer, binary: boolean): boolean {
  // The opening of all text wires.
  if (body[0] === 0x23) return detect(body).algorithm !== "none";
  return binary && body.length > 0 && detect(body).algorithm !== "none";
}
