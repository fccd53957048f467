/** What went one way. */
export interface Traffic {
  /** Messages of every type. */
  readonly messages: number;
  readonly dataMessages: number;
  /** Bytes of DATA before compression. */
  readonly contentBytes: number;
  /** Bytes of DATA as wires, in UTF-8, without the message around them. */
  readonly wireBytes: number;
}

export interface SessionCounters {
  readonly sent: Traffic;
  readonly received: Traffic;
  /** Contents that were received or to be sent, and refused for what a scan said or could not say. */
  readonly blocked: number;
}

const NO_TRAFFIC: Traffic = Object.freeze({ messages: 0, dataMessages: 0, contentBytes: 0, wireBytes: 0 });

export const NO_COUNTS: SessionCounters = Object.freeze({
  sent: NO_TRAFFIC,
  received: NO_TRAFFIC,
  blocked: 0,
});

export interface DataSize {
  readonly contentBytes: number;
  readonly wireBytes: number;
}

/** `counters` with one more message, and what it carried. */
export function counted(
  counters: SessionCounters,
  direction: "sent" | "received",
  data?: DataSize,
): SessionCounters {
  const traffic = counters[direction];
  return {
    ...counters,
    [direction]: {
      messages: traffic.messages + 1,
      dataMessages: traffic.dataMessages + (data ? 1 : 0),
      contentBytes: traffic.contentBytes + (data?.contentBytes ?? 0),
      wireBytes: traffic.wireBytes + (data?.wireBytes ?? 0),
    },
  };
}
