import { MappedTextBuilder } from "../mapped-text.js";
import type { Range } from "../evidence.js";
import type { Decoded, Decoder } from "./decoder.js";
import { isLetter } from "../units.js";

/** Shorter text in a comment or an attribute says nothing. */
const MIN_LENGTH = 8;
const MAX_TAG_UNITS = 2000;
const MAX_RANGES = 500;
/** The rest of a longer one is in the text itself all the same. */
const MAX_HIDDEN_UNITS = 16 * 1024;

/** What a page hides from its reader but not from a model: comments, hidden elements, texts of attributes. */
export const extractHidden: Decoder = (text, { hasMarkup }) => {
  if (!hasMarkup) return [];
  const found: Decoded[] = [];
  if (text.includes("<!--")) collect(text, "html-comment", commentRanges(text), found);
  if (text.includes("]: ")) collect(text, "markdown-comment", markdownComments(text), found);
  if (text.includes("</") || text.includes("/>") || text.includes('="')) {
    const tags = readTags(text);
    collect(text, "hidden-html", tags.hidden, found);
    collect(text, "html-attribute", tags.attributes, found);
  }
  return found;
};

/** The ranges as one text, a line each. */
function collect(text: string, layer: string, ranges: readonly Range[], found: Decoded[]): void {
  const worth = ranges.filter(({ start, end }) => end - start >= MIN_LENGTH && hasSpace(text, start, end));
  if (worth.length === 0) return;
  const out = new MappedTextBuilder(text, 1024);
  for (const { start, end } of worth) {
    if (out.length > 0) out.put("\n", start - 1, start);
    out.copy(start, Math.min(end, start + MAX_HIDDEN_UNITS));
  }
  // A text that is one comment altogether hides nothing more.
  if (out.length < text.length) found.push({ ...out.finish(), layer });
}

function commentRanges(text: string): Range[] {
  const ranges: Range[] = [];
  for (let at = text.indexOf("<!--"); at !== -1 && ranges.length < MAX_RANGES;) {
    const close = text.indexOf("-->", at + 4);
    const end = close === -1 ? text.length : close;
    ranges.push({ start: at + 4, end });
    at = text.indexOf("<!--", end);
  }
  return ranges;
}

/** Link definitions that nothing links to, a known way to comment in Markdown: `[//]: # (…)`. */
function markdownComments(text: string): Range[] {
  const ranges: Range[] = [];
  let line = 0;
  for (
    let at = text.indexOf("]: ");
    at !== -1 && ranges.length < MAX_RANGES;
    at = text.indexOf("]: ", line)
  ) {
    line = at + 1;
    let start = at + 3;
    if (text[start] !== "#" && text[start] !== "<") continue;
    while (start < text.length && "#<> ".includes(text[start])) start++;
    if (!"(\"'".includes(text[start])) continue;
    const end = text.indexOf("\n", start);
    line = end === -1 ? text.length : end;
    let last = line;
    while (last > start + 1 && ")\"'> \r".includes(text[last - 1])) last--;
    ranges.push({ start: start + 1, end: last });
  }
  return ranges;
}

/** Attributes whose text a page shows rarely or never. */
const TEXT_ATTRIBUTES = new Set([
  "alt",
  "title",
  "aria-label",
  "aria-description",
  "placeholder",
  "content",
  "summary",
]);

function readTags(text: string): { hidden: Range[]; attributes: Range[] } {
  const hidden: Range[] = [];
  const attributes: Range[] = [];
  let hiddenEnd = 0;
  for (let at = text.indexOf("<"); at !== -1; at = text.indexOf("<", at + 1)) {
    if (!isLetter(text.charCodeAt(at + 1))) continue;
    const tag = readTag(text, at);
    if (!tag) continue;
    if (attributes.length < MAX_RANGES) attributes.push(...tag.texts);
    if (tag.hidden && tag.end >= hiddenEnd && hidden.length < MAX_RANGES) {
      const close = text.indexOf(`</${tag.name}`, tag.end);
      hiddenEnd = close === -1 ? text.length : close;
      hidden.push({ start: tag.end, end: hiddenEnd });
    }
    at = tag.end - 1;
  }
  return { hidden, attributes };
}

interface Tag {
  name: string;
  end: number;
  hidden: boolean;
  texts: Range[];
}

/** The tag that opens at `at`; `undefined` if it is not closed soon, or has no attributes. */
function readTag(text: string, at: number): Tag | undefined {
  let i = at + 1;
  while (isName(text.charCodeAt(i))) i++;
  const tag: Tag = { name: text.slice(at + 1, i), end: 0, hidden: false, texts: [] };
  const limit = Math.min(text.length, at + MAX_TAG_UNITS);
  while (i < limit) {
    const unit = text.charCodeAt(i);
    if (unit === 0x3e) {
      tag.end = i + 1;
      return tag;
    }
    if (unit === 0x3c) return undefined;
    if (!isName(unit)) {
      i++;
      continue;
    }
    const nameStart = i;
    while (isName(text.charCodeAt(i))) i++;
    const name = text.slice(nameStart, i).toLowerCase();
    let value = "";
    if (text[i] === "=") {
      const quote = text[i + 1];
      const quoted = quote === '"' || quote === "'";
      const start = quoted ? i + 2 : i + 1;
      i = start;
      while (i < limit && (quoted ? text[i] !== quote : isName(text.charCodeAt(i)) || text[i] === ":")) i++;
      if (i >= limit) return undefined;
      value = text.slice(start, i);
      if (TEXT_ATTRIBUTES.has(name)) tag.texts.push({ start, end: i });
      if (quoted) i++;
    }
    tag.hidden ||= hides(name, value.toLowerCase());
  }
  return undefined;
}

/** Styles that keep text from being seen, without spaces. */
const HIDING_STYLES = [
  "display:none",
  "visibility:hidden",
  "font-size:0",
  "font-size:1px",
  "opacity:0;",
  "color:white",
  "color:#fff",
  "color:transparent",
  "color:rgba(0,0,0,0)",
  "left:-9",
  "text-indent:-9",
  "height:0;",
  "width:0;",
];

function hides(name: string, value: string): boolean {
  if (name === "hidden") return value !== "until-found";
  if (name === "aria-hidden") return value === "true";
  if (name !== "style") return name === "color" && (value === "white" || value === "#ffffff");
  const style = `${value.replaceAll(/\s/gu, "")};`;
  return HIDING_STYLES.some((hiding) => {
    const at = style.indexOf(hiding);
    // "background-color:white" hides nothing, and "font-size:0.9em" is no zero.
    return at !== -1 && style[at - 1] !== "-" && style[at + hiding.length] !== ".";
  });
}

function hasSpace(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (text.charCodeAt(i) === 0x20) return true;
  return false;
}

function isName(unit: number): boolean {
  return isLetter(unit) || (unit >= 0x30 && unit <= 0x39) || unit === 0x2d || unit === 0x5f || unit === 0x23;
}
