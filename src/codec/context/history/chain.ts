/** The check of all contents so far, from that of those before and the CRC-32 of the next: rotated by one bit, xored. */
export function follow(chain: number, crc: number): number {
  return (((chain << 1) | (chain >>> 31)) ^ crc) >>> 0;
}
