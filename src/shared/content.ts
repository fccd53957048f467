import { InputError } from "./errors.js";

/** Whether it is a Uint8Array; also one of another realm, as test runners and frames of a page have. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || (ArrayBuffer.isView(value) && tagOf(value) === "[object Uint8Array]");
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value);
}

/** For callers without types. @param what is given, for the message @throws {InputError} `M2M_USAGE` */
export function assertContent(what: string, content: unknown): asserts content is string | Uint8Array {
  if (typeof content === "string" || isBytes(content)) return;
  throw new InputError("M2M_USAGE", `${what} is a string or a Uint8Array, not ${kindOf(content)}.`);
}

/** Text has no bytes until it is encoded: its length, taken for theirs, would make a wire that nobody can read. @throws {InputError} `M2M_USAGE` */
export function assertBytes(what: string, bytes: unknown): asserts bytes is Uint8Array {
  if (isBytes(bytes)) return;
  throw new InputError("M2M_USAGE", `${what} is a Uint8Array, not ${kindOf(bytes)}.`, {
    hint: typeof bytes === "string" ? "new TextEncoder().encode makes one of a text." : undefined,
  });
}

/** @throws {InputError} `M2M_USAGE` */
export function assertText(what: string, text: unknown): asserts text is string {
  if (typeof text === "string") return;
  throw new InputError("M2M_USAGE", `${what} is a string, not ${kindOf(text)}.`);
}

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}
