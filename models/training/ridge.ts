/** Ridge regression (Hoerl and Kennard 1970) over standardised features, from sums: one pass over the samples. */
export class Ridge {
  readonly #size: number;
  /** `[size, size]`: sums of products, of which the lower half is kept. */
  readonly #products: Float64Array;
  readonly #sums: Float64Array;
  readonly #withTarget: Float64Array;
  #targets = 0;
  #count = 0;

  constructor(size: number) {
    this.#size = size;
    this.#products = new Float64Array(size * size);
    this.#sums = new Float64Array(size);
    this.#withTarget = new Float64Array(size);
  }

  add(features: Float64Array, target: number): void {
    const size = this.#size;
    for (let i = 0; i < size; i++) {
      const value = features[i];
      this.#sums[i] += value;
      this.#withTarget[i] += value * target;
      for (let j = 0, at = i * size; j <= i; j++, at++) this.#products[at] += value * features[j];
    }
    this.#targets += target;
    this.#count++;
  }

  /** The weights of the features as they were given, and what is added. */
  solve(penalty: number): { weights: number[]; bias: number } {
    const size = this.#size;
    const count = this.#count;
    const means = Array.from(this.#sums, (sum) => sum / count);
    const target = this.#targets / count;
    const covariance = (i: number, j: number): number =>
      this.#products[i * size + j] - count * means[i] * means[j];
    const scales = means.map((_, i) => Math.sqrt(covariance(i, i) / count) + 1e-9);
    const matrix = means.map((_, i) =>
      Array.from(
        { length: i + 1 },
        (_, j) => covariance(i, j) / (scales[i] * scales[j]) + (i === j ? penalty : 0),
      ),
    );
    const right = means.map((mean, i) => (this.#withTarget[i] - count * mean * target) / scales[i]);
    const weights = solveSymmetric(matrix, right).map((weight, i) => weight / scales[i]);
    return { weights, bias: weights.reduce((sum, weight, i) => sum - weight * means[i], target) };
  }
}

/** Solves a positive definite system by Cholesky's decomposition; `matrix` is its lower half, and is overwritten. */
function solveSymmetric(matrix: number[][], right: readonly number[]): number[] {
  const solution = [...right];
  for (let i = 0; i < matrix.length; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i][j];
      for (let k = 0; k < j; k++) sum -= matrix[i][k] * matrix[j][k];
      matrix[i][j] = i === j ? Math.sqrt(sum) : sum / matrix[j][j];
    }
    for (let k = 0; k < i; k++) solution[i] -= matrix[i][k] * solution[k];
    solution[i] /= matrix[i][i];
  }
  for (let i = matrix.length - 1; i >= 0; i--) {
    for (let k = i + 1; k < matrix.length; k++) solution[i] -= matrix[k][i] * solution[k];
    solution[i] /= matrix[i][i];
  }
  return solution;
}
