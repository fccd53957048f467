"""The compression head: learnt last, on traffic, over the finished body."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from corpus import Corpus
from network import Hydra
from pieces import Pieces
from sources import read_lines

LABELS = ("NONE", "BPE", "BROTLI", "ZLIB")


def bodies(folder: Path, part: str) -> list[str]:
    """Bodies of messages, and a short beginning of each, for which little or nothing pays."""
    texts = [row["body"] for row in read_lines(folder / f"{part}.jsonl.gz")]
    rng = np.random.default_rng(3)
    lengths = np.exp(rng.uniform(np.log(10), np.log(1000), len(texts))).astype(int)
    return texts + [text[:length] for text, length in zip(texts, lengths)]


def best_algorithms(texts: list[str], root: Path) -> np.ndarray:
    """The label with the fewest bytes for each text, by our own codecs."""
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    command = ["node", "--import", "tsx", "models/training/sizes.ts"]
    output = subprocess.run(command, cwd=root, input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout
    return np.array([LABELS.index(label) for label in output.decode().split()])


def train_compression(model: Hydra, pieces: Pieces, folder: Path, root: Path) -> float:
    """Fits `compression_head` and gives its accuracy on dev."""
    texts, dev = bodies(folder, "train"), bodies(folder, "dev")
    labels, wanted = best_algorithms(texts, root), best_algorithms(dev, root)
    hidden, dev_hidden = first_windows(model, texts, pieces), first_windows(model, dev, pieces)
    head = model.compression_head
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=200, line_search_fn="strong_wolfe")
    target = torch.from_numpy(labels)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(head(hidden), target) + 1e-4 * head.weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        accuracy = float((head(dev_hidden).argmax(-1).numpy() == wanted).mean())
    majority = float((wanted == np.bincount(labels).argmax()).mean())
    print(f"compression head: accuracy {accuracy:.3f} on dev (the most frequent label alone: {majority:.3f})", flush=True)
    return accuracy


@torch.no_grad()
def first_windows(model: Hydra, texts: list[str], pieces: Pieces) -> torch.Tensor:
    """The transformed first window of each text, [texts, hidden]."""
    model.eval()
    corpus = Corpus.of(texts, pieces)
    ids, offsets = corpus.ids.take(corpus.first)
    return model.encode(ids, offsets)[0]
