/** What a browser dispatches of an event stream. */
export interface DispatchedEvent {
  readonly event: string;
  readonly data: string;
}

/** HTML section 9.2.6 over a whole stream, word by word: slow, and obviously right. */
export function dispatchPlainly(stream: Uint8Array): DispatchedEvent[] {
  let text = Buffer.from(stream).toString("utf8");
  if (text.startsWith("\ufeff")) text = text.slice(1);
  const lines = text.split(/\r\n|\r|\n/);
  lines.pop();
  const events: DispatchedEvent[] = [];
  let data = "";
  let event = "";
  for (const line of lines) {
    if (line === "") {
      if (data !== "") events.push({ event, data: data.slice(0, -1) });
      data = "";
      event = "";
      continue;
    }
    const [, field, value] = /^([^:]*)(?:: ?([^]*))?$/.exec(line) as RegExpExecArray;
    if (field === "event") event = value ?? "";
    else if (field === "data") data += `${value ?? ""}\n`;
  }
  return events;
}
