import { readBrokenUtf8 } from "./bytes.js";
import { checkCharacters, checkRepetition, type Report } from "./characters.js";
import { nodeText, pointerToken, readJsonTree, type JsonNode, type JsonTree } from "./json-tree.js";
import type { PayloadFinding } from "./types.js";
import { openWires, textOf, type WireOptions } from "./wires.js";

/** Content as a reader gets it, and what is malformed about it. */
export interface InspectedPayload {
  /** The decompressed text. */
  readonly document: string;
  /** Algorithms that were undone, outermost first. */
  readonly wires: readonly string[];
  /** Absent if the document does not begin like JSON. */
  readonly json?: JsonTree;
  readonly findings: PayloadFinding[];
}

/** What is malformed about `content`, wires included. Linear in its length and in what it decompresses to; never throws. */
export function checkPayload(content: string | Uint8Array, options: WireOptions = {}): PayloadFinding[] {
  return inspectPayload(content, options).findings;
}

/** As `checkPayload`, with the parts that the check had to read anyway. */
export function inspectPayload(content: string | Uint8Array, options: WireOptions = {}): InspectedPayload {
  const opened = openWires(content, options);
  const findings = opened.findings;
  let document = textOf(opened.content);
  if (document === undefined) {
    const broken = readBrokenUtf8(opened.content as Uint8Array);
    findings.push(...broken.findings);
    document = broken.text;
  }
  const { wires } = opened;
  const json = beginsLikeJson(document) ? readJsonTree(document) : undefined;
  if (json) findings.push(...json.findings);
  if (json?.root) checkStrings(document, json.root, findings);
  else checkCharacters(document, reporter("", 0, findings));
  checkRepetition(document, reporter("", 0, findings));
  return json ? { document, wires, json, findings } : { document, wires, findings };
}

/** Reports what is found in one string, which begins at `start` in the document. */
function reporter(pointer: string, start: number, findings: PayloadFinding[]): Report {
  return (check, offset, length) =>
    findings.push({ check, pointer, offset, length, position: start + offset });
}

/** Escapes spell characters too, so strings are decoded first; without an escape or a sign beyond ASCII there is nothing to see. */
const WORTH_DECODING = /\\u|[^\t\n\r\x20-\x7e]/u;
/** A document of a million strange strings is not more malformed than one of fifty. */
const MAX_FINDINGS = 50;

function checkStrings(document: string, root: JsonNode, findings: PayloadFinding[]): void {
  if (!WORTH_DECODING.test(document)) return;
  const visit = (node: JsonNode, pointer: string): void => {
    if (findings.length >= MAX_FINDINGS) return;
    if (node.kind === "string") {
      checkCharacters(nodeText(document, node), reporter(pointer, node.start, findings));
    } else if (node.kind === "array") node.items.forEach((item, index) => visit(item, `${pointer}/${index}`));
    else if (node.kind === "object") {
      node.values.forEach((value, index) => {
        checkCharacters(node.keys[index], reporter(pointer, node.start, findings));
        visit(value, pointer + pointerToken(node.keys[index]));
      });
    }
  };
  visit(root, "");
}

function beginsLikeJson(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x7b || unit === 0x5b) return true;
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return false;
  }
  return false;
}
