"""Records as token windows in flat arrays, and batches of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pieces import Pieces, ngram_buckets, windows

# Tokens and stride of the windows, the widest first: config.json says the same.
SCALES = ((128, 96), (32, 24))
ORDERS, BUCKETS = (1, 2, 3), 524288


@dataclass(frozen=True, slots=True)
class Bags:
    """The windows of some records: flat ids with the start of each window, and the record of each window."""

    ids: Tensor
    offsets: Tensor
    ngrams: Tensor
    ngram_offsets: Tensor
    owner: Tensor  # position in the batch of the record that the window belongs to


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of different lengths, one behind the other."""

    flat: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray

    @staticmethod
    def of(rows: list[np.ndarray]) -> "Ragged":
        lengths = np.fromiter((len(row) for row in rows), dtype=np.int64, count=len(rows))
        return Ragged(np.concatenate(rows).astype(np.int32), np.cumsum(lengths) - lengths, lengths)

    def take(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """The chosen rows, flat, and where each begins."""
        lengths = self.lengths[rows]
        offsets = np.cumsum(lengths) - lengths
        places = np.arange(lengths.sum()) + np.repeat(self.starts[rows] - offsets, lengths)
        return torch.from_numpy(self.flat[places]), torch.from_numpy(offsets)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Token windows of texts."""

    ids: Ragged
    grams: Ragged
    first: np.ndarray  # first window of each text
    count: np.ndarray  # windows of each text
    wide: np.ndarray  # windows of each text of the widest scale, which come first

    @staticmethod
    def of(texts: list[str], pieces: Pieces) -> "Corpus":
        ids, grams, count, wide = [], [], [], []
        for start in range(0, len(texts), 4096):
            for tokens in pieces.encode(texts[start : start + 4096]):
                cut = [tokens[a:b] for a, b in windows(len(tokens), SCALES)]
                ids += cut
                grams += [ngram_buckets(window, ORDERS, BUCKETS) for window in cut]
                count.append(len(cut))
                wide.append(len(windows(len(tokens), SCALES[:1])))
        counts = np.asarray(count)
        return Corpus(Ragged.of(ids), Ragged.of(grams), np.cumsum(counts) - counts, counts, np.asarray(wide))

    def bags(self, chosen: np.ndarray) -> Bags:
        """All windows of `chosen`."""
        return self._bags(self.first[chosen], self.count[chosen])

    def training_bags(self, chosen: np.ndarray, attack: np.ndarray, cap: int, rng: np.random.Generator) -> Bags:
        """Windows to learn from, at most `cap` neighbouring ones a text.

        All that a harmless text holds is harmless, in a window of any scale. What makes a text an attack may stand in
        one narrow window only, and nobody has said which: attacks show their wide windows.
        """
        count = np.where(attack, self.wide[chosen], self.count[chosen])
        spare = np.maximum(count - cap, 0)
        first = self.first[chosen] + (rng.random(len(chosen)) * (spare + 1)).astype(np.int64)
        return self._bags(first, np.minimum(count, cap))

    def _bags(self, first: np.ndarray, count: np.ndarray) -> Bags:
        owner = np.repeat(np.arange(len(first)), count)
        rows = np.arange(count.sum()) + np.repeat(first - (np.cumsum(count) - count), count)
        return Bags(*self.ids.take(rows), *self.grams.take(rows), torch.from_numpy(owner))


def batches(order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(order), size):
        yield order[start : start + size]
