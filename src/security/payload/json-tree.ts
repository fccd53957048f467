import { M2MError } from "../../shared/errors.js";
import { JsonScanner, TOKEN } from "../../shared/json-scanner.js";
import { PAYLOAD_CHECKS } from "./checks.js";
import { knownName } from "./known-names.js";
import { checkRole } from "./roles.js";
import type { PayloadCheck, PayloadFinding } from "./types.js";

/** Text of a string with its escapes is between `start` and `end`, without the quotes. */
export interface StringNode {
  readonly kind: "string";
  readonly start: number;
  readonly end: number;
}
export interface ObjectNode {
  readonly kind: "object";
  readonly start: number;
  /** Duplicates included. */
  readonly keys: string[];
  /** Where the text of each key begins, behind its quotation mark. */
  readonly keyStarts: number[];
  readonly values: JsonNode[];
}
export interface ArrayNode {
  readonly kind: "array";
  readonly start: number;
  readonly items: JsonNode[];
}
/** A number, a literal, or what lies too deep to be kept. */
export interface ScalarNode {
  readonly kind: "scalar";
}
export type JsonNode = StringNode | ObjectNode | ArrayNode | ScalarNode;

export interface JsonTree {
  /** Absent if the text is no JSON. */
  readonly root?: JsonNode;
  /** All strings are in the tree; else the text itself has to be looked at too. */
  readonly complete: boolean;
  readonly findings: PayloadFinding[];
}

const MAX_DEPTH = 32;
const MAX_ARRAY_ITEMS = 10_000;
const MAX_STRING_UNITS = 10 * 1024 * 1024;
const MAX_NUMBER_UNITS = 1000;
/** Beyond these the tree would cost more memory than the text deserves. */
const MAX_TREE_DEPTH = 64;
const MAX_TREE_NODES = 200_000;
/** More places of one kind say no more. */
const MAX_FINDINGS_A_CHECK = 10;
/** Up to this many keys are compared one by one. */
const FEW_KEYS = 16;

const SCALAR: ScalarNode = { kind: "scalar" };

interface Open {
  node: ObjectNode | ArrayNode;
  /** Items of an array. */
  count: number;
  /** Key that the next value belongs to. */
  key: string;
  keyStart: number;
  /** Keys seen, once there are many. */
  keySet?: Set<string>;
  /** Key of each duplicate, and where it stands. */
  duplicates?: { key: string; start: number; end: number }[];
}

/** Reads JSON once: its strings with their places, and what is wrong with its structure. Never throws. */
export function readJsonTree(text: string): JsonTree {
  const reader = new TreeReader(text);
  try {
    reader.read();
    return { root: reader.root, complete: reader.complete, findings: reader.findings };
  } catch (error) {
    if (!(error instanceof M2MError)) throw error;
    if (looksLikeTraffic(text)) reader.report(PAYLOAD_CHECKS.brokenJson, error.offset ?? text.length, 0);
    return { complete: false, findings: reader.findings };
  }
}

/** The text of a string node. */
export function nodeText(document: string, node: StringNode): string {
  return unescapeJson(document, node.start, node.end);
}

class TreeReader {
  root: JsonNode | undefined;
  complete = true;
  readonly findings: PayloadFinding[] = [];
  readonly #text: string;
  readonly #scanner: JsonScanner;
  readonly #open: Open[] = [];
  /** How often each check was reported. */
  #reported: Map<PayloadCheck, number> | undefined;
  #nodes = 0;
  /** Depth of containers that are not kept. */
  #skipped = 0;

  constructor(text: string) {
    this.#text = text;
    this.#scanner = new JsonScanner(text);
  }

  read(): void {
    const scanner = this.#scanner;
    for (let token = scanner.next(); token !== TOKEN.END; token = scanner.next()) {
      switch (token) {
        case TOKEN.OPEN_OBJECT:
          if (this.#isKept()) {
            this.#openContainer({
              kind: "object",
              start: scanner.start,
              keys: [],
              keyStarts: [],
              values: [],
            });
          }
          break;
        case TOKEN.OPEN_ARRAY:
          if (this.#isKept()) this.#openContainer({ kind: "array", start: scanner.start, items: [] });
          break;
        case TOKEN.CLOSE_OBJECT:
        case TOKEN.CLOSE_ARRAY:
          if (this.#skipped > 0) this.#skipped--;
          else this.#close(this.#open.pop()!);
          break;
        case TOKEN.KEY:
          if (this.#skipped === 0) this.#readKey(this.#open[this.#open.length - 1]);
          break;
        case TOKEN.STRING:
          if (scanner.end - scanner.start - 2 > MAX_STRING_UNITS) {
            this.report(PAYLOAD_CHECKS.longString, scanner.start, scanner.end - scanner.start);
          }
          this.#add({ kind: "string", start: scanner.start + 1, end: scanner.end - 1 });
          break;
        case TOKEN.NUMBER:
          // "1e309" is the shortest number out of range.
          if (scanner.end - scanner.start > 4) this.#checkNumber(scanner.start, scanner.end);
          this.#add(SCALAR);
          break;
        default:
          this.#add(SCALAR);
      }
    }
  }

  report(check: PayloadCheck, offset: number, length: number): void {
    this.#reported ??= new Map();
    const reported = this.#reported.get(check) ?? 0;
    if (reported >= MAX_FINDINGS_A_CHECK) return;
    this.#reported.set(check, reported + 1);
    this.findings.push({ check, pointer: this.#pointer(), offset, length, position: offset });
  }

  /** Whether the container that opens here is not too deep; what is in one that is too deep is skipped. */
  #isKept(): boolean {
    if (this.#skipped === 0 && this.#open.length < MAX_TREE_DEPTH) return true;
    this.#skipped++;
    this.complete = false;
    return false;
  }

  #openContainer(node: ObjectNode | ArrayNode): void {
    this.#add(node);
    this.#open.push({ node, count: 0, key: "", keyStart: 0 });
    if (this.#scanner.depth === MAX_DEPTH + 1) this.report(PAYLOAD_CHECKS.deepNesting, node.start, 1);
  }

  #add(node: JsonNode): void {
    if (this.#skipped > 0) {
      this.complete = false;
      return;
    }
    const parent = this.#open[this.#open.length - 1];
    if (parent === undefined) {
      this.root = node;
      return;
    }
    parent.count++;
    if (parent.count === MAX_ARRAY_ITEMS + 1 && parent.node.kind === "array") {
      this.report(PAYLOAD_CHECKS.longArray, parent.node.start, this.#scanner.end - parent.node.start);
    }
    if (node.kind !== "scalar" && ++this.#nodes > MAX_TREE_NODES) {
      this.complete = false;
      node = SCALAR;
    }
    if (parent.node.kind === "object") {
      parent.node.keys.push(parent.key);
      parent.node.keyStarts.push(parent.keyStart);
      parent.node.values.push(node);
    } else if (node.kind !== "scalar") {
      // The items keep their places; numbers between them are left out as holes.
      parent.node.items[parent.count - 1] = node;
    }
  }

  #readKey(parent: Open): void {
    const { start, end } = this.#scanner;
    const key = unescapeJson(this.#text, start + 1, end - 1);
    if (key === "__proto__") this.report(PAYLOAD_CHECKS.prototypeKey, start, end - start);
    parent.key = key;
    parent.keyStart = start + 1;
    const { keys } = parent.node as ObjectNode;
    if (keys.length > FEW_KEYS) {
      parent.keySet ??= new Set(keys);
      if (parent.keySet.has(key)) (parent.duplicates ??= []).push({ key, start, end });
      parent.keySet.add(key);
    } else if (keys.includes(key)) (parent.duplicates ??= []).push({ key, start, end });
  }

  #close({ node, duplicates }: Open): void {
    if (node.kind === "array") return;
    const role = node.keys.indexOf("role");
    for (const { key, start, end } of duplicates ?? []) {
      const inMessage = role !== -1 && MESSAGE_KEYS.has(key);
      this.report(
        inMessage || key === "messages" ? PAYLOAD_CHECKS.duplicateMessageKey : PAYLOAD_CHECKS.duplicateKey,
        start,
        end - start,
      );
    }
    const constructor = node.values[node.keys.indexOf("constructor")];
    if (constructor?.kind === "object" && constructor.keys.includes("prototype")) {
      this.report(PAYLOAD_CHECKS.prototypeKey, constructor.start, 1);
    }
    const value = role === -1 ? undefined : node.values[role];
    if (value?.kind !== "string" || !node.keys.some(isContentKey)) return;
    const check = checkRole(nodeText(this.#text, value));
    if (check) this.report(check, value.start, value.end - value.start);
  }

  #checkNumber(start: number, end: number): void {
    if (end - start > MAX_NUMBER_UNITS || !Number.isFinite(Number(this.#text.slice(start, end)))) {
      this.report(PAYLOAD_CHECKS.hugeNumber, start, end - start);
    }
  }

  /** Of the innermost container that is open. */
  #pointer(): string {
    let pointer = "";
    for (let i = 0; i + 1 < this.#open.length; i++) {
      const { node, key, count } = this.#open[i];
      pointer += node.kind === "object" ? pointerToken(key) : `/${count - 1}`;
    }
    return pointer;
  }
}

const MESSAGE_KEYS = new Set([
  "role",
  "content",
  "parts",
  "tool_calls",
  "tool_call_id",
  "name",
  "function_call",
]);
const CONTENT_KEYS = new Set(["content", "parts", "tool_calls", "function_call"]);

function isContentKey(key: string): boolean {
  return CONTENT_KEYS.has(key);
}

/** `/key`, escaped (RFC 6901 section 3). */
export function pointerToken(key: string): string {
  if (!key.includes("~") && !key.includes("/")) return `/${key}`;
  return `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Only what is surely cut off or tampered with, not every text that begins with a brace. */
function looksLikeTraffic(text: string): boolean {
  return (
    /^\s*[[{]/u.test(text) &&
    /"(?:messages|model|role|contents|jsonrpc|choices)"\s*:/u.test(text.slice(0, 2000))
  );
}

/** The text that a JSON string spells. Lone surrogates stay what they are. */
function unescapeJson(text: string, start: number, end: number): string {
  const known = knownName(text, start, end);
  if (known !== undefined) return known;
  const raw = text.slice(start, end);
  return raw.includes("\\") ? (JSON.parse(`"${raw}"`) as string) : raw;
}
