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
 * @param indices where the chosen indices, relative to `from`, are written from `at` on
 * @param shares where their shares are, which add up to 1
 */
export function chooseLargest(
  values: Float32Array,
  from: number,
  length: number,
  count: number,
  indices: Int32Array,
  shares: Float64Array,
  at: number,
): void {
  for (let k = 0; k < count; k++) {
    let best = -1;
    for (let i = 0; i < length; i++) {
      let taken = false;
      for (let before = 0; before < k; before++) taken ||= indices[at + before] === i;
      // A NaN is never greater: then the first that is left is taken.
      if (!taken && (best === -1 || values[from + i] > values[from + best])) best = i;
    }
    indices[at + k] = best;
  }
  const highest = values[from + indices[at]];
  let sum = 0;
  for (let k = 0; k < count; k++) {
    shares[at + k] = Math.exp(values[from + indices[at + k]] - highest);
    sum += shares[at + k];
  }
  for (let k = 0; k < count; k++) shares[at + k] /= sum;
}

/** Probabilities of the `length` logits from `from` on. */
export function softmax(logits: Float32Array, from: number, length: number): Float64Array {
  let highest = -Infinity;
  for (let i = 0; i < length; i++) highest = Math.max(highest, logits[from + i]);
  const shares = new Float64Array(length);
  let sum = 0;
  for (let i = 0; i < length; i++) sum += shares[i] = Math.exp(logits[from + i] - highest);
  for (let i = 0; i < length; i++) shares[i] /= sum;
  return shares;
}
