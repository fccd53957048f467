import {
  advance,
  get,
  I32,
  i32,
  int,
  repeat,
  set,
  V128,
  v128,
  whileLoop,
  type Code,
  type FunctionSource,
} from "./assembler.js";
import { PANEL_ROWS } from "./types.js";

/** 16-bit floats in the lower halves of the lanes of `wide`, as 32-bit ones; `sum` is left with them. */
function halvesToFloats(wide: number, sum: number): Code {
  const magnitude = v128.and(get(wide), v128.splatInt(0x7fff));
  const isNoNumber = v128.intsAreAtLeast(magnitude, v128.splatInt(0x7c00));
  return [
    // The exponent's bias is 15 there and 127 here: 2^112 between them, also for subnormal numbers.
    set(sum, v128.mul(v128.shiftInts(magnitude, int(13)), v128.splat(2 ** 112))),
    // 31 is infinity or NaN.
    set(sum, v128.or(get(sum), v128.and(isNoNumber, v128.splatInt(0x7f800000)))),
    set(sum, v128.or(get(sum), v128.shiftInts(v128.and(get(wide), v128.splatInt(0x8000)), int(16)))),
  ];
}

/** 16-bit floats to 32-bit ones. Parameters: their address, their number, a multiple of 8 and not 0; where they go. */
export function widenHalvesCode(): FunctionSource {
  const [from, count, to, end, halves, wide, sum] = [0, 1, 2, 3, 4, 5, 6];
  const code = [
    set(end, i32.add(get(from), i32.mul(get(count), int(2)))),
    repeat(
      i32.ltU(get(from), get(end)),
      set(halves, v128.load(get(from))),
      ...v128.widenUnsignedShorts.map((widen, half) => [
        set(wide, widen(get(halves))),
        halvesToFloats(wide, sum),
        v128.store(get(to), get(sum), 16 * half),
      ]),
      advance(from, int(16)),
      advance(to, int(32)),
    ),
  ];
  return { parameters: 3, result: false, locals: [I32, V128, V128, V128], code };
}

/**
 * 16-bit floats to 32-bit ones in panels. Parameters: address of the matrix, its rows, its columns, address of the panels.
 */
export function packHalvesCode(): FunctionSource {
  const [from, rows, cols, to, column, end] = [0, 1, 2, 3, 4, 5];
  const [halves, wide, sum] = [6, 7, 8];
  const lanes = Array.from({ length: PANEL_ROWS }, (_, lane) => 9 + lane);
  const code = whileLoop(
    get(rows),
    ...lanes.map((lane, row) => set(lane, i32.add(get(from), i32.mul(get(cols), int(2 * row))))),
    set(column, get(from)),
    set(end, i32.add(get(from), i32.mul(get(cols), int(2)))),
    repeat(
      i32.ltU(get(column), get(end)),
      ...lanes.map((lane, row) => set(halves, v128.loadLane16(get(lane), get(halves), row))),
      ...v128.widenUnsignedShorts.map((widen, half) => [
        set(wide, widen(get(halves))),
        halvesToFloats(wide, sum),
        v128.store(get(to), get(sum), 16 * half),
      ]),
      ...lanes.map((lane) => advance(lane, int(2))),
      advance(column, int(2)),
      advance(to, int(4 * PANEL_ROWS)),
    ),
    advance(from, i32.mul(get(cols), int(2 * PANEL_ROWS))),
    advance(rows, int(-PANEL_ROWS)),
  );
  const locals = [I32, I32, V128, V128, V128, ...new Array<number>(PANEL_ROWS).fill(I32)];
  return { parameters: 4, result: false, locals, code };
}
