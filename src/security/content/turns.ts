import { nodeText, pointerToken, type JsonNode, type ObjectNode, type StringNode } from "../payload/index.js";
import type { FoundText, SegmentCollector } from "./collector.js";
import { contextOfType, isMessage } from "./contexts.js";

/** A longer message says enough alone. */
export const MAX_TURN_UNITS = 400;
/** So many units of messages are read as one. */
const MAX_SEQUENCE_UNITS = 8192;

/** Gathers messages of one role that follow one another: an attack may be spread over them. */
export class TurnCollector {
  readonly #collector: SegmentCollector;
  #role = "";
  #messages = 0;
  #units = 0;
  #found: FoundText[] = [];

  constructor(collector: SegmentCollector) {
    this.#collector = collector;
  }

  add(role: string, found: readonly FoundText[]): void {
    if (role !== this.#role || this.#units > MAX_SEQUENCE_UNITS) this.finish();
    this.#role = role;
    this.#messages++;
    for (const one of found) {
      this.#found.push(one);
      this.#units += one.text.length;
    }
  }

  /** What one message says is judged without this. */
  finish(): void {
    if (this.#messages > 1) this.#collector.addSequence(this.#found);
    this.#found = [];
    this.#messages = this.#units = 0;
  }
}

/** What a message or the result of a tool says. */
export interface Turn {
  readonly role: string;
  readonly isResult: boolean;
  /** Its strings, and where each of them stands in it: the end of a JSON pointer. */
  readonly texts: readonly PlacedText[];
}

interface PlacedText {
  readonly node: StringNode;
  readonly path: string;
}

const RESULT = "tool";
const MAX_NAME_UNITS = 64;

/**
 * The turn that an object is: a message of OpenAI, Anthropic or Gemini, where messages stand, or a result (`tool_result`,
 * `function_call_output`, `functionResponse`), of which one message may have several.
 */
export function turnOf(node: ObjectNode, document: string, isOuter: boolean): Turn | undefined {
  return (isOuter ? messageOf(node, document) : undefined) ?? resultOf(node, document);
}

function messageOf(node: ObjectNode, document: string): Turn | undefined {
  const role = member(node, "role");
  if (role === undefined) {
    // Gemini takes a content without a role for the user's.
    const parts = member(node, "parts");
    return parts && { role: "user", isResult: false, texts: textsUnder(parts, "/parts") };
  }
  if (role.kind !== "string" || !isMessage(node)) return undefined;
  const content = textsUnder(member(node, "content"), "/content");
  const parts = member(node, "parts");
  const texts = parts === undefined ? content : [...content, ...textsUnder(parts, "/parts")];
  return { role: nodeText(document, role), isResult: false, texts };
}

function resultOf(node: ObjectNode, document: string): Turn | undefined {
  const type = member(node, "type");
  if (type?.kind === "string" && isResultType(type, document)) {
    const content = textsUnder(member(node, "content"), "/content");
    return {
      role: RESULT,
      isResult: true,
      texts: [...content, ...textsUnder(member(node, "output"), "/output")],
    };
  }
  const given = member(node, "functionResponse");
  const response = given?.kind === "object" ? member(given, "response") : undefined;
  if (response?.kind !== "object") return undefined;
  const texts = response.values.flatMap((value, index) =>
    textsUnder(value, `/functionResponse/response${pointerToken(response.keys[index])}`),
  );
  return { role: RESULT, isResult: true, texts };
}

function member({ keys, values }: ObjectNode, key: string): JsonNode | undefined {
  const at = keys.indexOf(key);
  return at < 0 ? undefined : values[at];
}

function isResultType(type: StringNode, document: string): boolean {
  return type.end - type.start <= MAX_NAME_UNITS && contextOfType(nodeText(document, type)) === "tool_result";
}

/** A string, or those of parts: `{type: "text", text: …}`. */
function textsUnder(content: JsonNode | undefined, path: string): PlacedText[] {
  if (content?.kind === "string") return [{ node: content, path }];
  if (content?.kind !== "array") return [];
  return content.items.flatMap((item, index) => {
    const text = item.kind === "object" ? member(item, "text") : undefined;
    return text?.kind === "string" ? [{ node: text, path: `${path}/${index}/text` }] : [];
  });
}
