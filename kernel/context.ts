// The model of src/codec/context in AssemblyScript, statement by statement: the TypeScript is its specification and its twin
// in the tests. Built by kernel/build.mjs. All state lies at fixed addresses; nothing is allocated.

const TABLE: usize = 0x20000;
const BY5: usize = 0x820000;
const BY12: usize = 0x920000;
const ORDER6: usize = 0xa20000;
const ORDER4: usize = 0xa40000;
const ORDER2: usize = 0xa50000;
const ZEROES: usize = 0xa60000;
const ONES: usize = 0xa81000;
const CODES: usize = 0xaa2000;
const LENGTHS: usize = 0xae3000;
const PROBABILITY_STEP: usize = 0xaf4000;
const SQUASH: usize = 0xaf5000;
const CONFIDENCE: usize = 0xaf7000;
const MATCH_CONFIDENCE: usize = 0xafd000;
const FOLLOWER_CONFIDENCE: usize = 0xafe000;
const FIRST_WEIGHTS: usize = 0xaff000;
// What a history keeps between messages begins here.
const WEIGHTS: usize = 0xb06000;
const MAP: usize = 0xb0d000;
const PAIR_MAP: usize = 0xb19000;
const RUNS: usize = 0xb31000;
const STATE: usize = 0xb31200;
const KEYS: usize = 0xb31400;
const EARLIER_KEYS: usize = 0xb31500;
const IS_OBJECT: usize = 0xb31600;
const RECENT5: usize = 0xb32000;
const RECENT12: usize = 0xb72000;
const FOLLOWERS: usize = 0xbb2000;
const NUMBERS: usize = 0xbbe000;
const STRINGS: usize = 0xbbf000;
// And ends here.
const FIRST_MAP: usize = 0xbc0000;
const FIRST_PAIR_MAP: usize = 0xbcc000;
const FIRST_RUNS: usize = 0xbe4000;
const CLASS: usize = 0xbe5000;
const ALPHABET: usize = 0xbe5100;
const COUNT_STEP: usize = 0xbe5200;
const LENGTH_STEP: usize = 0xbe5300;
const RATE: usize = 0xbe5400;
const ENDS: usize = 0xbe5800;
const SEED: usize = 0xbe6000;
const LINE: usize = 0xbe6040;
const SLOT: usize = 0xbe6080;
const VALUE: usize = 0xbe60c0;
const INPUT: usize = 0xbe6100;
const FOUND_BYTE: usize = 0xbe6140;
const FOUND_COUNT: usize = 0xbe6150;
const FOUND_PLACE: usize = 0xbe6160;
const FOUND_CHECK: usize = 0xbe6170;
const MAP_CHANGES: usize = 0xbe7000;
const PAIR_CHANGES: usize = 0xbeb000;
const IN: usize = 0xc00000;
const OUT: usize = 0xd10000;
const BUFFER: usize = 0xe20000;
const JOURNAL: usize = 0x1500000;

const SHIFT: i32 = 15;
const SETS: i32 = 595;
/** A set has 12 weights: it is three vectors of four. */
const SET_BYTES: usize = 48;
/** Of the followers, numbers and strings. */
const FOLLOWER_BYTES: usize = 57344;
const MAX_JOURNAL: i32 = 1 << 21;
const MAX_CHANGES: i32 = 4096;
/** Zero bytes that a writer may leave out at the end. */
const MAX_ZEROES: i32 = 8;
const MESSAGE_RATE: i32 = 32;
const EVENT_RATE: i32 = 112;
const MAP_BYTES: usize = 49152;
const PAIR_MAP_BYTES: usize = 98304;
const RUN_BYTES: usize = 512;

// Range coder
let low: u32 = 0;
let high: u32 = 0;
let code: u32 = 0;
let at: i32 = 0;
let limit: i32 = 0;
let isDecoding: bool = false;
/** More bytes may come; and one was asked for that is not there. */
let isOpen: bool = false;
let isStarved: bool = false;
let isOver: bool = false;

// Byte contexts
let last4: i32 = 0;
let last8: i32 = 0;
let last12: i32 = 0;
let jsonState: i32 = 0;
let depth: i32 = 0;
let valueBytes: i32 = 255;
let alphabet: i32 = 0;
let word: i32 = 0;
let key: i32 = 0;
let parentKey: i32 = 0;
let token: i32 = 0;
let inString: bool = false;
let escaped: bool = false;
let isKey: bool = false;
let expectsKey: bool = false;
let lastWord: i32 = 0;
let column: i32 = 0;
let style: i32 = 0;
let lineBytes: i32 = 0;

// Numbers
let digits: i32 = -1;
let number: i32 = 0;
let expected: i32 = -1;
let expectedCount: i32 = 0;

// Match model
let base: i32 = 0;
let position: i32 = 0;
let length: i32 = 0;
let pointer: i32 = 0;
let source: i32 = 0;
let misses: i32 = 0;
let lost: i32 = 0;
let epoch: i32 = 1;

// Candidates and symbols
let first: i32 = -1;
let firstStage: i32 = 0;
let second: i32 = -1;
let secondStage: i32 = 0;
let descents: i32 = 0;
/** Decisions of the byte at hand that were taken before bytes were missing, the first lowest. */
let taken: i32 = 0;
let takenCount: i32 = 0;
let asked: i32 = 0;
let failed: i32 = 0;
let passed: i32 = 0;

// Runs
let runBytes: i32 = 0;
let runValue: i32 = 0;

// Predictor
let isRandom: bool = false;
/** Contexts 1 to 3 are not asked: the text is as good as random, or the repetition long. */
let isShort: bool = false;
let lastClass: i32 = 0;
let currentTree: i32 = 0;
let notFirst: i32 = -1;
let notSecond: i32 = -1;
let touched: i32 = 0;
let mixerRate: i32 = 32;
let mixed: i32 = 0;
let setA: usize = 0;
let setB: usize = 0;
let setC: usize = 0;
let areWeightsChanged: bool = false;
let nearestMap: usize = 0;
let nearestPair: usize = 0;
let mapChanges: i32 = 0;
let pairChanges: i32 = 0;
let journalSize: i32 = 0;
let isJournalFull: bool = false;
let contentStart: i32 = 0;
let consumed: i32 = 0;

// Events
let eventStart: i32 = 0;
let eventLength: i32 = -1;
let tailBytes: i32 = 0;
let tailFirst: u64 = 0;
let checkBits: i32 = 0;
let check: i32 = 0;

export function init(textBytes: i32): void {
  base = textBytes;
  position = textBytes;
  memory.copy(WEIGHTS, FIRST_WEIGHTS, <usize>SETS * SET_BYTES);
  memory.copy(MAP, FIRST_MAP, MAP_BYTES);
  memory.copy(PAIR_MAP, FIRST_PAIR_MAP, PAIR_MAP_BYTES);
  memory.copy(RUNS, FIRST_RUNS, RUN_BYTES);
  startMessage();
}

/** Fills BY5 and BY12, all zero, from the text at BUFFER. */
export function indexText(size: i32): void {
  let a = 0;
  let b = 0;
  let c = 0;
  for (let i = 0; i < size; i++) {
    c = (c << 8) | (b >>> 24);
    b = (b << 8) | (a >>> 24);
    a = (a << 8) | byteAt(i);
    const five = fold((a * <i32>0x9e3779b1) ^ ((b & 255) * <i32>0x85ebca6b));
    const twelve = fold((a * <i32>0x9e3779b1) ^ (b * <i32>0x85ebca6b) ^ (c * <i32>0xc2b2ae35));
    store<i32>(BY5 + ((<usize>(five & 0x3ffff)) << 2), i + 1);
    store<i32>(BY12 + ((<usize>(twelve & 0x3ffff)) << 2), i + 1);
  }
}

/** Fills the table, all zero, from the packed counters at JOURNAL: 256 values of states, then fill, checks, states. */
export function fillTable(count: i32): void {
  const fill = JOURNAL + 1024;
  const buckets: usize = 1 << 19;
  let check = fill + (buckets >> 2);
  let state = check + <usize>count;
  for (let bucket: usize = 0; bucket < buckets; bucket++) {
    const filled = ((<usize>load<u8>(fill + (bucket >> 2))) >> ((bucket & 3) << 1)) & 3;
    let slot = TABLE + (bucket << 4);
    for (let i: usize = 0; i < filled; i++) {
      const value = load<i32>(JOURNAL + ((<usize>load<u8>(state)) << 2));
      store<i32>(slot, value | ((<i32>load<u8>(check)) << 8));
      slot += 4;
      check++;
      state++;
    }
  }
}

export function getContentStart(): i32 {
  return contentStart;
}

export function getConsumed(): i32 {
  return consumed;
}

export function getCheckBits(): i32 {
  return checkBits;
}

export function getCheck(): i32 {
  return check;
}

/** Whether something of an event was read. */
export function isInEvent(): bool {
  return eventLength != -1;
}

export function getJournalSize(): i32 {
  return journalSize;
}

export function setSlot(index: i32, value: i32): void {
  store<i32>(TABLE + ((<usize>index) << 2), setAside(index, value));
}

// ---- range coder

function startEncoding(most: i32): void {
  isDecoding = isStarved = false;
  isOver = false;
  at = 0;
  limit = most;
  low = 0;
  high = 0xffffffff;
}

function startDecoding(size: i32): void {
  low = 0;
  high = 0xffffffff;
  readOn(size, false);
}

/** Reads `size` bytes at IN from where low and high stand. */
function readOn(size: i32, isMoreToCome: bool): void {
  isDecoding = true;
  isOpen = isMoreToCome;
  isStarved = false;
  at = 0;
  limit = size;
  code = 0;
  for (let i = 0; i < 4; i++) code = (code << 8) | next();
}

@inline function next(): u32 {
  const here = at++;
  return here < limit ? <u32>load<u8>(IN + <usize>here) : 0;
}

@inline function put(byte: u32): void {
  if (at < limit) store<u8>(OUT + <usize>at, <u8>byte);
  else isOver = true;
  at++;
}

/** Whether the bytes that are missing cannot change a decision. */
function isCertain(bit: i32, middle: u32): bool {
  const missing = at - limit;
  const highest: u32 = missing >= 4 ? 0xffffffff : code | ((<u32>1 << (8 * missing)) - 1);
  return (highest <= middle ? 1 : 0) == bit;
}

@inline function codeBit(bit: i32, probability: u32): i32 {
  const range: u32 = high - low;
  const middle: u32 = low + (range >>> 16) * probability + (((range & 0xffff) * probability) >>> 16);
  if (isDecoding) {
    bit = code <= middle ? 1 : 0;
    if (at > limit && isOpen && !isCertain(bit, middle)) {
      isStarved = true;
      return -1;
    }
  }
  if (bit != 0) high = middle;
  else low = middle + 1;
  while (((low ^ high) & 0xff000000) == 0) {
    if (isDecoding) code = (code << 8) | next();
    else put(high >>> 24);
    low = low << 8;
    high = (high << 8) | 255;
  }
  return bit;
}

function finish(): i32 {
  for (let count = 0; count <= 4; count++) {
    const unit: u64 = (<u64>1) << (32 - 8 * count);
    const value: u64 = (<u64>high) & ~(unit - 1);
    if (value < <u64>low) continue;
    for (let i = 0; i < count; i++) put((<u32>(value >>> (24 - 8 * i))) & 255);
    break;
  }
  if (isOver || at > limit) return -1;
  // A reader takes more than these for a wire that was cut.
  const least = max(0, at - MAX_ZEROES);
  while (at > least && load<u8>(OUT + <usize>at - 1) == 0) at--;
  return at;
}

/** The fewest last bytes of an event that pin it down whatever follows, and leave a choice of `leastBits` bits. */
function findTail(leastBits: i32): void {
  for (tailBytes = 0; ; tailBytes++) {
    const shift: u64 = 32 - 8 * tailBytes;
    tailFirst = (<u64>low + ((<u64>1 << shift) - 1)) >> shift;
    const count = <i64>((<u64>high + 1) >> shift) - <i64>tailFirst;
    if (count < 1) continue;
    checkBits = <i32>(63 - clz(min<i64>(count, 65536)));
    if (checkBits >= leastBits || tailBytes == 4) return;
  }
}

/** Ends an event that was written. @returns its bytes at OUT, or -1 if there is no room for them */
function finishEvent(ownCheck: i32, leastBits: i32): i32 {
  findTail(leastBits);
  const last = tailFirst + <u64>(ownCheck & ((1 << checkBits) - 1));
  for (let i = tailBytes - 1; i >= 0; i--) put(<u32>(last >> (<u64>(8 * i))) & 255);
  return isOver ? -1 : at;
}

/** Ends an event that was read; false, and starved, if its last bytes are not there yet. */
function closeEvent(leastBits: i32): bool {
  findTail(leastBits);
  consumed = at - 4 + tailBytes;
  if (consumed > limit) {
    isStarved = true;
    return false;
  }
  const chosen = <i64>(<u64>code >> (<u64>(32 - 8 * tailBytes))) - <i64>tailFirst;
  check = chosen < 0 || chosen >> checkBits != 0 ? -1 : <i32>chosen;
  return true;
}

// ---- byte contexts

function resetContexts(): void {
  last4 = last8 = last12 = 0;
  word = key = parentKey = token = 0;
  jsonState = 0;
  depth = alphabet = 0;
  valueBytes = 255;
  inString = escaped = isKey = expectsKey = false;
  lastWord = column = style = lineBytes = 0;
  store<i32>(KEYS, 0);
  store<i32>(EARLIER_KEYS, 0);
  store<u8>(IS_OBJECT, 0);
}

@inline function mayEnd(): bool {
  return depth == 0 && (jsonState == 7 || jsonState == 1);
}

@inline function isMixed(): bool {
  return (alphabet & 15) != 0 && ((alphabet & 16) != 0 || ((alphabet & 3) != 0 && (alphabet & 12) != 0));
}

function appendContexts(byte: i32): void {
  last12 = (last12 << 8) | (last8 >>> 24);
  last8 = (last8 << 8) | (last4 >>> 24);
  last4 = (last4 << 8) | byte;
  if (valueBytes < 255) valueBytes++;
  const kind = <i32>load<u8>(CLASS + <usize>byte);
  const letters = <i32>load<u8>(ALPHABET + <usize>byte);
  alphabet = letters == 0 ? 0 : alphabet | letters;
  if ((kind >= 1 && kind <= 3) || kind == 11 || kind == 12) {
    word = (word + (kind == 2 ? byte + 33 : byte + 1)) * 0x2f0b4c47 + 1;
  } else {
    if (word != 0) lastWord = word;
    word = 0;
  }
  if (!inString) noteStyle(byte);
  lineBytes = byte == 10 ? 0 : lineBytes + 1;
  column = byte == 10 ? 0 : min(column + 1, 63);
  if (inString) {
    if (escaped) escaped = false;
    else if (byte == 92) escaped = true;
    else if (byte == 34) {
      inString = false;
      if (isKey) {
        const place = (<usize>depth) << 2;
        store<i32>(EARLIER_KEYS + place, load<i32>(KEYS + place));
        key = token;
        store<i32>(KEYS + place, token);
      }
      jsonState = isKey ? 2 : 3;
      token = 0;
      return;
    }
    token = (token + byte + 1) * 0x3d4d51cb;
    return;
  }
  switch (byte) {
    case 34:
      inString = true;
      isKey = load<u8>(IS_OBJECT + <usize>depth) == 1 && expectsKey;
      jsonState = isKey ? 4 : 5;
      if (!isKey) valueBytes = 0;
      break;
    case 123:
    case 91:
      if (depth < 62) depth++;
      store<u8>(IS_OBJECT + <usize>depth, byte == 123 ? 1 : 0);
      expectsKey = true;
      parentKey = key;
      if (byte == 123) key = 0;
      store<i32>(KEYS + ((<usize>depth) << 2), key);
      store<i32>(EARLIER_KEYS + ((<usize>depth) << 2), 0);
      jsonState = 6;
      break;
    case 125:
    case 93:
      if (depth > 0) depth--;
      key = load<i32>(KEYS + ((<usize>depth) << 2));
      parentKey = depth > 0 ? load<i32>(KEYS + ((<usize>(depth - 1)) << 2)) : 0;
      jsonState = 7;
      break;
    case 44:
      expectsKey = true;
      jsonState = 8;
      break;
    case 58:
      expectsKey = false;
      valueBytes = 0;
      jsonState = 9;
      break;
    case 10:
      if (depth > 0) {
        token = (token + byte + 1) * 0x3d4d51cb;
        return;
      }
      key = 0;
      jsonState = 1;
      break;
    default:
      token = (token + byte + 1) * 0x3d4d51cb;
      return;
  }
  token = 0;
}

function noteStyle(byte: i32): void {
  const before = (last4 >>> 8) & 255;
  let shift: i32;
  if (before == 44 && depth > 0) shift = 0;
  else if (before == 58 && depth > 0) shift = 2;
  else if ((before == 123 || before == 91) && byte != 125 && byte != 93) shift = 4;
  else return;
  const what = byte == 10 ? 1 : byte == 32 ? 2 : 3;
  style = (style & ~(3 << shift)) | (what << shift);
}

@inline function textHash(last: i32): i32 {
  return ((key * 0x2f0b4c47) ^ (token * 0x3d4d51cb) ^ (parentKey * 0x27d4eb2f)) + last + (jsonState << 8);
}

@inline function wordOrPlace(last: i32): i32 {
  if (!inString) {
    return 0x77000000 + (column * 64 + depth) * 0x2f0b4c47 + (style << 12) + (jsonState << 8) + last;
  }
  if (!isKey) return word * 0x2f0b4c47 + last;
  const earlier = load<i32>(EARLIER_KEYS + ((<usize>depth) << 2)) * 0x3d4d51cb;
  return 0x44000000 + key * 0x2f0b4c47 + earlier + token * 0x27d4eb2f + last;
}

@inline function keysHash(): i32 {
  return (key * 0x2f0b4c47) ^ (parentKey * 0x27d4eb2f);
}

// ---- numbers and strings behind keys

@inline function habitPlace(keys: i32): usize {
  return (<usize>(<u32>(keys * <i32>0x9e3779b1) >>> 24)) << 4;
}

function findNumber(): void {
  if (digits < 0 || (digits == 0 && (style & 12) == 8 && (last4 & 255) != 32)) return;
  const keys = keysHash();
  const place = NUMBERS + habitPlace(keys);
  const ending = load<i32>(place, 12);
  if (ending == 0 || load<i32>(place) != keys) return;
  const goal = load<i32>(place, 4) + load<i32>(place, 8);
  if (goal < 0 || goal >= 1000000000) return;
  let width = 1;
  let unit = 10;
  while (unit <= goal) {
    unit = unit < 1000000000 ? unit * 10 : i32.MAX_VALUE;
    width++;
  }
  if (digits > width) return;
  let rest = goal;
  let power = 1;
  for (let i = digits; i < width; i++) {
    if (i > digits) power *= 10;
    rest /= 10;
  }
  if (rest != number) return;
  expected = digits == width ? ending >> 8 : 48 + ((goal / power) % 10);
  expectedCount = ending & 255;
}

function appendNumber(byte: i32): void {
  if (inString) return;
  if (byte == 58) {
    digits = number = 0;
    return;
  }
  if (digits < 0) return;
  const isDigit = byte >= 48 && byte <= 57;
  if (isDigit && digits < 9) {
    number = number * 10 + byte - 48;
    digits++;
    return;
  }
  if (digits == 0 && (byte == 32 || byte == 10 || byte == 13)) return;
  const length = digits;
  digits = -1;
  if (length == 0 || isDigit || byte == 46 || byte == 101 || byte == 69) return;
  const keys = keysHash();
  const place = NUMBERS + habitPlace(keys);
  const ending = load<i32>(place, 12);
  const isKnown = ending != 0 && load<i32>(place) == keys;
  const step = isKnown ? number - load<i32>(place, 4) : 0;
  const count = isKnown && step == load<i32>(place, 8) ? min(7, (ending & 255) + 1) : 1;
  store<i32>(place, keys);
  store<i32>(place, number, 4);
  store<i32>(place, step, 8);
  store<i32>(place, (byte << 8) | count, 12);
}

function findString(): void {
  if (isKey) return;
  const keys = keysHash();
  const place = STRINGS + habitPlace(keys);
  const count = load<i32>(place, 8);
  if (count == 0 || load<i32>(place) != keys || load<i32>(place, 4) != lineBytes) return;
  expected = 34;
  expectedCount = 7 + count;
}

function startsRandom(): bool {
  if (!inString || isKey || valueBytes >= 4) return false;
  const keys = keysHash();
  const place = STRINGS + habitPlace(keys);
  return load<i32>(place, 12) >= 2 && load<i32>(place) == keys;
}

function appendString(byte: i32, wasRandom: bool): void {
  if (byte != 34 || !inString || isKey || escaped) return;
  const keys = keysHash();
  const place = STRINGS + habitPlace(keys);
  const count = load<i32>(place, 8);
  const isKnown = count != 0 && load<i32>(place) == keys;
  const held = isKnown && load<i32>(place, 4) == lineBytes ? min(8, count + 1) : 1;
  const random = wasRandom ? (isKnown ? min(2, load<i32>(place, 12) + 1) : 1) : 0;
  store<i32>(place, keys);
  store<i32>(place, lineBytes, 4);
  store<i32>(place, held, 8);
  store<i32>(place, random, 12);
}

// ---- followers

@inline function findFollower(i: i32, value: i32): void {
  let h = value * <i32>0x9e3779b1 + i * 0x1f123bb5;
  h ^= h >>> 15;
  h = h * 0x2c1b3c6d;
  h ^= h >>> 13;
  const place = ((i << 12) | (h >>> 20)) << 2;
  const check = (h & 0xffff) | 1;
  const entry = load<i32>(FOLLOWERS + <usize>place);
  const isFound = entry >>> 16 == check;
  const own = (<usize>i) << 2;
  store<i32>(FOUND_PLACE + own, place);
  store<i32>(FOUND_CHECK + own, check);
  store<i32>(FOUND_BYTE + own, isFound ? (entry >>> 8) & 255 : -1);
  store<i32>(FOUND_COUNT + own, isFound ? entry & 255 : 0);
}

function findFollowers(): void {
  const last = last4 & 255;
  findFollower(0, word != 0 ? word * 0x2f0b4c47 + last : lastWord * 0x3d4d51cb + last * 0x2f0b4c47 + 7);
  findFollower(1, last4 & 0xffffff);
  findFollower(2, textHash(last));
  expected = -1;
  if (inString) findString();
  else findNumber();
  store<i32>(FOUND_BYTE, expected, 12);
  store<i32>(FOUND_COUNT, expectedCount, 12);
}

@inline function appendFollower(own: usize, byte: i32): void {
  const count = load<i32>(FOUND_BYTE + own) == byte ? min(15, load<i32>(FOUND_COUNT + own) + 1) : 1;
  const entry = (load<i32>(FOUND_CHECK + own) << 16) | (byte << 8) | count;
  store<i32>(FOLLOWERS + <usize>load<i32>(FOUND_PLACE + own), entry);
}

function appendFollowers(byte: i32): void {
  appendFollower(0, byte);
  appendFollower(4, byte);
  appendFollower(8, byte);
  appendNumber(byte);
}

/** What the followers say of a decision, as inputs. Not inlined: `decide` has few registers left. */
function follow(node: i32, stage: i32, treeDepth: i32): void {
  for (let own: usize = 0; own < 16; own += 4) {
    store<i32>(INPUT + own, 0, 32);
    const byte = load<i32>(FOUND_BYTE + own);
    if (byte < 0 || (isRandom && own != 12)) continue;
    const curve = ((<i32>own << 2) + load<i32>(FOUND_COUNT + own)) << 5;
    if (stage != 0) {
      const value = curve + (byte == node ? 16 : 0) + stage;
      store<i32>(INPUT + own, <i32>load<i16>(FOLLOWER_CONFIDENCE + ((<usize>value) << 1)), 32);
      continue;
    }
    if (byte == notFirst || byte == notSecond) continue;
    const leaf = (currentTree << 8) + byte;
    const bits = load<i32>(CODES + ((<usize>leaf) << 2));
    const rest = <i32>load<u8>(LENGTHS + <usize>leaf) - treeDepth;
    if (rest <= 0 || ((1 << treeDepth) | (bits >>> rest)) != node) continue;
    const value = curve + 26 + min(treeDepth, 5);
    const confidence = <i32>load<i16>(FOLLOWER_CONFIDENCE + ((<usize>value) << 1));
    store<i32>(INPUT + own, ((bits >>> (rest - 1)) & 1) == 0 ? -confidence : confidence, 32);
  }
}

/** All lines are asked for before any of them decides what is done next, so that the waits for memory run together. */
@inline function setSeed(i: i32, value: i32, factor: i32): void {
  let h = value * factor + (i + 1) * 0x1f123bb5;
  h ^= h >>> 15;
  h = h * 0x2c1b3c6d;
  h = h ^ (h >>> 13);
  store<i32>(SEED + ((<usize>i) << 2), h);
  const line = (h >>> SHIFT) << 4;
  store<i32>(LINE + ((<usize>i) << 2), line);
  touched ^= load<i32>(TABLE + ((<usize>line) << 2));
}

function startByte(): void {
  const last = last4 & 255;
  setSeed(0, last4 & 0xffff, <i32>0x9e3779b1);
  if (isRandom) {
    setSeed(4, 0x5a000000 + (alphabet << 8), 0x165667b1);
    setSeed(5, ((key * 0x2f0b4c47) ^ (parentKey * 0x27d4eb2f)) + 0x5a000000 + (alphabet << 8), 0x2f0b4c47);
  } else {
    if (!isShort) {
      setSeed(1, last4 & 0xffffff, <i32>0x85ebca6b);
      setSeed(2, last4, <i32>0xc2b2ae35);
      setSeed(3, last4 ^ ((last8 & 255) * 0x2f0b4c47), 0x27d4eb2f);
    }
    setSeed(4, wordOrPlace(last), 0x165667b1);
    setSeed(5, textHash(last) + (inString ? 0 : (style + 1) << 13), 0x2f0b4c47);
  }
  findFollowers();
  lastClass = <i32>load<u8>(CLASS + <usize>last);
}

// ---- match model

function resetMatch(): void {
  epoch += position - base + 1;
  limitEpoch();
  position = base;
  length = pointer = source = misses = lost = 0;
}

function limitEpoch(): void {
  if (epoch <= 0x1fffffff) return;
  const over = epoch - 1;
  for (let place: usize = RECENT5; place < FOLLOWERS; place += 4) store<i32>(place, max(0, load<i32>(place) - over));
  epoch = 1;
}

function dropMatch(): void {
  length = misses = lost = 0;
}

export function slide(bytes: i32): void {
  const excess = position - base - bytes;
  if (excess <= 0) return;
  memory.copy(BUFFER + <usize>base, BUFFER + <usize>(base + excess), <usize>(position - base - excess));
  position -= excess;
  epoch += excess;
  if (pointer < base + excess && pointer >= base) dropMatch();
  else if (pointer >= base) pointer -= excess;
  limitEpoch();
}

@inline function byteAt(index: i32): i32 {
  return <i32>load<u8>(BUFFER + <usize>index);
}

@inline function fold(h: i32): i32 {
  return h ^ (h >>> 15);
}

function appendMatch(byte: i32): void {
  store<u8>(BUFFER + <usize>position, <u8>byte);
  position++;
  if (length > 0) {
    if (byteAt(pointer) == byte) {
      length++;
      if (misses > 0 && (length & 15) == 0) misses--;
    } else {
      if (misses < 3) misses++;
      length = 0;
      lost = 1;
    }
    pointer++;
  } else if (lost > 0) {
    if (byteAt(pointer) == byte) lost = 1;
    else if (++lost > 16) lost = 0;
    pointer++;
    if (pointer >= position) lost = 0;
  }
  const five = fold((last4 * <i32>0x9e3779b1) ^ ((last8 & 255) * <i32>0x85ebca6b));
  const twelve = fold((last4 * <i32>0x9e3779b1) ^ (last8 * <i32>0x85ebca6b) ^ (last12 * <i32>0xc2b2ae35));
  const recent5 = RECENT5 + ((<usize>(five & 0xffff)) << 2);
  const recent12 = RECENT12 + ((<usize>(twelve & 0xffff)) << 2);
  if (length < 16 && (length < 6 || (length & 3) == 0)) {
    tryRecent(load<i32>(recent12), 8);
    tryRecent(load<i32>(recent5), 5);
    tryText(load<i32>(BY12 + ((<usize>(twelve & 0x3ffff)) << 2)), 8);
    if (length < 5) tryText(load<i32>(BY5 + ((<usize>(five & 0x3ffff)) << 2)), 5);
  }
  const here = epoch + position - base;
  store<i32>(recent5, here);
  store<i32>(recent12, here);
}

function tryRecent(entry: i32, least: i32): void {
  const offset = entry - epoch;
  if (offset <= 0) return;
  const place = base + offset;
  if (place == pointer && length > 0) return;
  const found = verify(place, base);
  if (found >= least && found > length) take(place, found, 1);
}

function tryText(place: i32, least: i32): void {
  if (place == 0) return;
  const found = verify(place, 0);
  if (found >= least && found > length) take(place, found, 0);
}

@inline function take(place: i32, found: i32, from: i32): void {
  pointer = place;
  length = found;
  source = from;
  lost = 0;
}

function verify(place: i32, floor: i32): i32 {
  const most = min(40, place - floor);
  let found = 0;
  while (found < most && byteAt(place - 1 - found) == byteAt(position - 1 - found)) found++;
  return found;
}

// ---- candidates

function guess(): void {
  second = -1;
  if (length > 0) {
    first = byteAt(pointer);
    firstStage = 1;
    if (length >= 16) return;
  } else first = -1;
  let stage = 3;
  let byte = <i32>(
    load<u8>(ORDER6 + <usize>(<u32>((last4 * <i32>0x9e3779b1) ^ ((last8 & 0xffff) * <i32>0x85ebca6b)) >>> 15))
  );
  if (byte == 0) {
    stage = 5;
    byte = <i32>load<u8>(ORDER4 + <usize>(<u32>(last4 * <i32>0x9e3779b1) >>> 16));
    if (byte == 0) {
      stage = 7;
      byte = <i32>load<u8>(ORDER2 + <usize>(last4 & 0xffff));
      if (byte == 0) {
        if (first == -1 && lost > 0) {
          first = byteAt(pointer);
          firstStage = 2;
        }
        return;
      }
    }
  }
  if (first == -1) {
    first = byte;
    firstStage = stage;
    if (stage == 7) return;
    stage = 7;
    byte = <i32>load<u8>(ORDER2 + <usize>(last4 & 0xffff));
    if (byte == 0) return;
  }
  if (byte == first) return;
  second = byte;
  secondStage = stage + 1;
}

// ---- predictor

@inline function setAside(index: i32, value: i32): i32 {
  if (journalSize < MAX_JOURNAL) {
    const entry = JOURNAL + ((<usize>journalSize) << 2);
    store<i32>(entry, index);
    store<i32>(entry + 4, load<i32>(TABLE + ((<usize>index) << 2)));
    journalSize += 2;
  } else isJournalFull = true;
  return value;
}

/** Takes all writes to the table back. @returns whether there were too many to remember: the table is to be filled anew */
export function restoreTable(): bool {
  for (let size = journalSize - 2; size >= 0; size -= 2) {
    const entry = JOURNAL + ((<usize>size) << 2);
    store<i32>(TABLE + ((<usize>load<i32>(entry)) << 2), load<i32>(entry + 4));
  }
  journalSize = 0;
  const wasFull = isJournalFull;
  isJournalFull = false;
  return wasFull;
}

@inline function lookUp(i: i32, nodeHash: i32, group: i32, bank: i32): i32 {
  const seed = load<i32>(SEED + ((<usize>i) << 2));
  let line: i32;
  if (group == 0) line = load<i32>(LINE + ((<usize>i) << 2));
  else {
    let h = seed + group;
    h = (h ^ (h >>> 15)) * 0x7feb352d;
    line = ((h ^ (h >>> 13)) >>> SHIFT) << 4;
  }
  const q = seed ^ nodeHash;
  const m = (q ^ (q >>> 15)) * 0x2c1b3c6d;
  const place = (m ^ (m >>> 13)) >>> 8;
  const bucket = line + ((place & 3) << 2);
  const check = (((((place >>> 2) & 255) * 255) >> 8) + 1) << 8;
  const slots = TABLE + ((<usize>bucket) << 2);
  // All four at once: which of them it is no branch could foresee.
  const four = v128.load(slots);
  const hits = i32x4.bitmask(i32x4.eq(v128.and(four, i32x4.splat(0xff00)), i32x4.splat(check)));
  let slot: i32;
  let value: i32;
  if (hits != 0) {
    const place = ctz(hits);
    slot = bucket + place;
    value = load<i32>(slots + ((<usize>place) << 2));
  } else {
    // Counts above places: the first of those with the lowest.
    const ranks = v128.or(
      i32x4.shl(v128.and(four, i32x4.splat(255)), 2),
      i32x4(0, 1, 2, 3),
    );
    const half = i32x4.min_s(ranks, v128.shuffle<i32>(ranks, ranks, 2, 3, 0, 1));
    const least = min(i32x4.extract_lane(half, 0), i32x4.extract_lane(half, 1));
    slot = bucket + (least & 3);
    value = <i32>0x80000000 | check;
  }
  store<i32>(SLOT + ((<usize>i) << 2), slot);
  store<i32>(VALUE + ((<usize>i) << 2), value);
  const curve =
    bank + ((i << 10) | ((<i32>load<u8>(COUNT_STEP + <usize>(value & 255))) << 6) | (<i32>load<u8>(PROBABILITY_STEP + <usize>(<u32>value >>> 20))));
  store<i32>(INPUT + ((<usize>i) << 2), <i32>load<i16>(CONFIDENCE + ((<usize>curve) << 1)));
  return (value & 255) != 0 ? 1 : 0;
}

@inline function skip(i: i32): void {
  store<i32>(SLOT + ((<usize>i) << 2), -1);
  store<i32>(INPUT + ((<usize>i) << 2), 0);
}

@inline function refine(curves: usize, curve: i32, place: i32): usize {
  return curves + ((<usize>(curve * 24 + (place >> 12))) << 1);
}

function ask(bit: i32, node: i32, stage: i32, treeDepth: i32): i32 {
  const isTree = stage == 0;
  const nodeHash = (isTree ? (isRandom ? node | (1 << 27) : node) : node | (1 << 28)) * <i32>0x9e3779b1;
  const group = isTree && treeDepth >= 3 ? (node >>> (treeDepth % 3)) * 0x58f38ded : 0;
  const bank = isTree ? 0 : 6144;
  let known = isRandom ? 16 : 0;
  const one = lookUp(0, nodeHash, group, bank);
  known += one;
  if (one != 0 && !isShort) {
    const two = lookUp(1, nodeHash, group, bank);
    if (two != 0) {
      known++;
      const three = lookUp(2, nodeHash, group, bank);
      if (three != 0) {
        known++;
        known += lookUp(3, nodeHash, group, bank);
      } else skip(3);
    } else {
      skip(2);
      skip(3);
    }
  } else {
    skip(1);
    skip(2);
    skip(3);
  }
  known += lookUp(4, nodeHash, group, bank) * 5;
  known += lookUp(5, nodeHash, group, bank) * 10;
  follow(node, stage, treeDepth);
  let own: i32;
  let confidence = 0;
  if (stage == 1) {
    const step = <i32>load<u8>(LENGTH_STEP + <usize>min(length, 127));
    confidence = <i32>load<i16>(MATCH_CONFIDENCE + ((<usize>((step * 4 + misses) * 2 + source)) << 1));
    own = step * 2 + source;
  } else if (isTree) own = 46 + (length > 0 ? 8 : 0) + min(treeDepth, 7);
  else if (stage == 2) {
    confidence = <i32>load<i16>(MATCH_CONFIDENCE + ((<usize>(184 + lost)) << 1));
    own = 72 + lost;
  } else if (stage == 9) {
    const left = failed < 8 ? failed : failed < 16 ? 8 : 9;
    const kind = <i32>load<u8>(CLASS + <usize>byteAt(pointer));
    confidence = <i32>load<i16>(MATCH_CONFIDENCE + ((<usize>(201 + left * 16 + kind)) << 1));
    own = 89 + left;
  } else own = 62 + stage;
  store<i32>(INPUT, confidence, 24);
  store<i32>(INPUT, 256, 28);
  const where =
    jsonState != 5
      ? 179 + jsonState * 16 + lastClass
      : 339 + lastClass * 16 + <i32>load<u8>(CLASS + <usize>((last4 >>> 8) & 255));
  const a = WEIGHTS + <usize>own * SET_BYTES;
  const b = WEIGHTS + <usize>(99 + known * 2 + (isTree ? 0 : 1)) * SET_BYTES;
  const c = WEIGHTS + <usize>where * SET_BYTES;
  const w0 = i32x4.add(i32x4.add(v128.load(a), v128.load(b)), v128.load(c));
  const w1 = i32x4.add(i32x4.add(v128.load(a, 16), v128.load(b, 16)), v128.load(c, 16));
  const w2 = i32x4.add(i32x4.add(v128.load(a, 32), v128.load(b, 32)), v128.load(c, 32));
  const x0 = v128.load(INPUT);
  const x1 = v128.load(INPUT, 16);
  const x2 = v128.load(INPUT, 32);
  const products = i32x4.add(i32x4.add(i32x4.mul(x0, w0), i32x4.mul(x1, w1)), i32x4.mul(x2, w2));
  let stretched =
    (i32x4.extract_lane(products, 0) +
      i32x4.extract_lane(products, 1) +
      i32x4.extract_lane(products, 2) +
      i32x4.extract_lane(products, 3)) >>
    14;
  if (stretched > 2047) stretched = 2047;
  else if (stretched < -2047) stretched = -2047;
  mixed = <i32>load<u16>(SQUASH + ((<usize>(stretched + 2048)) << 1));
  const last = last4 & 255;
  const curve = isTree
    ? 256 + (((<u32>(nodeHash ^ (last * <i32>0x85ebca6b)) >>> 22) * 768) >>> 10)
    : last;
  const pair = <u32>(((last4 & 0xffff) ^ nodeHash) * <i32>0x9e3779b1) >>> 21;
  const place = (stretched + 2048) * 23;
  const weight = place & 4095;
  const m = refine(MAP, curve, place);
  const p = refine(PAIR_MAP, pair, place);
  nearestMap = weight > 2047 ? m + 2 : m;
  nearestPair = weight > 2047 ? p + 2 : p;
  const refinedMap =
    ((<i32>(load<u16>(m) >>> 1)) * (4096 - weight) + (<i32>(load<u16>(m, 2) >>> 1)) * weight) >> 11;
  const refinedPair =
    ((<i32>(load<u16>(p) >>> 1)) * (4096 - weight) + (<i32>(load<u16>(p, 2) >>> 1)) * weight) >> 11;
  let probability = (mixed * 2 + refinedMap + refinedPair) >> 2;
  if (probability < 24) probability = 24;
  else if (probability > 65512) probability = 65512;
  bit = codeBit(bit, <u32>probability);
  if (bit >= 0) learn(bit, a, b, c);
  return bit;
}

/** What was decided before bytes were missing is not asked again. */
function decide(bit: i32, node: i32, stage: i32, treeDepth: i32): i32 {
  if (asked < takenCount) return (taken >>> asked++) & 1;
  if (isStarved) return 0;
  const decided = ask(bit, node, stage, treeDepth);
  if (decided < 0) return 0;
  taken |= decided << takenCount++;
  asked++;
  return decided;
}

@inline function learn(bit: i32, a: usize, b: usize, c: usize): void {
  const goal = bit != 0 ? 65535 : 0;
  for (let i: usize = 0; i < 24; i += 4) {
    const slot = load<i32>(SLOT + i);
    if (slot < 0) continue;
    const value = load<i32>(VALUE + i);
    let probability = value >>> 16;
    const count = value & 255;
    const rate = load<i32>(RATE + ((<usize>count) << 2));
    if (bit != 0) probability += ((65535 - probability) * rate) >> 15;
    else probability -= (probability * rate) >> 15;
    store<i32>(
      TABLE + ((<usize>slot) << 2),
      setAside(slot, (probability << 16) | (value & 0xff00) | (count < 60 ? count + 1 : count)),
    );
  }
  const error = (bit << 16) - mixed;
  if (error > 200 || error < -200) {
    const scaled = i32x4.splat((error * mixerRate) >> 10);
    const half = i32x4.splat(8192);
    const d0 = i32x4.shr_s(i32x4.add(i32x4.mul(v128.load(INPUT), scaled), half), 14);
    const d1 = i32x4.shr_s(i32x4.add(i32x4.mul(v128.load(INPUT, 16), scaled), half), 14);
    const d2 = i32x4.shr_s(i32x4.add(i32x4.mul(v128.load(INPUT, 32), scaled), half), 14);
    areWeightsChanged = true;
    v128.store(a, i32x4.add(v128.load(a), d0));
    v128.store(a, i32x4.add(v128.load(a, 16), d1), 16);
    v128.store(b, i32x4.add(v128.load(b), d0));
    v128.store(b, i32x4.add(v128.load(b, 16), d1), 16);
    v128.store(c, i32x4.add(v128.load(c), d0));
    v128.store(c, i32x4.add(v128.load(c, 16), d1), 16);
    v128.store(a, i32x4.add(v128.load(a, 32), d2), 32);
    v128.store(b, i32x4.add(v128.load(b, 32), d2), 32);
    v128.store(c, i32x4.add(v128.load(c, 32), d2), 32);
  }
  const m = <i32>load<u16>(nearestMap);
  if (mapChanges < MAX_CHANGES) store<i32>(MAP_CHANGES + ((<usize>mapChanges) << 2), <i32>(nearestMap - MAP));
  mapChanges++;
  store<u16>(nearestMap, <u16>(m + (((goal - m) * 20) >> 10)));
  const p = <i32>load<u16>(nearestPair);
  if (pairChanges < MAX_CHANGES) store<i32>(PAIR_CHANGES + ((<usize>pairChanges) << 2), <i32>(nearestPair - PAIR_MAP));
  pairChanges++;
  store<u16>(nearestPair, <u16>(p + (((goal - p) * 20) >> 10)));
}

// ---- symbols

function codeSymbol(byte: i32): i32 {
  const before = descents;
  asked = 0;
  if (takenCount == 0) taken = 0;
  const coded = chooseSymbol(byte);
  if (isStarved) descents = before;
  else takenCount = 0;
  return coded;
}

function chooseSymbol(byte: i32): i32 {
  isRandom =
    ((descents & 15) == 15 && length == 0 && isMixed()) ||
    ((length == 0 || valueBytes == 0) && startsRandom());
  isShort = isRandom || length >= 16;
  startByte();
  if (isRandom) return descend(byte, -1, -1, 256);
  guess();
  const one = first;
  const two = second;
  if (one >= 0) {
    if (failed != 1) {
      if (decide(byte == one ? 1 : 0, one, failed > 1 ? 9 : firstStage, 0) != 0) {
        descents <<= 1;
        return one;
      }
    }
    if (two >= 0) {
      if (decide(byte == two ? 1 : 0, two, secondStage, 0) != 0) {
        descents <<= 1;
        return two;
      }
    }
  }
  return descend(byte, one, two, last4 & 255);
}

function descend(byte: i32, one: i32, two: i32, tree: i32): i32 {
  descents = (descents << 1) | 1;
  currentTree = tree;
  notFirst = one;
  notSecond = two;
  const root = tree << 8;
  const own = byte < 0 ? 0 : load<u32>(CODES + ((<usize>(root + byte)) << 2));
  const bits = byte < 0 ? 0 : <i32>load<u8>(LENGTHS + <usize>(root + byte));
  const notOne = one < 0 ? 256 : -1 - one;
  const notTwo = two < 0 ? 256 : -1 - two;
  let node = 0;
  let path = 1;
  for (let level = 0; ; level++) {
    const zero = <i32>load<i16>(ZEROES + ((<usize>(root + node)) << 1));
    const other = <i32>load<i16>(ONES + ((<usize>(root + node)) << 1));
    let bit: i32;
    if (zero == notOne || zero == notTwo) bit = 1;
    else if (other == notOne || other == notTwo) bit = 0;
    else bit = decide(<i32>((own >>> ((bits - 1 - level) & 31)) & 1), path, 0, level);
    path = (path << 1) | bit;
    node = bit == 0 ? zero : other;
    if (node < 0) return -1 - node;
  }
  return 0;
}

// ---- runs

function planRun(): i32 {
  if (valueBytes < 3 || length < 64) return 0;
  let step = 7;
  if (length < 80) step = 0;
  else if (length < 96) step = 1;
  else if (length < 128) step = 2;
  else if (length < 160) step = 3;
  else if (length < 256) step = 4;
  else if (length < 400) step = 5;
  else if (length < 800) step = 6;
  const own = step < 4 ? 16 : step == 4 ? 24 : step == 5 ? 32 : 48;
  const most = min(own, position - pointer);
  let bytes = 0;
  let kind = 0;
  let last = last4 & 255;
  while (bytes < most) {
    const byte = byteAt(pointer + bytes);
    bytes++;
    if (byte == 58 || (byte == 10 && last == 10)) break;
    last = byte;
    if (load<u8>(CLASS + <usize>byte) == 3) kind = 1;
  }
  if (bytes < 4) return 0;
  if (jsonState == 5) kind += 2;
  runBytes = bytes;
  runValue = ((step * 4 + misses) * 2 + source) * 4 + kind;
  return <i32>load<u16>(RUNS + ((<usize>runValue) << 1));
}

function learnRun(bit: i32): void {
  const place = RUNS + ((<usize>runValue) << 1);
  const value = <i32>load<u16>(place);
  const moved = bit == 0 ? value - (value >> 5) : value + ((65535 - value) >> 5);
  store<u16>(place, <u16>max(32, min(65504, moved)));
}

// ---- messages

/** Codes what is next, one byte or a run, and takes it in. */
function step(index: i32, size: i32): i32 {
  if (failed == 0) {
    const probability = planRun();
    if (probability > 0) {
      const bytes = runBytes;
      let goesOn = 0;
      if (!isDecoding && index + bytes <= size) {
        goesOn = 1;
        for (let i = 0; i < bytes; i++) {
          if (<i32>load<u8>(IN + <usize>(index + i)) != byteAt(pointer + i)) {
            goesOn = 0;
            break;
          }
        }
      }
      const bit = codeBit(goesOn, <u32>probability);
      if (bit < 0) return 0;
      learnRun(bit);
      if (bit != 0) {
        for (let i = 0; i < bytes; i++) {
          const byte = byteAt(pointer);
          appendNumber(byte);
          appendString(byte, false);
          appendContexts(byte);
          store<u8>(BUFFER + <usize>position, <u8>byte);
          position++;
          pointer++;
          length++;
          if (misses > 0 && (length & 15) == 0) misses--;
        }
        return bytes;
      }
      failed = bytes;
    }
  }
  const coded = codeSymbol(isDecoding ? -1 : <i32>load<u8>(IN + <usize>index));
  if (isStarved) return 0;
  const isHit = length > 0 && coded == byteAt(pointer);
  failed = failed > 0 && isHit ? failed - 1 : 0;
  appendFollowers(coded);
  appendString(coded, isRandom);
  appendContexts(coded);
  appendMatch(coded);
  return 1;
}

function codeEnd(bit: i32): i32 {
  const ended = codeBit(bit, <u32>load<u16>(ENDS + ((<usize>((jsonState == 1 ? 4 : 0) + passed)) << 1)));
  if (passed < 3) passed++;
  return ended;
}

function codeLength(size: i32): i32 {
  const width = 32 - clz(size);
  let coded = 0;
  for (let i = 4; i >= 0; i--) coded = (coded << 1) | codeBit((width >>> i) & 1, 32768);
  if (coded == 0) return 0;
  let value = 1;
  for (let i = coded - 2; i >= 0; i--) value = (value << 1) | codeBit((size >>> i) & 1, 32768);
  return value;
}

export function startMessage(): void {
  failed = 0;
  descents = takenCount = 0;
  eventLength = digits = -1;
  resetContexts();
  passed = 0;
  dropMatch();
}

export function startEvent(): void {
  failed = 0;
  takenCount = 0;
  eventLength = digits = -1;
  depth = 0;
  inString = escaped = false;
}

/** Forgets the messages so far and what was learnt from them. @returns as `restoreTable` */
export function reset(): bool {
  const wasFull = restoreTable();
  if (areWeightsChanged) memory.copy(WEIGHTS, FIRST_WEIGHTS, <usize>SETS * SET_BYTES);
  areWeightsChanged = false;
  if (mapChanges > MAX_CHANGES) memory.copy(MAP, FIRST_MAP, MAP_BYTES);
  else {
    for (let i = 0; i < mapChanges; i++) {
      const place = <usize>load<i32>(MAP_CHANGES + ((<usize>i) << 2));
      store<u16>(MAP + place, load<u16>(FIRST_MAP + place));
    }
  }
  mapChanges = 0;
  if (pairChanges > MAX_CHANGES) memory.copy(PAIR_MAP, FIRST_PAIR_MAP, PAIR_MAP_BYTES);
  else {
    for (let i = 0; i < pairChanges; i++) {
      const place = <usize>load<i32>(PAIR_CHANGES + ((<usize>i) << 2));
      store<u16>(PAIR_MAP + place, load<u16>(FIRST_PAIR_MAP + place));
    }
  }
  pairChanges = 0;
  memory.copy(RUNS, FIRST_RUNS, RUN_BYTES);
  memory.fill(FOLLOWERS, 0, FOLLOWER_BYTES);
  resetMatch();
  startMessage();
  return wasFull;
}

/** Codes `size` bytes at IN. @returns the bytes at OUT, or -1 if they would be more than `most` */
export function encode(size: i32, most: i32): i32 {
  mixerRate = MESSAGE_RATE;
  startEncoding(most);
  for (let i = 0; i < size; i++) appendContexts(<i32>load<u8>(IN + <usize>i));
  const isRegular = mayEnd();
  resetContexts();
  codeBit(isRegular ? 1 : 0, 63000);
  if (!isRegular) codeLength(size);
  for (let done = 0; done < size; ) {
    done += step(done, size);
    if (isOver) return -1;
    if (isRegular && mayEnd()) codeEnd(done == size ? 1 : 0);
  }
  return finish();
}

/** Reads a message from `size` bytes at IN. @returns its length, or -1 if it has more than `most` bytes */
export function decode(size: i32, most: i32): i32 {
  mixerRate = MESSAGE_RATE;
  startDecoding(size);
  const start = position;
  contentStart = start;
  const isRegular = codeBit(0, 63000) != 0;
  const declared = isRegular ? i32.MAX_VALUE : codeLength(0);
  if (!isRegular && <u32>declared > <u32>most) return -1;
  // More bytes needed than a writer leaves out at the end: cut, and what is made of zeroes need not end.
  for (let done = 0; done < declared && at - 4 <= size + 8; done = position - start) {
    if (done > most) return -1;
    step(0, 0);
    if (isRegular && mayEnd() && codeEnd(0) != 0) break;
  }
  consumed = at - 4;
  const found = min(position - start, declared);
  return found > most ? -1 : found;
}

/** Codes the event of `size` bytes at IN, or with a size of -1 the end of the stream. @returns as `encode` */
export function encodeEvent(size: i32, ownCheck: i32, leastBits: i32, most: i32): i32 {
  mixerRate = EVENT_RATE;
  startEncoding(most);
  let isRegular = false;
  for (let i = 1; i < size; i++) {
    if (load<u8>(IN + <usize>i) == 10 && load<u8>(IN + <usize>i - 1) == 10) {
      isRegular = i == size - 1;
      break;
    }
  }
  codeBit(isRegular ? 1 : 0, 65400);
  if (!isRegular) {
    codeBit(size < 0 ? 0 : 1, 49152);
    if (size >= 0) codeLength(size);
  }
  for (let done = 0; done < size; ) {
    done += step(done, size);
    if (isOver) return -1;
  }
  return finishEvent(ownCheck, leastBits);
}

/**
 * Reads an event from `size` bytes at IN, or goes on with it.
 * @returns its length; -1: it has more than `most` bytes, -2: bytes are missing, -3: it is the end of the stream
 */
export function decodeEvent(size: i32, most: i32, leastBits: i32, isResumed: bool): i32 {
  mixerRate = EVENT_RATE;
  if (!isResumed) {
    low = 0;
    high = 0xffffffff;
  }
  readOn(size, true);
  if (eventLength == -1) {
    let declared = i32.MAX_VALUE;
    let isLast = false;
    if (codeBit(0, 65400) == 0) {
      isLast = codeBit(0, 49152) == 0;
      if (!isLast) declared = codeLength(0);
    }
    if (isStarved) return -2;
    if (isLast) return closeEvent(leastBits) ? -3 : -2;
    if (declared != i32.MAX_VALUE && declared > most) return -1;
    eventStart = position;
    eventLength = declared;
  }
  contentStart = eventStart;
  for (;;) {
    const found = position - eventStart;
    if (found > most) return -1;
    const isRegular = eventLength == i32.MAX_VALUE;
    if (found >= eventLength || (isRegular && found >= 2 && (last4 & 0xffff) == 0x0a0a)) {
      return closeEvent(leastBits) ? min(found, eventLength) : starve();
    }
    step(0, 0);
    if (isStarved) return starve();
  }
  return -1;
}

function starve(): i32 {
  consumed = at - 4;
  return -2;
}

/** Takes in `size` bytes at IN without coding them. */
export function absorb(size: i32): void {
  for (let i = 0; i < size; i++) {
    const byte = <i32>load<u8>(IN + <usize>i);
    findFollowers();
    appendFollowers(byte);
    appendString(byte, false);
    appendContexts(byte);
    appendMatch(byte);
  }
}

/** Writes what a history keeps beside memory to STATE. */
export function saveState(): void {
  const words = STATE;
  store<i32>(words, last4, 0);
  store<i32>(words, last8, 4);
  store<i32>(words, last12, 8);
  store<i32>(words, jsonState, 12);
  store<i32>(words, depth, 16);
  store<i32>(words, valueBytes, 20);
  store<i32>(words, alphabet, 24);
  store<i32>(words, word, 28);
  store<i32>(words, key, 32);
  store<i32>(words, parentKey, 36);
  store<i32>(words, token, 40);
  store<i32>(words, (inString ? 1 : 0) | (escaped ? 2 : 0) | (isKey ? 4 : 0) | (expectsKey ? 8 : 0), 44);
  store<i32>(words, position, 48);
  store<i32>(words, length, 52);
  store<i32>(words, pointer, 56);
  store<i32>(words, source, 60);
  store<i32>(words, misses, 64);
  store<i32>(words, lost, 68);
  store<i32>(words, epoch, 72);
  store<i32>(words, descents, 76);
  store<i32>(words, passed, 80);
  store<i32>(words, lastWord, 84);
  store<i32>(words, column, 88);
  store<i32>(words, style, 92);
  store<i32>(words, lineBytes, 96);
  store<i32>(words, digits, 100);
  store<i32>(words, number, 104);
  store<u32>(words, low, 108);
  store<u32>(words, high, 112);
  store<i32>(words, failed, 116);
  store<i32>(words, taken, 120);
  store<i32>(words, takenCount, 124);
  store<i32>(words, eventStart, 128);
  store<i32>(words, eventLength, 132);
}

export function loadState(): void {
  const words = STATE;
  last4 = load<i32>(words, 0);
  last8 = load<i32>(words, 4);
  last12 = load<i32>(words, 8);
  jsonState = load<i32>(words, 12);
  depth = load<i32>(words, 16);
  valueBytes = load<i32>(words, 20);
  alphabet = load<i32>(words, 24);
  word = load<i32>(words, 28);
  key = load<i32>(words, 32);
  parentKey = load<i32>(words, 36);
  token = load<i32>(words, 40);
  const flags = load<i32>(words, 44);
  inString = (flags & 1) != 0;
  escaped = (flags & 2) != 0;
  isKey = (flags & 4) != 0;
  expectsKey = (flags & 8) != 0;
  position = load<i32>(words, 48);
  length = load<i32>(words, 52);
  pointer = load<i32>(words, 56);
  source = load<i32>(words, 60);
  misses = load<i32>(words, 64);
  lost = load<i32>(words, 68);
  epoch = load<i32>(words, 72);
  descents = load<i32>(words, 76);
  passed = load<i32>(words, 80);
  lastWord = load<i32>(words, 84);
  column = load<i32>(words, 88);
  style = load<i32>(words, 92);
  lineBytes = load<i32>(words, 96);
  digits = load<i32>(words, 100);
  number = load<i32>(words, 104);
  low = load<u32>(words, 108);
  high = load<u32>(words, 112);
  failed = load<i32>(words, 116);
  taken = load<i32>(words, 120);
  takenCount = load<i32>(words, 124);
  eventStart = load<i32>(words, 128);
  eventLength = load<i32>(words, 132);
  // What is in memory now is not what the journals of the maps know.
  areWeightsChanged = true;
  mapChanges = pairChanges = MAX_CHANGES + 1;
}
