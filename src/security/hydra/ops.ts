import type { Matrix } from "./floats.js";

/**
 * y = x Wᵀ for `count` vectors. Four vectors at a time share each load of the weights.
 * @param x `[count, cols]`
 * @param y `[count, rows]`, overwritten
 */
export function multiply(weights: Matrix, x: Float32Array, count: number, y: Float32Array): void {
  let done = 0;
  for (; done + 4 <= count; done += 4) multiplyFour(weights, x, done, y);
  for (; done < count; done++) multiplyOne(weights, x, done, y);
}

/** Four rows of the weights at a time share each load of the vector. */
function multiplyOne({ rows, cols, values }: Matrix, x: Float32Array, index: number, y: Float32Array): void {
  const from = index * cols;
  const to = index * rows;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const w0 = row * cols;
    const w1 = w0 + cols;
    const w2 = w1 + cols;
    const w3 = w2 + cols;
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let j = 0; j < cols; j++) {
      const value = x[from + j];
      sum0 += values[w0 + j] * value;
      sum1 += values[w1 + j] * value;
      sum2 += values[w2 + j] * value;
      sum3 += values[w3 + j] * value;
    }
    y[to + row] = sum0;
    y[to + row + 1] = sum1;
    y[to + row + 2] = sum2;
    y[to + row + 3] = sum3;
  }
  for (; row < rows; row++) {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += values[row * cols + j] * x[from + j];
    y[to + row] = sum;
  }
}

/** Two rows by four vectors: as many sums as there are registers to hold them. */
function multiplyFour({ rows, cols, values }: Matrix, x: Float32Array, first: number, y: Float32Array): void {
  const x0 = first * cols;
  const x1 = x0 + cols;
  const x2 = x1 + cols;
  const x3 = x2 + cols;
  const to = first * rows;
  // An odd last row is computed twice rather than in a loop of its own.
  for (let row = 0; row < rows; row += 2) {
    const w0 = row * cols;
    const second = Math.min(row + 1, rows - 1);
    const w1 = second * cols;
    let a0 = 0;
    let a1 = 0;
    let a2 = 0;
    let a3 = 0;
    let b0 = 0;
    let b1 = 0;
    let b2 = 0;
    let b3 = 0;
    for (let j = 0; j < cols; j++) {
      const u = values[w0 + j];
      const v = values[w1 + j];
      const value0 = x[x0 + j];
      const value1 = x[x1 + j];
      const value2 = x[x2 + j];
      const value3 = x[x3 + j];
      a0 += u * value0;
      a1 += u * value1;
      a2 += u * value2;
      a3 += u * value3;
      b0 += v * value0;
      b1 += v * value1;
      b2 += v * value2;
      b3 += v * value3;
    }
    y[to + row] = a0;
    y[to + rows + row] = a1;
    y[to + 2 * rows + row] = a2;
    y[to + 3 * rows + row] = a3;
    y[to + second] = b0;
    y[to + rows + second] = b1;
    y[to + 2 * rows + second] = b2;
    y[to + 3 * rows + second] = b3;
  }
}

/** x * sigmoid(x), in place. */
export function silu(values: Float32Array, length: number): void {
  for (let i = 0; i < length; i++) values[i] /= 1 + Math.exp(-values[i]);
}

/** Layer normalization of the row that starts at `from`, in place. */
export function normalizeRow(
  values: Float32Array,
  from: number,
  weight: Float32Array,
  bias: Float32Array,
  epsilon: number,
): void {
  const length = weight.length;
  let sum = 0;
  for (let j = 0; j < length; j++) sum += values[from + j];
  const mean = sum / length;
  let squares = 0;
  for (let j = 0; j < length; j++) squares += (values[from + j] - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / length + epsilon);
  for (let j = 0; j < length; j++) values[from + j] = (values[from + j] - mean) * scale * weight[j] + bias[j];
}

/**
 * The `count` largest of the values from `from` on, the lower index first among equals, and their softmax: the same as
 * the softmax over all, renormalized over the chosen.
 * @param indices filled with the chosen indices, relative to `from`
 * @param shares filled with their shares, which add up to 1
 */
export function chooseLargest(
  values: Float32Array,
  from: number,
  length: number,
  count: number,
  indices: Int32Array,
  shares: Float64Array,
): void {
  for (let k = 0; k < count; k++) {
    let best = -1;
    for (let i = 0; i < length; i++) {
      let taken = false;
      for (let before = 0; before < k; before++) taken ||= indices[before] === i;
      // A NaN is never greater: then the first that is left is taken.
      if (!taken && (best === -1 || values[from + i] > values[from + best])) best = i;
    }
    indices[k] = best;
  }
  const highest = values[from + indices[0]];
  let sum = 0;
  for (let k = 0; k < count; k++) {
    shares[k] = Math.exp(values[from + indices[k]] - highest);
    sum += shares[k];
  }
  for (let k = 0; k < count; k++) shares[k] /= sum;
}

/** Probabilities of `logits`. */
export function softmax(logits: Float32Array): Float64Array {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const shares = Float64Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / sum);
}
