/** How an event's coded bytes end: the last ones are one of `2 ** checkBits` numbers from `first` on. */
export interface EventTail {
  /** Bytes, 0 to 4. */
  readonly bytes: number;
  readonly first: number;
  /** Bits of a check that the choice among them carries. */
  readonly checkBits: number;
}

/**
 * The fewest last bytes that pin a number from `low` to `high` down whatever follows them, and that leave a choice of
 * `leastBits` bits; 4 bytes leave what they leave.
 */
export function tailOf(low: number, high: number, leastBits: number): EventTail {
  for (let bytes = 0; ; bytes++) {
    const unit = 2 ** (32 - 8 * bytes);
    const first = Math.ceil(low / unit);
    const count = Math.floor((high + 1) / unit) - first;
    if (count < 1) continue;
    const checkBits = Math.min(31 - Math.clz32(Math.min(count, MOST)), MOST_BITS);
    if (checkBits >= leastBits || bytes === 4) return { bytes, first, checkBits };
  }
}

/** More bits than that are never taken. */
const MOST_BITS = 16;
const MOST = 2 ** MOST_BITS;
