import {
  checkCharacters,
  inspectPayload,
  isWire,
  nodeText,
  openWires,
  pointerToken,
  readJsonTree,
  textOf,
  type JsonNode,
  type ObjectNode,
  type StringNode,
  type PayloadFinding,
  type WireOptions,
} from "../payload/index.js";
import type { Segment, SegmentContext } from "../types.js";
import { SegmentCollector, type FoundText } from "./collector.js";
import {
  contextOfKey,
  contextOfRole,
  contextOfType,
  isEnvelope,
  isMessage,
  isSetting,
  type Place,
} from "./contexts.js";
import { readStreams } from "./events.js";
import { KeyCollector, maySaySomething } from "./names.js";
import { MAX_TURN_UNITS, TurnCollector, turnOf } from "./turns.js";

export interface SplitOptions extends WireOptions {
  /** Where the content comes from: all of it has this context, and no role in it is believed. */
  context?: SegmentContext;
}

/** Content in the pieces that are judged one by one. */
export interface SplitContent {
  readonly segments: Segment[];
  /** The decompressed text that offsets and pointers are of. */
  readonly document: string;
  /** Algorithms of the wires that were undone, outermost first. */
  readonly wires: readonly string[];
  /** All that is malformed, of the document and of what its strings hold. */
  readonly findings: PayloadFinding[];
}

/** Strings in strings in strings: a tool result quotes a tool result. */
const MAX_NESTING = 3;
const MIN_NESTED_UNITS = 8;
/** Together, strings inside strings are read up to this size. */
const MAX_NESTED_UNITS = 32 * 1024 * 1024;

/**
 * Undoes the wires around `content` and splits what is JSON into its texts: messages by role, tool calls and results,
 * descriptions of tools, and any other string as data. Never throws: what cannot be opened is a finding, and scanned as
 * the text it is.
 */
export function splitContent(content: string | Uint8Array, options: SplitOptions = {}): SplitContent {
  const { document, wires, json, findings } = inspectPayload(content, options);
  const splitter = new Splitter(options, findings);
  const { context } = options;
  if (json?.root) splitter.readDocument(document, json.root, context);
  if (!json?.root || !json.complete) {
    splitter.addWhole(document, context ?? "text");
  }
  if (json?.root?.kind !== "object") splitter.addStreams(document, context);
  return { segments: splitter.finish(), document, wires, findings };
}

/** Where a value stands. */
interface Spot {
  /** The text that the nodes' offsets are of. */
  document: string;
  pointer: string;
  place: Place;
  /** In the text of the whole: 0, or where the string begins that `document` was taken from. */
  base: number | undefined;
  layers: readonly string[];
}

/** The spot of what stands in the value at `spot`. */
function under({ document, base, layers }: Spot, pointer: string, place: Place): Spot {
  return { document, pointer, place, base, layers };
}

const NO_LAYERS: readonly string[] = [];
const STREAM_LAYERS: readonly string[] = ["events"];

class Splitter {
  readonly #collector = new SegmentCollector();
  readonly #keys = new KeyCollector();
  readonly #options: SplitOptions;
  readonly #findings: PayloadFinding[];
  #nestedUnits = 0;
  #isTraffic = false;

  constructor(options: SplitOptions, findings: PayloadFinding[]) {
    this.#options = options;
    this.#findings = findings;
  }

  finish(): Segment[] {
    for (const keys of this.#keys.groups()) this.#collector.addNeighbours(keys, true);
    return this.#collector.finish();
  }

  addWhole(document: string, context: SegmentContext): void {
    this.#collector.add({ text: document, context, pointer: "", offset: 0, layers: NO_LAYERS });
  }

  /** What the events of a stream say together, in addition to each of them. */
  addStreams(document: string, context: SegmentContext | undefined): void {
    for (const { kind, pieces } of readStreams(document)) {
      const said = context ?? (kind === "arguments" ? "json" : "assistant");
      const found: FoundText[] = [];
      for (const { text, pointer, offset } of pieces) {
        found.push({ text, context: said, pointer, offset, layers: STREAM_LAYERS });
      }
      this.#collector.addStream(found);
    }
  }

  readDocument(document: string, root: JsonNode, context: SegmentContext | undefined): void {
    this.#isTraffic = isTraffic(root) || isRpc(root);
    const place = context ?? (isTraffic(root) ? "envelope" : isAnswer(root) ? "tool_result" : "json");
    this.#readAlone(root, { document, pointer: "", place, base: undefined, layers: NO_LAYERS });
  }

  #readAlone(node: JsonNode, spot: Spot): void {
    if (node.kind !== "string") this.#read(node, spot);
    else {
      const found: FoundText[] = [];
      this.#readString(node, "", spot, spot.pointer, spot.place, found);
      this.#collector.addNeighbours(found, isData(spot.place));
    }
  }

  #read(node: JsonNode, spot: Spot): void {
    if (node.kind === "array") this.#readArray(node.items, spot);
    else if (node.kind === "object") this.#readObject(node, spot);
  }

  #readArray(items: readonly JsonNode[], spot: Spot): void {
    const neighbours: FoundText[] = [];
    const parts: FoundText[] = [];
    const turns = new TurnCollector(this.#collector);
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (item === undefined || item.kind === "scalar") continue;
      const pointer = `${spot.pointer}/${i}`;
      if (item.kind === "string") this.#readString(item, "", spot, pointer, spot.place, neighbours);
      else {
        const inner = under(spot, pointer, spot.place);
        const text =
          item.kind === "object" && !isData(spot.place) ? this.#readTextPart(item, inner) : undefined;
        if (text) parts.push(...text);
        else this.#read(item, inner);
        if (items.length > 1 && item.kind === "object" && (spot.place === "envelope" || !isData(spot.place)))
          this.#addTurn(item, inner, turns);
      }
    }
    turns.finish();
    this.#collector.addNeighbours(neighbours, isData(spot.place));
    // Each part is judged alone, and all as the model reads them: one after the other.
    this.#collector.addNeighbours(parts, false);
  }

  /** The short texts of a message or a result, for those of one role that follow one another are read as one. */
  #addTurn(node: ObjectNode, spot: Spot, turns: TurnCollector): void {
    const turn = turnOf(node, spot.document, spot.place === "envelope");
    if (turn === undefined) return;
    const place = turn.isResult ? (this.#options.context ?? "tool_result") : this.#placeOf(node, spot);
    const context = place === "envelope" ? "user" : place;
    const found: FoundText[] = [];
    for (const { node: text, path } of turn.texts) {
      if (text.end - text.start > MAX_TURN_UNITS) continue;
      found.push({
        text: nodeText(spot.document, text),
        context,
        pointer: spot.pointer + path,
        offset: spot.base ?? text.start,
        layers: spot.layers,
      });
    }
    turns.add(turn.role, found);
  }

  /**
   * The text of a content part: `{type: "text", text: …}`, Gemini's `{text: …}`, whatever else they have, such as
   * `cache_control`, `annotations` or `citations`, which is read on its own.
   */
  #readTextPart(node: ObjectNode, spot: Spot): FoundText[] | undefined {
    const at = node.keys.indexOf("text");
    const value = node.values[at];
    if (value?.kind !== "string") return undefined;
    const place = this.#placeOf(node, spot);
    if (isData(place)) return undefined;
    const found: FoundText[] = [];
    this.#readString(value, "text", spot, `${spot.pointer}/text`, place, found);
    if (node.keys.some((key, index) => index !== at && !isPartType(key, node.values[index], spot)))
      this.#readObject(node, spot, at);
    return found;
  }

  /** @param done index of a member whose value has been read */
  #readObject(node: ObjectNode, spot: Spot, done = -1): void {
    const envelope = spot.place === "envelope";
    const place = this.#placeOf(node, spot);
    const neighbours: FoundText[] = [];
    for (let i = 0; i < node.keys.length; i++) {
      const key = node.keys[i];
      const value = node.values[i];
      const isText = maySaySomething(key);
      if (value.kind === "scalar" && !isText) continue;
      const pointer = spot.pointer + pointerToken(key);
      if (isText) {
        const context = place === "envelope" ? "json" : place;
        const offset = spot.base ?? node.keyStarts[i];
        this.#keys.add({ text: key, context, pointer, offset, layers: spot.layers });
      }
      if (value.kind === "scalar" || i === done) continue;
      const inside = this.#placeUnder(key, value, place, envelope);
      if (value.kind !== "string") this.#read(value, under(spot, pointer, inside));
      else if (isData(inside) || inside === "tool_result") {
        this.#readString(value, key, spot, pointer, inside, neighbours);
      } else {
        const found: FoundText[] = [];
        this.#readString(value, key, spot, pointer, inside, found);
        for (const one of found) this.#collector.add(one);
      }
    }
    this.#collector.addNeighbours(neighbours, isData(place) || spot.layers.length > 0);
  }

  /** What an object is, by its role or type; both are only believed where nothing is known yet. */
  #placeOf(node: ObjectNode, { document, place }: Spot): Place {
    const read = (key: string): string | undefined => {
      const value = node.values[node.keys.indexOf(key)];
      return value?.kind === "string" && value.end - value.start <= 64
        ? nodeText(document, value)
        : undefined;
    };
    if (this.#options.context !== undefined) return place;
    const role = place === "envelope" && isMessage(node) ? read("role") : undefined;
    // Of two roles the one that is trusted less counts.
    if (role !== undefined) return hasTwice(node, "role") ? "user" : contextOfRole(role);
    if (place === "tool_result" || place === "json" || place === "document") return place;
    const type = read("type");
    return (type === undefined ? undefined : contextOfType(type)) ?? place;
  }

  #placeUnder(key: string, value: JsonNode, place: Place, envelope: boolean): Place {
    if (this.#options.context !== undefined) return place;
    if (place === "tool_result" || place === "json" || place === "document") return place;
    const known = contextOfKey(key, envelope && place === "envelope");
    if (known !== undefined) return known;
    // `input` of the Responses API and of embeddings.
    if (place === "envelope" && value.kind === "string") return key === "input" ? "user" : "json";
    return place;
  }

  /** Adds the text of a string to `found`, unless the JSON or the wire in it is read in its place. */
  #readString(
    node: StringNode,
    key: string,
    outer: Spot,
    pointer: string,
    place: Place,
    found: FoundText[],
  ): void {
    if (node.end === node.start) return;
    const text = nodeText(outer.document, node);
    const { layers } = outer;
    if (this.#isTraffic && layers.length === 0 && isSetting(key, text)) return;
    const offset = outer.base ?? node.start;
    // What the payload's check saw of this string was still escaped once more.
    if (layers.length > 0) this.#checkInner(text, pointer, offset);
    const context: SegmentContext = place === "envelope" ? "user" : place;
    if (text.length >= MIN_NESTED_UNITS && layers.length < MAX_NESTING) {
      if (isWire(text) && this.#readWire(text, context, { ...outer, pointer, place, base: offset })) return;
      if (isBracketed(text) && this.#readNested(text, context, { ...outer, pointer, place, base: offset }))
        return;
    }
    found.push({ text, context, pointer, offset, layers });
  }

  /** Reports the characters of a string inside a string, which begins at `position` in the document. */
  #checkInner(text: string, pointer: string, position: number): void {
    checkCharacters(text, (check, offset, length) =>
      this.#findings.push({ check, pointer, offset, length, position }),
    );
  }

  /** JSON in a string: its strings have the context of the string at best, and no role in it counts. */
  #readNested(text: string, context: SegmentContext, spot: Spot): boolean {
    this.#nestedUnits += text.length;
    if (this.#nestedUnits > MAX_NESTED_UNITS) return false;
    const tree = readJsonTree(text);
    this.#addFindings(tree.findings, spot);
    if (!tree.root || !tree.complete) return false;
    const layers = [...spot.layers, "json"];
    const place = context === "system" || context === "user" || context === "assistant" ? "json" : context;
    this.#readAlone(tree.root, { ...spot, document: text, place, layers });
    return true;
  }

  #readWire(text: string, context: SegmentContext, spot: Spot): boolean {
    const opened = openWires(text, this.#options);
    this.#addFindings(opened.findings, spot);
    const inner = opened.wires.length > 0 ? textOf(opened.content) : undefined;
    if (inner === undefined) return false;
    const layers = [...spot.layers, ...opened.wires];
    if (isBracketed(inner) && this.#readNested(inner, context, { ...spot, layers })) return true;
    this.#collector.add({ text: inner, context, pointer: spot.pointer, offset: spot.base ?? 0, layers });
    return true;
  }

  #addFindings(found: readonly PayloadFinding[], { pointer, base = 0 }: Spot): void {
    for (const one of found) {
      this.#findings.push({ ...one, pointer: pointer + one.pointer, position: base + one.position });
    }
  }
}

/** Whether a member of a part says what kind of part it is, and nothing else. */
function isPartType(key: string, value: JsonNode, { document }: Spot): boolean {
  return key === "type" && value.kind === "string" && isSetting(key, nodeText(document, value));
}

/** Data is judged in the company of its neighbours; what somebody says stands alone. */
function isData(place: Place): boolean {
  return place === "json" || place === "envelope" || place === "document";
}

function isTraffic(root: JsonNode): boolean {
  if (root.kind === "object") return isEnvelope(root);
  const first = root.kind === "array" ? root.items[0] : undefined;
  return first?.kind === "object" && isMessage(first);
}

/** JSON-RPC, as MCP speaks it. */
function isRpc(root: JsonNode): boolean {
  return root.kind === "object" && root.keys.includes("jsonrpc");
}

/** Whatever a server answers is a stranger's word. */
function isAnswer(root: JsonNode): boolean {
  return isRpc(root) && root.kind === "object" && !root.keys.includes("method");
}

function hasTwice({ keys }: ObjectNode, key: string): boolean {
  return keys.indexOf(key) !== keys.lastIndexOf(key);
}

function isBracketed(text: string): boolean {
  const start = text.charCodeAt(0);
  if (start !== 0x7b && start !== 0x5b && start > 0x20) return false;
  const first = text.trimStart()[0];
  if (first !== "{" && first !== "[") return false;
  const last = text.trimEnd().at(-1);
  return last === (first === "{" ? "}" : "]");
}
