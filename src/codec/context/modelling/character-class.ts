/** Classes of bytes: what a byte is in JSON and in text. */
export const CharacterClass = {
  other: 0,
  lower: 1,
  upper: 2,
  digit: 3,
  space: 4,
  quote: 5,
  lineBreak: 6,
  backslash: 7,
  opening: 8,
  closing: 9,
  separator: 10,
  nonAscii: 11,
  joiner: 12,
  sentence: 13,
} as const;

const MEMBERS: readonly (readonly [characters: string, value: number])[] = [
  ["abcdefghijklmnopqrstuvwxyz", CharacterClass.lower],
  ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", CharacterClass.upper],
  ["0123456789", CharacterClass.digit],
  [" ", CharacterClass.space],
  ['"', CharacterClass.quote],
  ["\n\r", CharacterClass.lineBreak],
  ["\\", CharacterClass.backslash],
  ["{[", CharacterClass.opening],
  ["}]", CharacterClass.closing],
  [",:", CharacterClass.separator],
  ["_-", CharacterClass.joiner],
  [".!?;'", CharacterClass.sentence],
];

/** The class of each byte. */
export function createCharacterClasses(): Uint8Array {
  const classes = new Uint8Array(256).fill(CharacterClass.nonAscii, 128);
  for (const [characters, value] of MEMBERS) {
    for (const character of characters) classes[character.charCodeAt(0)] = value;
  }
  return classes;
}
