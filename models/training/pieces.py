"""Texts to token ids: uncased BERT word pieces without special tokens, and hashed n-grams of the ids.

The TypeScript side (`src/security/hydra/tokenizer.ts`, `windows.ts`) computes the same; `export.py` writes test vectors.
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


def windows(length: int, tokens: int, stride: int) -> list[tuple[int, int]]:
    """Overlapping windows over `length` tokens; the last one is aligned to the end."""
    if length <= tokens:
        return [(0, length)]
    starts = list(range(0, length - tokens, stride)) + [length - tokens]
    return [(s, s + tokens) for s in starts]


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
