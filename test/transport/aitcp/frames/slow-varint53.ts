/** The obvious twin of `writeVarint53`: with integers of any size. */
export function slowVarint53(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? byte | 0x80 : byte);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
