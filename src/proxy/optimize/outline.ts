import { JsonScanner, TOKEN } from "../../shared/json-scanner.js";

/** A value in JSON text, as offsets. */
export interface OutlineNode {
  /** What it begins with: a `TOKEN`. */
  readonly token: number;
  readonly start: number;
  end: number;
  /** Of an object, in their order; none of objects below the levels that were asked for. */
  readonly members: OutlineMember[];
  /** Of an array. */
  readonly items: OutlineNode[];
}

export interface OutlineMember {
  readonly name: string;
  readonly keyStart: number;
  readonly value: OutlineNode;
}

/** A request's texts stand at most so deep: the text of a part of a tool result in a block of a message. */
const LEVELS = 7;

/**
 * Where the values of a JSON text stand, down to the level of a request's texts, in one pass and without building them, however
 * deep the rest is: one deep value must not change what is made of the others.
 * @throws {FormatError} `M2M_JSON_INVALID`
 */
export function outlineOf(text: string): OutlineNode {
  const scanner = new JsonScanner(text);
  // The open containers, from the outermost, as far as they are outlined.
  const open: OutlineNode[] = [];
  let root: OutlineNode | undefined;
  let key: { name: string; start: number } | undefined;
  for (let token = scanner.next(); token !== TOKEN.END; token = scanner.next()) {
    const { start, end, depth } = scanner;
    if (token === TOKEN.CLOSE_OBJECT || token === TOKEN.CLOSE_ARRAY) {
      if (open.length > depth) (open.pop() as OutlineNode).end = end;
      continue;
    }
    if (token === TOKEN.KEY) {
      if (depth <= LEVELS) key = { name: readString(text, start, end), start };
      continue;
    }
    const opens = token === TOKEN.OPEN_OBJECT || token === TOKEN.OPEN_ARRAY;
    const level = opens ? depth - 1 : depth;
    if (level > LEVELS) continue;
    const node: OutlineNode = { token, start, end, members: [], items: [] };
    const parent = open[level - 1];
    if (!parent) root = node;
    else if (parent.token === TOKEN.OPEN_ARRAY) parent.items.push(node);
    else if (key) parent.members.push({ name: key.name, keyStart: key.start, value: node });
    if (opens) open.push(node);
  }
  return root as OutlineNode;
}

/** The value of a member; `undefined` if there is none, or more than one, so that nobody can say which counts. */
export function memberOf(node: OutlineNode | undefined, name: string): OutlineNode | undefined {
  const found = node?.members.filter((member) => member.name === name) ?? [];
  return found.length === 1 ? found[0].value : undefined;
}

export function hasMember(node: OutlineNode, name: string): boolean {
  return node.members.some((member) => member.name === name);
}

/** The string that a node is; `undefined` if it is none. */
export function stringOf(text: string, node: OutlineNode | undefined): string | undefined {
  return node?.token === TOKEN.STRING ? readString(text, node.start, node.end) : undefined;
}

/** Replaces pieces of a text; the rest stays as it is. Edits do not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let edited = "";
  let at = 0;
  for (const { start, end, replacement } of [...edits].sort((a, b) => a.start - b.start)) {
    edited += text.slice(at, start) + replacement;
    at = end;
  }
  return edited + text.slice(at);
}

export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

function readString(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1);
  return raw.includes("\\") ? (JSON.parse(text.slice(start, end)) as string) : raw;
}
