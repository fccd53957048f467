import { JsonScanner, TOKEN } from "../../shared/json-scanner.js";
import { readBrokenUtf8 } from "./bytes.js";
import { checkCharacters, checkRepetition, type Report } from "./characters.js";
import { nodeText, pointerToken, readJsonTree, type JsonNode, type JsonTree } from "./json-tree.js";
import type { PayloadCheck, PayloadFinding } from "./types.js";
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
  const strange = new StringFindings(findings);
  if (json?.root) checkStrings(document, json, strange);
  else checkCharacters(document, strange.reporter("", 0));
  checkRepetition(document, strange.reporter("", 0));
  return json ? { document, wires, json, findings } : { document, wires, findings };
}

/** A document of a million strange strings is not more malformed than one of fifty. */
const MAX_FINDINGS_A_CHECK = 50;

/** What is found in strings. Each check has a bound of its own: many findings that say little must not hide one that says all. */
class StringFindings {
  readonly #findings: PayloadFinding[];
  readonly #counts = new Map<PayloadCheck, number>();

  constructor(findings: PayloadFinding[]) {
    this.#findings = findings;
  }

  /** Reports what is found in one string, which begins at `start` in the document. */
  reporter(pointer: string, start: number): Report {
    return (check, offset, length) => {
      const count = this.#counts.get(check) ?? 0;
      if (count >= MAX_FINDINGS_A_CHECK) return;
      this.#counts.set(check, count + 1);
      this.#findings.push({ check, pointer, offset, length, position: start + offset });
    };
  }
}

/** Escapes spell characters too, so strings are decoded first; without an escape or a sign beyond ASCII there is nothing to see. */
const WORTH_DECODING = /\\u|[^\t\n\r\x20-\x7e]/u;

function checkStrings(document: string, { root, complete }: JsonTree, strange: StringFindings): void {
  if (!WORTH_DECODING.test(document)) return;
  if (!complete) return checkEveryString(document, strange);
  const visit = (node: JsonNode, pointer: string): void => {
    if (node.kind === "string") {
      checkCharacters(nodeText(document, node), strange.reporter(pointer, node.start));
    } else if (node.kind === "array") node.items.forEach((item, index) => visit(item, `${pointer}/${index}`));
    else if (node.kind === "object") {
      node.values.forEach((value, index) => {
        checkCharacters(node.keys[index], strange.reporter(pointer, node.start));
        visit(value, pointer + pointerToken(node.keys[index]));
      });
    }
  };
  visit(root!, "");
}

/** For a tree that has not all of them: keys and strings as they come, by their place in the document alone. */
function checkEveryString(document: string, strange: StringFindings): void {
  const scanner = new JsonScanner(document);
  const report = strange.reporter("", 0);
  for (let token = scanner.next(); token !== TOKEN.END; token = scanner.next()) {
    if (token !== TOKEN.KEY && token !== TOKEN.STRING) continue;
    const start = scanner.start + 1;
    const text = nodeText(document, { kind: "string", start, end: scanner.end - 1 });
    checkCharacters(text, (check, offset, length) => report(check, start + offset, length));
  }
}

function beginsLikeJson(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x7b || unit === 0x5b) return true;
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return false;
  }
  return false;
}
