import { FormatError } from "../../../shared/errors.js";
import { concatBytes } from "../../../shared/bytes.js";
import { KEY_BYTES, SIGNATURE_BYTES, type AiTcpCrypto } from "../crypto/index.js";
import type { Identity } from "./identity.js";

/** An organisation's word for an identity (docs/spec/aitcp.md, Keys). Which identity it is for is not in it. */
export interface Certificate {
  /** The organisation's public key, 32 bytes. */
  readonly issuer: Uint8Array;
  /** Unix time in seconds, the first one and the last one in which it holds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly signature: Uint8Array;
}

/** What a certificate is worth; `forged` is also one that was issued for another identity. */
export type CertificateState = "valid" | "early" | "expired" | "forged";

const TIME_BYTES = 8;
export const CERTIFICATE_BYTES = KEY_BYTES + 2 * TIME_BYTES + SIGNATURE_BYTES;
const LABEL = Buffer.from("AI-TCP/1 certificate\0");

/**
 * Issues a certificate.
 * @param identity the public key it is for
 * @param notBefore, notAfter Unix time in seconds
 * @throws {RangeError} if the time is empty or no safe integers
 */
export function issueCertificate(
  issuer: Identity,
  identity: Uint8Array,
  notBefore: number,
  notAfter: number,
): Uint8Array {
  const isTime = (seconds: number): boolean => Number.isSafeInteger(seconds) && seconds >= 0;
  if (!isTime(notBefore) || !isTime(notAfter) || notAfter < notBefore) {
    throw new RangeError("A certificate holds from a Unix time in seconds to a later one.");
  }
  const signature = issuer.sign(signedBytes(identity, notBefore, notAfter));
  return concatBytes([issuer.publicKey, encodeTime(notBefore), encodeTime(notAfter), signature]);
}

/** @throws {FormatError} `M2M_CERTIFICATE_INVALID` */
export function parseCertificate(bytes: Uint8Array): Certificate {
  if (bytes.length !== CERTIFICATE_BYTES) {
    throw invalid(`it has ${bytes.length} bytes, not ${CERTIFICATE_BYTES}`, bytes.length);
  }
  // `slice` of a Buffer copies nothing.
  const issuer = Uint8Array.from(bytes.subarray(0, KEY_BYTES));
  const notBefore = decodeTime(bytes, KEY_BYTES);
  const notAfter = decodeTime(bytes, KEY_BYTES + TIME_BYTES);
  return {
    issuer,
    notBefore,
    notAfter,
    signature: Uint8Array.from(bytes.subarray(KEY_BYTES + 2 * TIME_BYTES)),
  };
}

/** Whether the issuer has given its word for `identity`, and for this time. Whether the issuer is trusted is another question. */
export function checkCertificate(
  crypto: AiTcpCrypto,
  certificate: Certificate,
  identity: Uint8Array,
  nowMs: number,
): CertificateState {
  const { issuer, notBefore, notAfter, signature } = certificate;
  if (!crypto.verify(issuer, signedBytes(identity, notBefore, notAfter), signature)) return "forged";
  return checkTime(certificate, nowMs);
}

/** Whether a certificate whose signature was verified before still holds. */
export function checkTime(
  { notBefore, notAfter }: Certificate,
  nowMs: number,
): Exclude<CertificateState, "forged"> {
  const now = Math.floor(nowMs / 1000);
  if (now < notBefore) return "early";
  return now > notAfter ? "expired" : "valid";
}

function signedBytes(identity: Uint8Array, notBefore: number, notAfter: number): Uint8Array {
  return concatBytes([LABEL, identity, encodeTime(notBefore), encodeTime(notAfter)]);
}

function encodeTime(seconds: number): Uint8Array {
  const bytes = Buffer.alloc(TIME_BYTES);
  bytes.writeBigUInt64BE(BigInt(seconds));
  return bytes;
}

function decodeTime(bytes: Uint8Array, offset: number): number {
  const seconds = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset);
  if (seconds > Number.MAX_SAFE_INTEGER) throw invalid("a time is beyond 2^53 − 1", offset);
  return Number(seconds);
}

function invalid(why: string, offset: number): FormatError {
  return new FormatError("M2M_CERTIFICATE_INVALID", `This is no certificate: ${why}.`, { offset });
}
