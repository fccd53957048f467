import { M2MError } from "./errors.js";
import { readJsonPointer } from "./json-text.js";
import { tryDecodeUtf8 } from "./utf8.js";

/** The member `model` of a JSON object, if it is a string: what a request says that it is for. */
export function readNamedModel(content: string | Uint8Array): string | undefined {
  const text = typeof content === "string" ? content : tryDecodeUtf8(content);
  if (text === undefined) return undefined;
  try {
    const slice = readJsonPointer(text, "/model");
    const raw = slice && text.slice(slice.start, slice.end);
    return raw?.startsWith('"') ? (JSON.parse(raw) as string) : undefined;
  } catch (error) {
    if (error instanceof M2MError) return undefined;
    throw error;
  }
}
