import { FormatError, IntegrityError, UnsupportedError } from "../../shared/errors.js";
import { countWith } from "../../shared/count-of.js";
import { PREFIX_BYTES } from "./layout.js";

/** @param at offset behind the prefix; errors carry the offset in the binary frame */
export function frameInvalid(why: string, at: number): FormatError {
  return new FormatError("M2M_FRAME_INVALID", `The frame is invalid: ${why}.`, {
    offset: at + PREFIX_BYTES,
  });
}

/** @param have bytes behind the prefix; `need` of them were expected */
export function frameTruncated(have: number, need: number, part: string): FormatError {
  const message = `The frame is cut short in its ${part}: ${have + PREFIX_BYTES} of ${need + PREFIX_BYTES} bytes.`;
  return new FormatError("M2M_FRAME_TRUNCATED", message, { offset: have + PREFIX_BYTES });
}

export function frameTrailing(have: number, end: number): FormatError {
  const follow = countWith(have - end, "byte", ["follows", "follow"]);
  return new FormatError("M2M_FRAME_TRAILING_BYTES", `${follow} the end of the frame.`, {
    offset: end + PREFIX_BYTES,
  });
}

export function frameUnsupported(what: string, at: number): UnsupportedError {
  return new UnsupportedError("M2M_VERSION_UNSUPPORTED", `This version does not know the frame's ${what}.`, {
    offset: at + PREFIX_BYTES,
  });
}

/** One message for every cause: what exactly failed helps only an attacker. */
export function authenticationFailed(): IntegrityError {
  return new IntegrityError(
    "M2M_AUTHENTICATION_FAILED",
    "The frame cannot be verified with this key: the key is another one, or the frame was changed.",
  );
}
