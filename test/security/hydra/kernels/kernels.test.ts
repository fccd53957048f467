import { expect } from "chai";
import { halfToNumber } from "../../../../src/security/hydra/halves.js";
import { createKernels } from "../../../../src/security/hydra/kernels/kernels.js";
import { alignedBytes, KernelMemory } from "../../../../src/security/hydra/kernels/memory.js";
import { placePanels } from "../../../../src/security/hydra/kernels/panels.js";
import { PlainKernels } from "../../../../src/security/hydra/kernels/plain-kernels.js";
import { createRandom } from "../../../fuzz/mutate.js";

/** A memory with both kinds of kernels, and ways to fill and read it. */
function createBench() {
  const random = createRandom(5);
  const memory = new KernelMemory(2 ** 20);
  const floatsOf = (at: number, length: number) => new Float32Array(memory.buffer, at, length);
  return {
    memory,
    floatsOf,
    fast: createKernels(memory),
    plain: new PlainKernels(memory),
    random,
    fill(length: number, spread = 1): number {
      const at = memory.allocate(length * 4);
      floatsOf(at, length).forEach((_, i, values) => (values[i] = (random(2000) / 1000 - 1) * spread));
      return at;
    },
    list(addresses: readonly number[]): number {
      const at = memory.allocate(addresses.length * 4);
      new Int32Array(memory.buffer, at).set(addresses);
      return at;
    },
  };
}

function expectClose(found: Float32Array, wanted: ArrayLike<number>, what: string): void {
  expect(found.length).to.equal(wanted.length);
  found.forEach((value, i) => expect(value, `${what}, ${i}`).to.be.closeTo(wanted[i], 1e-5));
}

describe("kernels in WebAssembly", () => {
  it("are not the plain ones", () => expect(createBench().fast).not.to.be.instanceOf(PlainKernels));

  for (const [rows, cols] of [
    [1, 4],
    [2, 8],
    [5, 12],
    [7, 192],
    [96, 192],
    [192, 64],
    [6, 10],
    [3, 1],
  ]) {
    it(`multiply a matrix [${rows}, ${cols}] with any number of vectors`, () => {
      for (let count = 1; count <= 13; count++) {
        const { memory, floatsOf, fast, plain, fill, list } = createBench();
        const values = floatsOf(fill(rows * cols), rows * cols);
        const matrix = placePanels(memory, fast, { rows, cols, values });
        const xs = Array.from({ length: count }, () => fill(matrix.cols));
        const ys = xs.map(() => fill(matrix.rows)).reverse();
        const guard = fill(8);
        const before = floatsOf(guard, 8).slice();
        fast.multiply(matrix, list(xs), list(ys), count);
        const found = ys.map((y) => floatsOf(y, matrix.rows).slice());
        plain.multiply(matrix, list(xs), list(ys), count);
        for (const [vector, y] of ys.entries()) {
          expectClose(found[vector], floatsOf(y, matrix.rows), `vector ${vector} of ${count}`);
          // The definition, on the matrix as it was.
          const x = floatsOf(xs[vector], cols);
          const product = Array.from({ length: matrix.rows }, (_, row) =>
            row < rows ? x.reduce((sum, value, j) => sum + value * values[row * cols + j], 0) : 0,
          );
          expectClose(found[vector], product, `product ${vector} of ${count}`);
        }
        expectClose(floatsOf(guard, 8), before, "what lies behind is left alone");
      }
    });
  }

  it("bend values as the definition does, and leave no numbers none", () => {
    const { floatsOf, fast, fill } = createBench();
    const at = fill(4000, 60);
    floatsOf(at, 4000).set([0, -0, 1000, -1000, 87.3, -87.3, 88.8, -88.8, NaN, 1e-30, Infinity]);
    const before = floatsOf(at, 4000).slice();
    fast.silu(at, 4000);
    floatsOf(at, 4000).forEach((value, i) => {
      const wanted = before[i] / (1 + Math.exp(-before[i]));
      if (Number.isFinite(wanted)) expect(value).to.be.closeTo(wanted, 1e-9 + Math.abs(wanted) * 1e-6);
      else expect(value).to.deep.equal(wanted);
    });
    fast.silu(at, 0);
  });

  for (const count of [0, 1, 2, 9]) {
    it(`add multiples of ${count} vectors, and sum them`, () => {
      const { floatsOf, fast, plain, fill, list } = createBench();
      const x = fill(count * 24);
      const targets = Array.from({ length: count }, () => fill(24));
      const factors = fill(count);
      const wanted = targets.map((y, vector) =>
        floatsOf(y, 24).map(
          (value, j) => value + floatsOf(x, count * 24)[vector * 24 + j] * floatsOf(factors, count)[vector],
        ),
      );
      fast.addScaled(x, list(targets), factors, count, 24);
      targets.forEach((y, vector) => expectClose(floatsOf(y, 24), wanted[vector], `sum ${vector}`));
      const [one, other, factor] = [fill(24), fill(24), fill(1)];
      fast.sumVectors(list(targets), count, 24, factor, one);
      plain.sumVectors(list(targets), count, 24, factor, other);
      expectClose(floatsOf(one, 24), floatsOf(other, 24), "sum");
    });
  }

  for (const [rows, cols] of [
    [1, 16],
    [3, 32],
    [300, 192],
  ]) {
    it(`sum rows of a table of bytes [${rows}, ${cols}]`, () => {
      const { memory, floatsOf, fast, plain, fill, list, random } = createBench();
      const table = memory.place(Int8Array.from({ length: rows * cols }, () => random(256) - 128));
      const scales = fill(rows, 0.02);
      const ids = list(Array.from({ length: 64 }, () => random(rows)));
      const [one, other] = [fill(cols), fill(cols)];
      for (const count of [1, 2, 8, 64]) {
        fast.sumRows(table, scales, ids, count, cols, one);
        plain.sumRows(table, scales, ids, count, cols, other);
        floatsOf(one, cols).forEach((value, j) =>
          expect(value).to.be.closeTo(floatsOf(other, cols)[j], 2e-4),
        );
      }
    });
  }

  it("read 16-bit floats of every kind, one behind the other and in panels", () => {
    const { memory, fast, plain, floatsOf } = createBench();
    const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
    const at = memory.allocate(65536 * 2);
    new Uint16Array(memory.buffer, at, 65536).set(all);
    const [one, other] = [memory.allocate(65536 * 4), memory.allocate(65536 * 4)];
    for (const kernels of [fast, plain]) {
      kernels.widenHalves(at, 65536, one);
      const wanted = Float32Array.from(all, halfToNumber);
      floatsOf(one, 65536).forEach((value, bits) => expect(value, `${bits}`).to.deep.equal(wanted[bits]));
      const [rows, cols] = [64, 1024];
      kernels.packHalves(at, rows, cols, other);
      const packed = floatsOf(other, 65536);
      for (let row = 0; row < rows; row++) {
        for (let col = 0; col < cols; col++) {
          const value = packed[(Math.floor(row / 8) * cols + col) * 8 + (row % 8)];
          if (!Object.is(value, wanted[row * cols + col])) expect.fail(`${row}, ${col}: ${value}`);
        }
      }
    }
    expect([0x3c00, 0xc000, 1, 0x7c00, 0xfc00].map(halfToNumber)).to.deep.equal([
      1,
      -2,
      2 ** -24,
      Infinity,
      -Infinity,
    ]);
  });

  it("are plain where there is no WebAssembly", () => {
    const platform = globalThis as { WebAssembly?: unknown };
    const before = platform.WebAssembly;
    try {
      platform.WebAssembly = undefined;
      expect(createKernels(new KernelMemory(64))).to.be.instanceOf(PlainKernels);
    } finally {
      platform.WebAssembly = before;
    }
  });
});

describe("the memory of kernels", () => {
  it("hands out what it has in whole vectors, and copies only what is elsewhere", () => {
    const memory = new KernelMemory(100);
    const first = memory.allocate(3);
    const copied = memory.place(Float32Array.of(1, 2));
    expect([first % 16, copied - first, alignedBytes(3)]).to.deep.equal([0, 16, 16]);
    const own = new Float32Array(memory.buffer, copied, 2);
    expect([memory.place(own), memory.bytesToPlace(own)]).to.deep.equal([copied, 0]);
    expect(Array.from(own)).to.deep.equal([1, 2]);
    expect(memory.hasRoom(memory.buffer.byteLength)).to.equal(false);
    expect(() => memory.allocate(memory.buffer.byteLength)).to.throw(RangeError);
  });
});
