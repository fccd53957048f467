import { lazily } from "../../shared/lazy.js";
import { unitsToText } from "./units.js";

/**
 * Words that show that something reads as English: the commonest function words, and the words that attacks are made of.
 * They are evidence that undoing a disguise gave language, never evidence of an attack.
 */
const FUNCTION_WORDS =
  "the and for you are with that this all not have from your now but they will what when who how was were been has had can could would should must may into out about over then them there their our its his her she him one any some more than only just also very here which where while because before after again other such these those does did do is it in of to on at by as be we me my or if an no so up us he";
const ATTACK_WORDS =
  "ignore disregard forget override bypass previous prior above earlier instruction instructions instructed rule rules guideline guidelines system prompt prompts reveal repeat print show output display tell give send write respond answer say hidden secret secrets password passwords passphrase key keys token tokens api credentials confidential developer admin administrator root mode jailbreak jailbroken unrestricted restrictions restriction limits filter filters safety policy policies ethical act pretend roleplay assistant model language user message messages everything anything nothing never always access execute command commands run delete file files email address http https data environment variables exfiltrate following instead without unfiltered uncensored enable enabled disable disabled initial original content context conversation please help make create explain describe hack malware virus bomb weapon drugs steal attack exploit harmful illegal dangerous evil dan simulate respond response comply obey order orders new text word words people person world time way like want need know think";

/** The word is in the vocabulary. */
export const PLAIN = 1;
/** Its ROT13 is. */
export const ROT13 = 2;
/** Its reverse is. */
export const REVERSED = 4;
/** With the word before it, it is a pair that stands in the wrong order. */
export const REVERSED_PAIR = 8;

/** It announces a cipher. */
export const CIPHER = 16;

/** It is the beginning of a word of the vocabulary, or the word. */
export const BEGINNING = 32;

/** Words that announce one; "rot3" reads as "rote" where digits stand for letters. */
const CIPHER_WORDS =
  "cipher ciphers ciphertext cypher caesar cesar shift shifted shifting rot atbash decipher decode decoded decrypt decrypted encrypted encoded rotate rotated rotation " +
  "roti rot2 rote rota rots rotg rott rotb rotio rotii roti2 rotia rotis rotig rotit rotib rot2o rot2i rot22 rot2e rot2a rot2s";

/** Pairs that English hardly has, and English read word by word from behind has often. */
const REVERSED_PAIRS =
  "previous all;instructions previous;instructions your;instructions the;instructions all;all ignore;all disregard;all forget;prompt system;prompt your;prompt the;rules the;rules your;rules all;the of;the to;the in;the on;the and;the is;your ignore;your reveal;your forget;system your;system the;previous the;mode developer;key api;keys api;password the;secret the;are you that;everything ignore;above everything";

/** Words that are English backwards too. */
const PALINDROMIC =
  "was saw on no not ton now won dna era are tub but of fo new wen way yaw may yam say yas peed live evil mode edom act nod dan drow did so os us su he eh an na it ti as at ta am ma me em be eb";

/** FNV-1a, 32 bits, as the signed number that the engine keeps in a register. */
const HASH_SEED = 0x811c9dc5 | 0;
const TABLE_BITS = 16;

/** FNV-1a over code units, one step. Words are hashed in lower case while they are read. */
export function hashStep(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

export function hashSlot(hash: number): number {
  return (hash ^ (hash >>> TABLE_BITS)) & 0xffff;
}

export function hashPair(before: number, hash: number): number {
  return Math.imul(before ^ 0x5bd1e995, 31) ^ hash;
}

export const EMPTY_HASH = HASH_SEED;

export interface Vocabulary {
  readonly words: ReadonlySet<string>;
  /** The hashes of the words: two words of one hash are as rare as they are harmless. */
  readonly hashes: ReadonlySet<number>;
  /** Bits a hash slot. Hashes collide, so who finds a bit checks the words themselves before acting on it. */
  readonly slots: Uint8Array;
}

export const vocabulary = lazily((): Vocabulary => {
  const words = new Set(`${FUNCTION_WORDS} ${ATTACK_WORDS}`.split(" "));
  const slots = new Uint8Array(1 << TABLE_BITS);
  const palindromic = new Set(PALINDROMIC.split(" "));
  for (const word of words) {
    slots[hashSlot(hashOf(word))] |= PLAIN;
    for (let end = 1; end <= word.length; end++) slots[hashSlot(hashOf(word.slice(0, end)))] |= BEGINNING;
  }
  for (const word of words) {
    if (word.length < 2) continue;
    mark(slots, words, rotate13(word), ROT13);
    const reversed = reverseWord(word);
    if (!palindromic.has(reversed)) mark(slots, words, reversed, REVERSED);
  }
  for (const word of CIPHER_WORDS.split(" ")) slots[hashSlot(hashOf(word))] |= CIPHER;
  for (const pair of REVERSED_PAIRS.split(";")) {
    const [first, second] = pair.split(" ");
    slots[hashSlot(hashPair(hashOf(first), hashOf(second)))] |= REVERSED_PAIR;
  }
  return { words, hashes: new Set([...words].map(hashOf)), slots };
});

/** Whether `hash` is that of a word of the vocabulary. */
export function isWordHash(hash: number): boolean {
  const { slots, hashes } = vocabulary();
  return (slots[hashSlot(hash)] & PLAIN) !== 0 && hashes.has(hash);
}

function mark(slots: Uint8Array, words: ReadonlySet<string>, word: string, bit: number): void {
  if (!words.has(word)) slots[hashSlot(hashOf(word))] |= bit;
}

function hashOf(word: string): number {
  let hash = EMPTY_HASH;
  for (let i = 0; i < word.length; i++) hash = hashStep(hash, word.charCodeAt(i));
  return hash;
}

/** `text` with the ASCII letters rotated by 13. */
export function rotate13(text: string): string {
  const units = new Uint16Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const lower = unit | 32;
    if (lower < 0x61 || lower > 0x7a || unit > 0x7f) units[i] = unit;
    else units[i] = unit + (lower < 0x6e ? 13 : -13);
  }
  return unitsToText(units);
}

function reverseWord(word: string): string {
  return [...word].reverse().join("");
}
