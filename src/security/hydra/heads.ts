import type { Matrix } from "./floats.js";
import { alignedBytes, type KernelMemory } from "./kernels/memory.js";
import { panelBytes, panelled, placePanels } from "./kernels/panels.js";
import type { Kernels, PanelMatrix } from "./kernels/types.js";
import type { HydraWeights } from "./weights.js";

/** The matrices for security, threats and compression, one under the other. */
function listHeads({ securityHead, threatHead, compressionHead }: HydraWeights): Matrix[] {
  return [securityHead, ...(threatHead ? [threatHead] : []), compressionHead];
}

const countRows = (heads: readonly Matrix[]): number => heads.reduce((sum, { rows }) => sum + rows, 0);

/** Bytes that `placeHeads` allocates. */
export function headsBytes(weights: HydraWeights): number {
  const { rows, cols } = weights.semanticHead;
  const labels = countRows(listHeads(weights));
  const vectors = alignedBytes((rows + labels) * panelled(cols) * 4);
  return vectors + 2 * alignedBytes(rows * 4) + panelBytes({ rows: labels, cols });
}

/**
 * The heads behind the semantic one as one matrix in panels: nothing bends between them, so their product can be had before.
 */
export function placeHeads(memory: KernelMemory, kernels: Kernels, weights: HydraWeights): PanelMatrix {
  const { semanticHead } = weights;
  const { rows, cols, halves } = semanticHead;
  const width = panelled(cols);
  const { floats, ints } = memory;
  const heads = listHeads(weights);
  const labels = countRows(heads);
  const semantic = memory.allocate((rows + labels) * width * 4);
  if (halves?.buffer === memory.buffer && cols === width)
    kernels.widenHalves(halves.byteOffset, rows * cols, semantic);
  else
    for (let row = 0; row < rows; row++)
      floats.set(semanticHead.values.subarray(row * cols, (row + 1) * cols), semantic / 4 + row * width);
  const factors = memory.allocate(rows * 4);
  const targets = memory.allocate(rows * 4);
  const combined = new Float32Array(labels * cols);
  let label = 0;
  for (const head of heads) {
    for (let row = 0; row < head.rows; row++, label++) {
      const target = semantic + (rows + label) * width * 4;
      floats.set(head.values.subarray(row * rows, (row + 1) * rows), factors / 4);
      ints.fill(target, targets / 4, targets / 4 + rows);
      kernels.addScaled(semantic, targets, factors, rows, width);
      combined.set(floats.subarray(target / 4, target / 4 + cols), label * cols);
    }
  }
  return placePanels(memory, kernels, { rows: labels, cols, values: combined });
}
