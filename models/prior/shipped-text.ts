import { mayLearn, type Message } from "./corpus.js";
import { findPersonal, PERSONAL } from "./personal.js";

/** Bytes of the n-grams that are covered. */
const GRAM = 8;
const SEGMENT = 160;
/** What deflate looks back at. */
const NEAR_BYTES = 32768;
const HASH_BITS = 25;

/** Whether an n-gram lies in what may be learnt. */
function isWhole(message: Message, at: number): boolean {
  return message.spans === undefined || (message.spans[at] !== 0 && mayLearn(message, at + GRAM - 1, GRAM));
}

function hashGram(bytes: Uint8Array, at: number): number {
  const a = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  const b = bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24);
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return (h ^ (h >>> 13)) & ((1 << HASH_BITS) - 1);
}

interface Segment {
  readonly message: Message;
  readonly start: number;
  readonly end: number;
  worth: number;
}

/**
 * The text that is shipped: segments of messages that together cover the n-grams that most messages, of most repositories,
 * share (COVER: Liao, Petri, Moffat, Wirth, "Effective Construction of Relative Lempel-Ziv Dictionaries", 2016).
 * @returns the text, and the messages that segments were taken from
 */
export function chooseText(
  messages: readonly Message[],
  sizeBytes: number,
  limit: number,
): { text: Uint8Array; used: Set<Message> } {
  const size = 1 << HASH_BITS;
  const counts = new Uint16Array(size);
  const lastMessage = new Int32Array(size);
  const lastRepository = new Uint8Array(size);
  const repositories = new Uint8Array(size);
  const names = [...new Set(messages.map(({ repository }) => repository))].sort();
  const ordered = [...messages].sort((a, b) => names.indexOf(a.repository) - names.indexOf(b.repository));
  ordered.forEach((message, number) => {
    const { repository, bytes } = message;
    const name = names.indexOf(repository) + 1;
    const end = Math.min(limit, bytes.length) - GRAM;
    for (let at = 0; at <= end; at++) {
      if (!isWhole(message, at)) continue;
      const gram = hashGram(bytes, at);
      if (lastMessage[gram] === number + 1) continue;
      lastMessage[gram] = number + 1;
      if (counts[gram] < 65535) counts[gram]++;
      if (lastRepository[gram] !== name) {
        lastRepository[gram] = name;
        repositories[gram]++;
      }
    }
  });
  const worths = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    if (repositories[i] >= 2) worths[i] = Math.log2(counts[i]) * (2 * Math.log2(repositories[i]) + 1);
  }
  const weigh = ({ message, start, end }: Segment): number => {
    let worth = 0;
    const seen = new Set<number>();
    for (let at = start; at + GRAM <= end; at++) {
      const gram = hashGram(message.bytes, at);
      if (worths[gram] > 0 && !seen.has(gram)) {
        worth += worths[gram];
        seen.add(gram);
      }
    }
    return worth / (end - start + 8);
  };
  const isWorthy = (message: Message, at: number): boolean =>
    worths[hashGram(message.bytes, at)] > 0 && isWhole(message, at);
  let open: Segment[] = [];
  for (const message of messages) {
    const length = Math.min(limit, message.bytes.length);
    for (let start = 0; start < length; start += SEGMENT) {
      // Only stretches that several repositories have are candidates: nothing that one source alone says is shipped.
      let from = start;
      const stop = Math.min(length, start + SEGMENT);
      while (from + GRAM <= stop) {
        while (from + GRAM <= stop && !isWorthy(message, from)) from++;
        let to = from;
        while (to + GRAM <= stop && isWorthy(message, to)) to++;
        const end = to + GRAM - 1;
        if (to > from && end - from >= 12) open.push({ message, start: from, end, worth: 0 });
        from = Math.max(to, from + 1);
      }
    }
  }
  for (const segment of open) segment.worth = weigh(segment);
  open.sort((a, b) => b.worth - a.worth);
  const chosen: Segment[] = [];
  let total = 0;
  while (total < sizeBytes && open.length > 0) {
    const threshold = open[0].worth * 0.85;
    const rest: Segment[] = [];
    for (const segment of open) {
      if (total >= sizeBytes) break;
      if (segment.worth < threshold) {
        rest.push(segment);
        continue;
      }
      const worth = weigh(segment);
      if (worth >= threshold) {
        chosen.push(segment);
        total += segment.end - segment.start;
        for (let at = segment.start; at + GRAM <= segment.end; at++)
          worths[hashGram(segment.message.bytes, at)] = 0;
      } else if (worth > 0.02) {
        segment.worth = worth;
        rest.push(segment);
      }
    }
    open = rest.sort((a, b) => b.worth - a.worth);
  }
  keepShared(chosen, messages, limit);
  // What is worth most stands last, within reach of deflate; segments of one message stand together.
  let near = 0;
  let count = 0;
  while (count < chosen.length && near < NEAR_BYTES) near += chosen[count].end - chosen[count++].start;
  const arranged = [...arrange(chosen.slice(count)), ...arrange(chosen.slice(0, count))];
  const text = withoutPersonal(
    Buffer.concat(arranged.map(({ message, start, end }) => message.bytes.subarray(start, end))),
  );
  return {
    text: new Uint8Array(text.subarray(Math.max(0, text.length - sizeBytes))),
    used: new Set(chosen.map(({ message }) => message)),
  };
}

/** Puts segments, the most worthy first, in order: those of one message together, the most worthy message last. */
function arrange(segments: readonly Segment[]): Segment[] {
  const places = new Map<Message, number>();
  segments.forEach(({ message }, i) => {
    if (!places.has(message)) places.set(message, i);
  });
  return [...segments].sort((a, b) => places.get(b.message)! - places.get(a.message)! || a.start - b.start);
}

/** `text` without the stretches that point to a person or open a door, nor those that arise where they are taken out. */
function withoutPersonal(text: Buffer): Buffer {
  let rest = text.toString("latin1");
  while (findPersonal(rest).length > 0) {
    for (const [, pattern] of PERSONAL) rest = rest.replace(new RegExp(pattern, `${pattern.flags}g`), " ");
  }
  return Buffer.from(rest, "latin1");
}

/** Takes out of `segments` those with an n-gram that fewer than two repositories have: the hashes above may take two for one. */
function keepShared(segments: Segment[], messages: readonly Message[], limit: number): void {
  const owners = new Map<string, string>();
  const grams = ({ message, start, end }: Segment): string[] => {
    const text = Buffer.from(message.bytes.subarray(start, end)).toString("latin1");
    return Array.from({ length: Math.max(0, text.length - GRAM + 1) }, (_, i) => text.slice(i, i + GRAM));
  };
  for (const segment of segments) for (const gram of grams(segment)) owners.set(gram, "");
  for (const message of messages) {
    const { repository } = message;
    for (const gram of grams({ message, start: 0, end: Math.min(limit, message.bytes.length), worth: 0 })) {
      const owner = owners.get(gram);
      if (owner === "") owners.set(gram, repository);
      else if (owner !== undefined && owner !== repository) owners.set(gram, "*");
    }
  }
  const shared = segments.filter((segment) => grams(segment).every((gram) => owners.get(gram) === "*"));
  segments.splice(0, segments.length, ...shared);
}
