"""Hydra in PyTorch, with the published tensor names, a threat head and a linear n-gram branch.

Source of the architecture: the published weights infernet/hydra (tensor names and shapes) and its Rust reader.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Widths between the hidden size and back, one tuple an expert: heterogeneous, as published, and small enough for
# a window in a tenth of a millisecond of plain TypeScript.
EXPERT_WIDTHS: tuple[tuple[int, ...], ...] = ((64,), (96,), (48, 48), (128,))


class Expert(nn.Module):
    def __init__(self, hidden: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        sizes = (hidden, *widths, hidden)
        parts: list[nn.Module] = []
        for index, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
            if index:
                parts.append(nn.SiLU())
            parts.append(nn.Linear(fan_in, fan_out, bias=False))
        self.net = nn.Sequential(*parts)
        nn.init.normal_(self.net[-1].weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Layer(nn.Module):
    """Top-2 of four experts, renormalised, plus the residual."""

    def __init__(self, hidden: int, top_k: int) -> None:
        super().__init__()
        self.gate = nn.Linear(hidden, len(EXPERT_WIDTHS))
        self.experts = nn.ModuleList(Expert(hidden, widths) for widths in EXPERT_WIDTHS)
        self.top_k = top_k

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        probabilities = self.gate(x).softmax(-1)
        kept = torch.zeros_like(probabilities).scatter(-1, probabilities.topk(self.top_k, -1).indices, 1.0)
        weights = probabilities * kept
        weights = weights / weights.sum(-1, keepdim=True)
        outputs = torch.stack([expert(x) for expert in self.experts], -1)
        # Balance: the mean probability of each expert times how often it is kept, 1 at the uniform optimum.
        balance = (probabilities.mean(0) * kept.mean(0)).sum() * len(self.experts) / self.top_k
        return x + (outputs * weights.unsqueeze(-2)).sum(-1), balance


class Hydra(nn.Module):
    def __init__(
        self,
        vocabulary: int,
        hidden: int = 192,
        layers: int = 4,
        top_k: int = 2,
        buckets: int = 65536,
        security: int = 2,
        threat: int = 4,
        compression: int = 4,
    ) -> None:
        super().__init__()
        self.embed = nn.EmbeddingBag(vocabulary, hidden, mode="mean")
        self.layers = nn.ModuleList(Layer(hidden, top_k) for _ in range(layers))
        self.norm = nn.LayerNorm(hidden, eps=1e-5)
        self.semantic_head = nn.Linear(hidden, hidden, bias=False)
        self.compression_head = nn.Linear(hidden, compression, bias=False)
        self.security_head = nn.Linear(hidden, security, bias=False)
        self.threat_head = nn.Linear(hidden, threat, bias=False)
        self.ngram = nn.EmbeddingBag(buckets, security + threat, mode="sum")
        self.sizes = (security, threat)
        nn.init.zeros_(self.ngram.weight)

    @staticmethod
    def with_static(embeddings: Tensor, seed: int, buckets: int) -> "Hydra":
        """A new model whose pieces begin with `embeddings` [vocabulary, hidden]."""
        torch.manual_seed(seed)
        model = Hydra(len(embeddings), embeddings.shape[1], buckets=buckets)
        model.embed.weight.data.copy_(embeddings)
        return model

    def encode(self, ids: Tensor, offsets: Tensor, dropout: float = 0.0) -> tuple[Tensor, Tensor]:
        """Pooled and transformed windows [windows, hidden], and the balance loss."""
        x = F.dropout(self.embed(ids, offsets), dropout, self.training)
        balance = x.new_zeros(())
        for layer in self.layers:
            x, b = layer(x)
            balance = balance + b
        x = F.dropout(self.norm(x), dropout, self.training)
        return self.semantic_head(x), balance / len(self.layers)

    def forward(
        self, ids: Tensor, offsets: Tensor, ngrams: Tensor, ngram_offsets: Tensor, dropout: float = 0.0
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Logits of security [windows, 2], threat [windows, 4], compression [windows, 4], and the balance loss."""
        hidden, balance = self.encode(ids, offsets, dropout)
        counts = torch.diff(torch.cat([ngram_offsets, ngram_offsets.new_tensor([len(ngrams)])])).clamp(min=1)
        linear = self.ngram(ngrams, ngram_offsets) / counts.sqrt().unsqueeze(-1)
        security, threat = linear.split(self.sizes, -1)
        return (
            self.security_head(hidden) + security,
            self.threat_head(hidden) + threat,
            self.compression_head(hidden),
            balance,
        )
