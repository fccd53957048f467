const SLOT_BITS = 8;
/** Numbers of an entry, the first of which is the hash of its keys. */
const ENTRY_SIZE = 4;

/** What was seen behind keys: 256 entries, empty at first. */
export function createHabitTable(): Int32Array {
  return new Int32Array(ENTRY_SIZE << SLOT_BITS);
}

/** Where the entry of these keys begins. */
export function placeOf(keys: number): number {
  return (Math.imul(keys, 0x9e3779b1) >>> (32 - SLOT_BITS)) * ENTRY_SIZE;
}
