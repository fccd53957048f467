import { InputError } from "../../shared/errors.js";
import type { SseFields } from "./event.js";

const LINE_END = /\r\n|\r|\n/;

/**
 * The block of an event stream that has these fields (HTML section 9.2.5), ended by a blank line. Line ends in data and comments are read back as line feeds.
 * @throws {InputError} `M2M_USAGE` for a name or id that a line cannot hold, or a `retry` that is no whole number from 0
 * @example writeSse({ event: "ping", data: "{}" }) // "event: ping\ndata: {}\n\n"
 */
export function writeSse(fields: Partial<SseFields>): string {
  const { event = "", data, id, retry, comment } = fields;
  let block = "";
  if (comment !== undefined) for (const line of comment.split(LINE_END)) block += `: ${line}\n`;
  if (event !== "") block += `event: ${oneLine("event", event)}\n`;
  if (id !== undefined) block += `id: ${oneLine("id", id)}\n`;
  if (retry !== undefined) {
    if (!Number.isSafeInteger(retry) || retry < 0) {
      throw new InputError("M2M_USAGE", `retry is a whole number from 0, not ${String(retry)}.`);
    }
    block += `retry: ${retry}\n`;
  }
  if (data !== undefined) for (const line of data.split(LINE_END)) block += `data: ${line}\n`;
  return `${block}\n`;
}

function oneLine(field: string, value: string): string {
  if (!/[\r\n\0]/.test(value)) return value;
  throw new InputError("M2M_USAGE", `The field ${field} of an event holds a line end or U+0000.`);
}
