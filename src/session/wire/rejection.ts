import { REJECTION_CODES, type Rejection } from "../message.js";
import type { FieldReader } from "./fields.js";

const MAX_CODE_LENGTH = 128;
const MAX_REASON_LENGTH = 4096;
/** A peer may have reasons that this version has no name for. */
const REJECTION_FORM = /^[A-Z][A-Z_]*$/;

export function readRejection(payload: FieldReader): Rejection {
  const code = payload.text("code", MAX_CODE_LENGTH, REJECTION_FORM);
  return {
    code: REJECTION_CODES.find((known) => known === code) ?? "UNKNOWN",
    message: payload.has("message") ? payload.text("message", MAX_REASON_LENGTH) : "",
  };
}
