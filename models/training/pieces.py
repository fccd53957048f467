"""Texts to token ids: uncased BERT word pieces without special tokens, and hashed n-grams of the ids.

The TypeScript side (`src/security/hydra/tokenizer.ts`, `windows.ts`) computes the same; its tests hold
both equal by vectors.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tokenizers import BertWordPieceTokenizer

MAX_TOKENS = 2048


class Pieces:
    """The word piece tokenizer of a `vocab.txt`."""

    def __init__(self, vocabulary: Path) -> None:
        self._tokenizer = BertWordPieceTokenizer(
            str(vocabulary), clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True
        )

    def encode(self, texts: list[str]) -> list[np.ndarray]:
        """Ids of each text, at most MAX_TOKENS; a text without any piece becomes one [PAD]."""
        encoded = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        return [np.asarray(e.ids[:MAX_TOKENS] or [0], dtype=np.int32) for e in encoded]


def windows(length: int, scales: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Overlapping windows over `length` tokens, for each scale (tokens, stride), the widest first.

    The last window of a scale is aligned to the end; a scale that the whole text fits into gives no more than the
    window that is there already.
    """
    found: dict[tuple[int, int], None] = {}
    for tokens, stride in scales:
        if length <= tokens:
            found[(0, length)] = None
            continue
        for start in range(0, length - tokens, stride):
            found[(start, start + tokens)] = None
        found[(length - tokens, length)] = None
    return list(found)


def ngram_buckets(ids: np.ndarray, orders: tuple[int, ...], buckets: int) -> np.ndarray:
    """Bucket of every n-gram of `ids`, order by order (32-bit FNV-1a over ids with a final mix)."""
    ids = ids.astype(np.uint32)
    found = []
    for order in orders:
        count = len(ids) - order + 1
        if count <= 0:
            continue
        h = np.full(count, 2166136261 + order, dtype=np.uint32)
        for k in range(order):
            h = (h ^ ids[k : k + count]) * np.uint32(16777619)
            h ^= h >> np.uint32(15)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h ^= h >> np.uint32(13)
        found.append((h % np.uint32(buckets)).astype(np.int32))
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int32)
