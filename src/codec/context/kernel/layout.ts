/** Addresses of the kernel's memory, as kernel/context.ts has them. */
export const Address = {
  table: 0x20000,
  order6: 0xa20000,
  order4: 0xa40000,
  order2: 0xa50000,
  zeroes: 0xa60000,
  ones: 0xa81000,
  codes: 0xaa2000,
  lengths: 0xae3000,
  probabilitySteps: 0xaf4000,
  squash: 0xaf5000,
  confidence: 0xaf7000,
  matchConfidence: 0xafd000,
  followerConfidence: 0xafe000,
  weights: 0xaff000,
  /** From here to `firstMap` lies what a history keeps between messages. */
  kept: 0xb06000,
  /** Where `saveState` puts the position in the buffer. */
  savedPosition: 0xb31230,
  firstMap: 0xbc0000,
  firstPairMap: 0xbcc000,
  firstRuns: 0xbe4000,
  classes: 0xbe5000,
  alphabets: 0xbe5100,
  countSteps: 0xbe5200,
  lengthSteps: 0xbe5300,
  rates: 0xbe5400,
  ends: 0xbe5800,
  input: 0xc00000,
  output: 0xd10000,
  buffer: 0xe20000,
  journal: 0x1500000,
} as const;

/** Places of a weight set. */
export const SET_PLACES = 12;
/** Binary logarithm of the lines of the table. */
export const LINE_BITS = 17;
/** Most bytes of a prior's text, of a message, and of a window. */
export const MAX_TEXT_BYTES = 1 << 20;
export const MAX_CONTENT_BYTES = 1 << 20;
export const MAX_WINDOW_BYTES = 1 << 22;
