"""Training and scoring of Hydra on windows, with the maximum over a text's windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from corpus import Bags, Corpus, batches
from network import Hydra


@dataclass(frozen=True, slots=True)
class Settings:
    epochs: int = 4
    batch: int = 512
    rate: float = 2e-3
    embed_rate: float = 2e-4
    ngram_rate: float = 5e-3
    dropout: float = 0.2
    token_dropout: float = 0.1
    smoothing: float = 0.02
    ngram_decay: float = 1e-4
    balance: float = 0.01
    windows: int = 5


def deciding_windows(threat: Tensor, owner: Tensor, count: int) -> Tensor:
    """For each of `count` records, its window with the lowest SAFE probability."""
    safe = threat.detach().log_softmax(-1)[:, 0]
    order = torch.argsort(safe, descending=True, stable=True)
    best = torch.zeros(count, dtype=torch.long)
    best[owner[order]] = order  # the last write, the lowest SAFE, stays
    return best


def drop_tokens(bags: Bags, share: float, generator: torch.Generator) -> Bags:
    """Replaces a share of the ids by [UNK] = 100, so that no single piece carries a verdict."""
    mask = torch.rand(len(bags.ids), generator=generator) < share
    return Bags(torch.where(mask, 100, bags.ids), bags.offsets, bags.ngrams, bags.ngram_offsets, bags.owner)


def train(
    model: Hydra,
    corpus: Corpus,
    chosen: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    settings: Settings,
    seed: int,
    log: bool = False,
) -> None:
    """Fits `model` on the records `chosen` of `corpus`."""
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    dense = [p for n, p in model.named_parameters() if not n.startswith(("embed", "ngram"))]
    optimizer = torch.optim.AdamW(
        [
            {"params": dense, "lr": settings.rate, "weight_decay": 0.01},
            {"params": [model.embed.weight], "lr": settings.embed_rate, "weight_decay": 0.0},
            {"params": [model.ngram.weight], "lr": settings.ngram_rate, "weight_decay": settings.ngram_decay},
        ],
        fused=True,
    )
    steps = settings.epochs * -(-len(chosen) // settings.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [g["lr"] for g in optimizer.param_groups], total_steps=steps, pct_start=0.1
    )
    model.train()
    for epoch in range(settings.epochs):
        total = 0.0
        for batch in batches(rng.permutation(chosen), settings.batch):
            bags = corpus.training_bags(batch, labels[batch] > 0, settings.windows, rng)
            bags = drop_tokens(bags, settings.token_dropout, generator)
            security, threat, _, balance = model(
                bags.ids, bags.offsets, bags.ngrams, bags.ngram_offsets, settings.dropout
            )
            best = deciding_windows(threat, bags.owner, len(batch))
            target = torch.from_numpy(labels[batch])
            weight = torch.from_numpy(weights[batch]).float()
            loss_threat = F.cross_entropy(threat[best], target, reduction="none", label_smoothing=settings.smoothing)
            loss_security = F.cross_entropy(
                security[best], (target > 0).long(), reduction="none", label_smoothing=settings.smoothing
            )
            loss = ((loss_threat + loss_security) * weight).sum() / weight.sum() + settings.balance * balance
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        if log:
            print(f"epoch {epoch + 1}: loss {total / (steps / settings.epochs):.4f}", flush=True)


@torch.no_grad()
def score(model: Hydra, corpus: Corpus, chosen: np.ndarray) -> np.ndarray:
    """Probability [records] that a record is safe: that of its most alarming window, by the security head."""
    model.eval()
    safe = np.ones(len(chosen), dtype=np.float32)
    done = 0
    for batch in batches(chosen, 512):
        bags = corpus.bags(batch)
        security, _, _, _ = model(bags.ids, bags.offsets, bags.ngrams, bags.ngram_offsets)
        np.minimum.at(safe, done + bags.owner.numpy(), security.softmax(-1)[:, 0].numpy())
        done += len(batch)
    return safe
