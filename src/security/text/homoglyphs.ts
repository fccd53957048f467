import { lazily } from "../../shared/lazy.js";
import { clampRange, type MappedText } from "./mapped-text.js";
import { flatText, unitsToText } from "./units.js";

/** Letters of other scripts that cannot be told from Latin ones (after Unicode's confusables, UTS 39), as pairs. */
const LOOK_ALIKES =
  // Cyrillic
  "аaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝwӏlАAВBЕEЅSІIЈJКKМMНHОOРPСCТTУYХXҮYԚQԜWӀl" +
  // Greek
  "οoνvΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX" +
  // Armenian
  "օoսuհhոnցgյjզqաw" +
  // Latin letters that are not a to z, phonetic and small capitals
  "ıiɑaɡgɩiƖlʟlᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkᴍmɴnᴏoᴘpǫqʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz" +
  // Cherokee
  "ᎪAᎠDᎡRᎢTᎥiᎬEᎳWᎷMᎻHᎽYᏀGᏃZᏒRᏔWᏕSᏙVᏚSᏟCᏢPᏦKᏞLᏴB";

/** Letters that look like Latin ones between Latin letters only. */
const LOOSE_LOOK_ALIKES = "кkмmтtвbнhгrпnвbёeїiєeүyѵvЁEЇIαaβbεeιiκkρpτtυuχxγyηnωwσoόoάaέeίiύu";

const LATIN = 1;
const LOOK_ALIKE = 2;
/** A letter of those scripts that looks like a Latin one between Latin letters only, or never. */
const FOREIGN = 4;

interface Tables {
  readonly kinds: Uint8Array;
  readonly latin: Uint16Array;
}

const tables = lazily((): Tables => {
  const kinds = new Uint8Array(0x10000);
  const latin = new Uint16Array(0x10000);
  for (const [from, to] of [
    [0x370, 0x52f],
    [0x531, 0x587],
    [0x13a0, 0x13ff],
  ]) {
    kinds.fill(FOREIGN, from, to + 1);
  }
  for (let unit = 0x41; unit <= 0x5a; unit++) kinds[unit] = kinds[unit + 32] = LATIN;
  for (let unit = 0xc0; unit < 0x250; unit++) kinds[unit] = LATIN;
  kinds[0xd7] = kinds[0xf7] = 0;
  for (let i = 0; i < LOOSE_LOOK_ALIKES.length; i += 2) {
    latin[LOOSE_LOOK_ALIKES.charCodeAt(i)] = LOOSE_LOOK_ALIKES.charCodeAt(i + 1);
  }
  for (let i = 0; i < LOOK_ALIKES.length; i += 2) {
    const unit = LOOK_ALIKES.charCodeAt(i);
    kinds[unit] = LOOK_ALIKE;
    latin[unit] = LOOK_ALIKES.charCodeAt(i + 1);
  }
  return { kinds, latin };
});

/**
 * `text` with look-alikes as Latin letters: in words that mix them with Latin letters, and in words made of them alone
 * where the text has no word that can only be of another script. So Russian and Greek stay what they are.
 * @returns `undefined` if there is nothing to fold
 */
export function foldHomoglyphs(text: string): MappedText | undefined {
  const { kinds, latin } = tables();
  const words = findWords(text, { kinds, latin });
  if (words.mixed.length === 0 && words.alike.length === 0) return undefined;
  const alone = words.hasForeign || !words.hasLatin ? [] : words.alike;
  const ranges = alone.length === 0 ? words.mixed : mergeRanges(words.mixed, alone);
  if (ranges.length === 0) return undefined;
  const { length } = text;
  const units = new Uint16Array(length);
  for (let i = 0; i < length; i++) units[i] = text.charCodeAt(i);
  for (let k = 0; k < ranges.length; k += 2) {
    for (let i = ranges[k]; i < ranges[k + 1]; i++) units[i] = latin[units[i]] || units[i];
  }
  return {
    text: flatText(unitsToText(units)),
    toSource: (start, end) => clampRange(length, start, end),
  };
}

interface Words {
  /** Ranges, two numbers each: words of Latin letters and look-alikes. */
  mixed: number[];
  /** Words of look-alikes only. */
  alike: number[];
  hasForeign: boolean;
  hasLatin: boolean;
}

function findWords(text: string, { kinds, latin }: Tables): Words {
  const hasLookAlike = (from: number, to: number): boolean => {
    for (let i = from; i < to; i++) if (latin[text.charCodeAt(i)] !== 0) return true;
    return false;
  };
  const found: Words = { mixed: [], alike: [], hasForeign: false, hasLatin: false };
  let seen = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const kind = i < text.length ? kinds[text.charCodeAt(i)] : 0;
    if (kind !== 0) {
      if (seen === 0) start = i;
      seen |= kind;
      continue;
    }
    if (seen === 0) continue;
    if (seen === LOOK_ALIKE) found.alike.push(start, i);
    else if ((seen & LATIN) !== 0 && seen !== LATIN && hasLookAlike(start, i)) found.mixed.push(start, i);
    if ((seen & LATIN) !== 0) found.hasLatin = true;
    else if ((seen & FOREIGN) !== 0) found.hasForeign = true;
    seen = 0;
  }
  return found;
}

function mergeRanges(a: readonly number[], b: readonly number[]): number[] {
  const merged: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (j >= b.length || (i < a.length && a[i] < b[j])) merged.push(a[i++], a[i++]);
    else merged.push(b[j++], b[j++]);
  }
  return merged;
}
