/** A small seeded generator (mulberry32), so that a finding can be made again from its seed. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** `size` random bytes. */
export function randomBytes(random: (below: number) => number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, () => random(256));
}

/** A copy of `wire` with one to four changes: bits flipped, bytes set, cut, repeated, inserted, removed. */
export function mutate(wire: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes = Array.from(wire);
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(bytes.length + 1);
    switch (random(7)) {
      case 0:
        if (at < bytes.length) bytes[at] ^= 1 << random(8);
        break;
      case 1:
        if (at < bytes.length) bytes[at] = random(256);
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + 1 + random(16)));
        break;
      case 4:
        bytes.splice(at, 0, ...randomBytes(random, 1 + random(8)));
        break;
      case 5:
        bytes.splice(at, 1 + random(8));
        break;
      default:
        if (at < bytes.length) bytes[at] = [0x00, 0x7f, 0x80, 0xff, 0x22, 0x5c, 0x7b, 0x7d][random(8)];
    }
  }
  return Uint8Array.from(bytes);
}
