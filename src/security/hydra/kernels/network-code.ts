import {
  advance,
  get,
  i32,
  int,
  repeat,
  set,
  V128,
  v128,
  I32,
  whileLoop,
  type Code,
  type FunctionSource,
} from "./assembler.js";
import { PANEL_ROWS } from "./types.js";

/**
 * Multiplies panels of weights with `vectors` vectors at a time, in 2 * `vectors` sums. Parameters: address of the panels,
 * their number, bytes of a vector of `cols` floats; addresses of two lists of addresses, of the vectors and of the results;
 * groups of vectors.
 */
export function multiplyCode(vectors: number): FunctionSource {
  const [panel, panels, colBytes, xs, ys, groups] = [0, 1, 2, 3, 4, 5];
  const [rowBytes, group, w, end, at] = [6, 7, 8, 9, 10];
  const x = Array.from({ length: vectors }, (_, vector) => 11 + vector);
  const first = 11 + vectors;
  const [low, high, value] = [first, first + 1, first + 2];
  const sums = x.map((_, vector) => [first + 3 + 2 * vector, first + 4 + 2 * vector]);
  // One column in a turn of the loop: two are a tenth slower for five vectors, four a quarter, eight a half (V8 11.3).
  const column: Code = [
    set(low, v128.load(get(w))),
    set(high, v128.load(get(w), 16)),
    ...sums.map(([left, right], vector) => [
      set(value, v128.loadSplat(get(x[vector]))),
      set(left, v128.add(get(left), v128.mul(get(low), get(value)))),
      set(right, v128.add(get(right), v128.mul(get(high), get(value)))),
    ]),
  ];
  const code = whileLoop(
    get(panels),
    set(group, int(0)),
    repeat(
      i32.ltU(get(group), get(groups)),
      set(at, i32.mul(get(group), int(4 * vectors))),
      ...x.map((local, vector) => set(local, i32.load(i32.add(get(xs), get(at)), 4 * vector))),
      ...sums.flat().map((sum) => set(sum, v128.splat(0))),
      set(w, get(panel)),
      set(end, i32.add(get(x[0]), get(colBytes))),
      repeat(
        i32.ltU(get(x[0]), get(end)),
        column,
        advance(w, int(32)),
        ...x.map((local) => advance(local, int(4))),
      ),
      ...sums.map(([left, right], vector) => [
        set(end, i32.add(i32.load(i32.add(get(ys), get(at)), 4 * vector), get(rowBytes))),
        v128.store(get(end), get(left)),
        v128.store(get(end), get(right), 16),
      ]),
      advance(group, int(1)),
    ),
    advance(panel, i32.mul(get(colBytes), int(PANEL_ROWS))),
    advance(rowBytes, int(32)),
    advance(panels, int(-1)),
  );
  const locals = [
    ...new Array<number>(5 + vectors).fill(I32),
    ...new Array<number>(3 + 2 * vectors).fill(V128),
  ];
  return { parameters: 6, result: false, locals, code };
}

/** 2^f for |f| <= 1/2 to within 2e-7 of it: powers of ln 2 over factorials. */
const EXP2 = [1, 0.69314718, 0.24022651, 0.055504109, 0.0096181291, 0.0013333558, 0.00015403531];

/** x * sigmoid(x), in place. Parameters: address, bytes, a multiple of 16 and not 0. */
export function siluCode(): FunctionSource {
  const [at, bytes, end, x, t, n, sum] = [0, 1, 2, 3, 4, 5, 6];
  const coefficients = [...EXP2].reverse();
  const code = [
    set(end, i32.add(get(at), get(bytes))),
    repeat(
      i32.ltU(get(at), get(end)),
      set(x, v128.load(get(at))),
      set(t, v128.mul(get(x), v128.splat(-Math.LOG2E))),
      set(t, v128.max(v128.min(get(t), v128.splat(126)), v128.splat(-126))),
      set(n, v128.nearest(get(t))),
      set(t, v128.sub(get(t), get(n))),
      set(sum, v128.splat(coefficients[0])),
      ...coefficients
        .slice(1)
        .map((coefficient) => set(sum, v128.add(v128.mul(get(sum), get(t)), v128.splat(coefficient)))),
      // 2^n: the exponent's bits.
      set(n, v128.shiftInts(v128.addInts(v128.toInts(get(n)), v128.splatInt(127)), int(23))),
      set(sum, v128.add(v128.mul(get(sum), get(n)), v128.splat(1))),
      v128.store(get(at), v128.div(get(x), get(sum))),
      advance(at, int(16)),
    ),
  ];
  return { parameters: 2, result: false, locals: [I32, V128, V128, V128, V128], code };
}

/**
 * Adds multiples of vectors to vectors. Parameters: address of the vectors, one behind the other; of a list of the addresses
 * of what they are added to; of a list of factors; number of vectors; bytes of a vector.
 */
export function addScaledCode(): FunctionSource {
  const [x, ys, factors, count, bytes, y, end, factor] = [0, 1, 2, 3, 4, 5, 6, 7];
  const code = whileLoop(
    get(count),
    set(y, i32.load(get(ys))),
    set(factor, v128.loadSplat(get(factors))),
    set(end, i32.add(get(x), get(bytes))),
    repeat(
      i32.ltU(get(x), get(end)),
      v128.store(get(y), v128.add(v128.load(get(y)), v128.mul(v128.load(get(x)), get(factor)))),
      advance(x, int(16)),
      advance(y, int(16)),
    ),
    advance(ys, int(4)),
    advance(factors, int(4)),
    advance(count, int(-1)),
  );
  return { parameters: 5, result: false, locals: [I32, I32, V128], code };
}

/**
 * Sum of vectors times a factor. Parameters: address of a list of their addresses, bytes of the list, bytes of a vector,
 * address of the factor, address of the result.
 */
export function sumVectorsCode(): FunctionSource {
  const [list, listBytes, bytes, factor, out, at, end, sum] = [0, 1, 2, 3, 4, 5, 6, 7];
  const column = 8;
  const code = [
    set(column, int(0)),
    repeat(
      i32.ltU(get(column), get(bytes)),
      set(sum, v128.splat(0)),
      set(at, get(list)),
      set(end, i32.add(get(list), get(listBytes))),
      whileLoop(
        i32.ltU(get(at), get(end)),
        set(sum, v128.add(get(sum), v128.load(i32.add(i32.load(get(at)), get(column))))),
        advance(at, int(4)),
      ),
      v128.store(i32.add(get(out), get(column)), v128.mul(get(sum), v128.loadSplat(get(factor)))),
      advance(column, int(16)),
    ),
  ];
  return { parameters: 5, result: false, locals: [I32, I32, V128, I32], code };
}

/** Bytes of a row that are summed together. */
export const ROW_LANES = 16;

/**
 * Sum of a table's rows of bytes, each times its scale. Parameters: address of the table, of the scales, of the list of
 * rows; bytes of the list, not 0; bytes of a row, a multiple of 16; address of the sums.
 */
export function sumRowsCode(): FunctionSource {
  const [table, scales, ids, idBytes, cols, out, column, at, end, row] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const [bytes, scale, half] = [10, 11, 12];
  const sums = [13, 14, 15, 16];
  const code = [
    set(column, int(0)),
    set(end, i32.add(get(ids), get(idBytes))),
    repeat(
      i32.ltU(get(column), get(cols)),
      ...sums.map((sum) => set(sum, v128.splat(0))),
      set(at, get(ids)),
      repeat(
        i32.ltU(get(at), get(end)),
        set(row, i32.load(get(at))),
        set(scale, v128.loadSplat(i32.add(get(scales), i32.mul(get(row), int(4))))),
        set(bytes, v128.load(i32.add(i32.add(get(table), i32.mul(get(row), get(cols))), get(column)))),
        ...v128.widenBytes.map((widenBytes, part) => [
          set(half, widenBytes(get(bytes))),
          ...v128.widenShorts.map((widenShorts, quarter) => {
            const sum = sums[2 * part + quarter];
            const values = v128.mul(v128.fromInts(widenShorts(get(half))), get(scale));
            return set(sum, v128.add(get(sum), values));
          }),
        ]),
        advance(at, int(4)),
      ),
      ...sums.map((sum, index) =>
        v128.store(i32.add(get(out), i32.mul(get(column), int(4))), get(sum), 16 * index),
      ),
      advance(column, int(ROW_LANES)),
    ),
  ];
  const locals = [I32, I32, I32, I32, ...new Array<number>(7).fill(V128)];
  return { parameters: 6, result: false, locals, code };
}
