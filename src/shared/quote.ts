/** Control, format and separator characters: they would act on a terminal or hide in a log. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const LONGEST = 80;

/** `text` from outside as it may stand in a message: quoted, unsafe characters escaped, cut to 80 characters. */
export function quote(text: string): string {
  return `"${escapeUnsafe(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text)}"`;
}

/** `text` with control and format characters as `\\u{…}`, so that it shows and does nothing else. */
export function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}
