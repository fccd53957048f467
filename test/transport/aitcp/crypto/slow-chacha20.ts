/** One block of ChaCha20 as RFC 8439, 2.3 spells it. @noble refuses the last counter, so it cannot judge what comes then. */
export function slowChaCha20Block(key: Uint8Array, counter: number, nonce: Uint8Array): Uint8Array {
  const words = (bytes: Uint8Array): number[] => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
  };
  const initial = [...words(Buffer.from("expand 32-byte k")), ...words(key), counter, ...words(nonce)];
  const state = [...initial];
  const turn = (target: number, added: number, mixed: number, bits: number): void => {
    state[target] = (state[target] + state[added]) >>> 0;
    const x = state[mixed] ^ state[target];
    state[mixed] = ((x << bits) | (x >>> (32 - bits))) >>> 0;
  };
  const quarterRound = (a: number, b: number, c: number, d: number): void => {
    turn(a, b, d, 16);
    turn(c, d, b, 12);
    turn(a, b, d, 8);
    turn(c, d, b, 7);
  };
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 4; i++) quarterRound(i, i + 4, i + 8, i + 12);
    for (let i = 0; i < 4; i++) quarterRound(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4));
  }
  const block = new DataView(new ArrayBuffer(64));
  for (let i = 0; i < 16; i++) block.setUint32(4 * i, state[i] + initial[i], true);
  return new Uint8Array(block.buffer);
}
