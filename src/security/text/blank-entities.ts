/** Blanks by name, number and hexadecimal number; browsers need no semicolon behind the oldest of them. */
const BLANK_ENTITIES =
  /^&(?:nbsp|(?:ensp|emsp|thinsp)(?=;)|#(?:0{0,4}(?:32|160|8194|8195|8201)|x0{0,4}(?:20|a0|2002|2003|2009))(?![0-9a-f]));?/iu;
/** Longer ones are padded. */
const MAX_ENTITY_UNITS = 16;

/** Offset behind the entity of a blank at `at`, or `at`. */
export function blankEntityEnd(text: string, at: number): number {
  return at + (BLANK_ENTITIES.exec(text.slice(at, at + MAX_ENTITY_UNITS))?.[0].length ?? 0);
}
