/** A field or a comment at the start, as the grammar of event streams has it (HTML Standard, section 9.2.5). */
const OPENING = /^\uFEFF?(?:(?:data|event|id|retry)(?::|[\r\n])|:)/u;
/** The end of a line and the blank lines behind it. A carriage return before a line feed ends no line of its own. */
const BLANK = /(?:\r\n|\n|\r(?!\n)){2,}/gu;

/** Whether `text` is a stream of server-sent events, of which at least one is complete. */
export function isEventStream(text: string): boolean {
  return OPENING.test(text) && text.search(BLANK) >= 0;
}

/** The events of a stream, each with the blank line that ends it; together they are `text`. */
export function splitEvents(text: string): string[] {
  const events: string[] = [];
  let start = 0;
  for (const { index, 0: blank } of text.matchAll(BLANK)) {
    events.push(text.slice(start, index + blank.length));
    start = index + blank.length;
  }
  if (start < text.length) events.push(text.slice(start));
  return events;
}
