"""Records as token windows in flat arrays, and batches of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pieces import Pieces, ngram_buckets, windows
from sources import Record

WINDOW, STRIDE = 128, 64
ORDERS, BUCKETS = (1, 2, 3), 65536


@dataclass(frozen=True, slots=True)
class Bags:
    """The windows of some records: flat ids with the start of each window, and the record of each window."""

    ids: Tensor
    offsets: Tensor
    ngrams: Tensor
    ngram_offsets: Tensor
    owner: Tensor  # position in the batch of the record that the window belongs to


@dataclass(slots=True)
class Corpus:
    """Token windows of records."""

    ids: list[list[np.ndarray]]
    grams: list[list[np.ndarray]]

    @staticmethod
    def of(records: list[Record], pieces: Pieces) -> "Corpus":
        ids, grams = [], []
        for start in range(0, len(records), 4096):
            for tokens in pieces.encode([r.text for r in records[start : start + 4096]]):
                cut = [tokens[a:b] for a, b in windows(len(tokens), WINDOW, STRIDE)]
                ids.append(cut)
                grams.append([ngram_buckets(w, ORDERS, BUCKETS) for w in cut])
        return Corpus(ids, grams)

    def bags(self, chosen: np.ndarray, cap: int | None = None, rng: np.random.Generator | None = None) -> Bags:
        """The windows of `chosen`, at most `cap` random ones a record."""
        flat, grams, owner = [], [], []
        for position, index in enumerate(chosen):
            count = len(self.ids[index])
            kept = range(count)
            if cap is not None and count > cap and rng is not None:
                kept = sorted(rng.choice(count, cap, replace=False))
            for w in kept:
                flat.append(self.ids[index][w])
                grams.append(self.grams[index][w])
                owner.append(position)
        return Bags(*_bag(flat), *_bag(grams), torch.tensor(owner))


def _bag(parts: list[np.ndarray]) -> tuple[Tensor, Tensor]:
    lengths = np.fromiter((len(p) for p in parts), dtype=np.int64, count=len(parts))
    offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return torch.from_numpy(np.concatenate(parts).astype(np.int64)), torch.from_numpy(offsets)


def batches(order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(order), size):
        yield order[start : start + size]
