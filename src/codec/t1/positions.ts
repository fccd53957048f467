import { T1_MODEL_NAMES } from "../../models/index.js";
import {
  CALLED_FUNCTION_KEYS,
  CHOICE_KEYS,
  DECLARATION_KEYS,
  DIALECT,
  ESCAPE,
  FINISH_REASONS,
  MESSAGE_KEYS,
  type NamePairs,
  RESPONSE_FORMAT_KEYS,
  RESPONSE_FORMAT_TYPES,
  ROLES,
  ROOT_KEYS,
  TOOL_CALL_KEYS,
  TOOL_CHOICE_KEYS,
  USAGE_KEYS,
} from "./tables.js";

/** What to write for a key, and where the value behind it stands. */
export interface KeyRule {
  /** The key to write, without quotes. */
  readonly write: string;
  readonly value: Position;
}

/** What a direction of the transducer knows of a place in the chat schema: a state of the machine. */
export interface Position {
  /** Keys known to an object that stands here. `undefined`: keys are copied. */
  readonly keys: ReadonlyMap<string, KeyRule> | undefined;
  /** Strings known where a string stands here. `undefined`: strings are copied. */
  readonly strings: ReadonlyMap<string, string> | undefined;
  /** Where the items of an array that stands here stand. `undefined`: everything in it is copied. */
  readonly items: Position | undefined;
}

export type Direction = "encode" | "decode";

/** A place of which nothing is known: all that stands there is the user's own. */
export const OPAQUE: Position = position({});

/** Every position has the same shape, which keeps the transducer's property reads fast. */
function position({ keys, strings, items }: Partial<Position>): Position {
  return Object.freeze({ keys, strings, items });
}

/** The machine's first state: the place of the whole text. */
export function rootPosition(direction: Direction): Position {
  const keys = direction === "encode" ? encodeKeys : decodeKeys;
  const strings = direction === "encode" ? encodeStrings : decodeStrings;

  const role = position({ strings: strings(ROLES, DIALECT.roles) });
  const calledFunction = position({ keys: keys(CALLED_FUNCTION_KEYS, [], {}) });
  const toolCall = position({ keys: keys(TOOL_CALL_KEYS, [], { function: calledFunction }) });
  const message = position({
    keys: keys(MESSAGE_KEYS, [], { role, tool_calls: listOf(toolCall), function_call: calledFunction }),
  });
  const declaredFunction = position({ keys: keys(DECLARATION_KEYS, [], {}) });
  const tool = position({ keys: keys(DECLARATION_KEYS, [], { function: declaredFunction }) });
  const toolChoice = position({ keys: keys(TOOL_CHOICE_KEYS, [], { function: calledFunction }) });
  const formatType = position({ strings: strings(RESPONSE_FORMAT_TYPES, []) });
  const responseFormat = position({ keys: keys(RESPONSE_FORMAT_KEYS, [], { type: formatType }) });
  const finishReason = position({ strings: strings(FINISH_REASONS, []) });
  const choice = position({
    keys: keys(CHOICE_KEYS, DIALECT.choiceKeys, { message, delta: message, finish_reason: finishReason }),
  });
  return position({
    keys: keys(ROOT_KEYS, DIALECT.rootKeys, {
      messages: listOf(message),
      role,
      model: position({ strings: strings(T1_MODEL_NAMES, DIALECT.models) }),
      response_format: responseFormat,
      tools: listOf(tool),
      tool_choice: toolChoice,
      functions: listOf(declaredFunction),
      function_call: calledFunction,
      choices: listOf(choice),
      usage: position({ keys: keys(USAGE_KEYS, [], {}) }),
    }),
  });
}

function listOf(items: Position): Position {
  return position({ items });
}

type Children = Readonly<Record<string, Position>>;

function encodeKeys(names: NamePairs, dialect: NamePairs, children: Children): Map<string, KeyRule> {
  const rules = new Map<string, KeyRule>();
  for (const [name, write] of encodeStrings(names, dialect)) {
    rules.set(name, { write, value: childOf(children, name) });
  }
  return rules;
}

function decodeKeys(names: NamePairs, dialect: NamePairs, children: Children): Map<string, KeyRule> {
  const rules = new Map<string, KeyRule>();
  // The published codec leaves some names of the tables long; they lead to the same place.
  for (const [long] of names) rules.set(long, { write: long, value: childOf(children, long) });
  for (const [short, write] of decodeStrings(names, dialect)) {
    rules.set(short, { write, value: childOf(children, write) });
  }
  return rules;
}

function childOf(children: Children, long: string): Position {
  return Object.hasOwn(children, long) ? children[long] : OPAQUE;
}

/** Long names become short ones; what a reader would take for a short name is escaped. */
function encodeStrings(names: NamePairs, dialect: NamePairs): Map<string, string> {
  const writes = new Map<string, string>();
  for (const short of decodeStrings(names, dialect).keys()) writes.set(short, ESCAPE + short);
  for (const [long, short] of names) if (long !== short) writes.set(long, short);
  return writes;
}

/** Short names become long ones. A name of the dialect counts only if nothing of ours is spelled like it. */
function decodeStrings(names: NamePairs, dialect: NamePairs): Map<string, string> {
  const writes = new Map<string, string>();
  const longs = new Set(names.map(([long]) => long));
  for (const [long, short] of names) if (long !== short) writes.set(short, long);
  for (const [long, short] of dialect) if (!writes.has(short) && !longs.has(short)) writes.set(short, long);
  return writes;
}
