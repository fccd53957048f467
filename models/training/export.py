"""The files that ship: safetensors with int8 rows, config.json, the vocabulary."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from corpus import ORDERS, SCALES
from fusion import Layer
from network import Hydra

NAME = "m2m-hydra-1"


def write_model(model: Hydra, folder: Path, vocabulary: Path, layers: dict[str, Layer]) -> None:
    """Writes `model.safetensors`, `config.json`, `vocab.txt`. SHA256SUMS comes last, with the card."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, np.ndarray] = {}
    for name, value in model.state_dict().items():
        array = value.numpy()
        if name in ("embed.weight", "ngram.weight"):
            # Half precision is enough for the scales of n-grams, which are many and small.
            kind = np.float16 if name == "ngram.weight" else np.float32
            tensors[name], tensors[f"{name}_scale"] = quantise(array, kind)
        else:
            tensors[name] = array.astype(np.float16 if array.ndim == 2 else np.float32)
    save_file(tensors, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)
    shutil.copyfile(vocabulary, folder / "vocab.txt")
    config = {
        "name": NAME,
        "model_type": "hydra",
        "vocab_size": model.embed.num_embeddings,
        "hidden_size": model.embed.embedding_dim,
        "num_layers": len(model.layers),
        "num_experts": len(model.layers[0].experts),
        "top_k": model.layers[0].top_k,
        "layer_norm_eps": model.norm.eps,
        "tokenizer": {"type": "wordpiece", "vocab": "vocab.txt"},
        "windows": [{"tokens": tokens, "stride": stride} for tokens, stride in SCALES],
        "ngram": {"buckets": model.ngram.num_embeddings, "orders": list(ORDERS), "pooling": "sqrt"},
        "labels": {
            "security": ["SAFE", "UNSAFE"],
            "compression": ["NONE", "BPE", "BROTLI", "ZLIB"],
            "threat": ["SAFE", "INJECTION", "JAILBREAK", "EXFILTRATION"],
        },
        "fusion": {name: layers[name].as_json() for name in ("both", "hydra")},
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def quantise(rows: np.ndarray, kind: type[np.floating]) -> tuple[np.ndarray, np.ndarray]:
    """int8 per row: values [rows, columns] and scales [rows] of type `kind`, value = int8 * scale."""
    scale = np.maximum(np.abs(rows).max(1) / 127, 1e-6).astype(kind)
    return np.clip(np.round(rows / scale[:, None].astype(np.float32)), -127, 127).astype(np.int8), scale


def write_rules_fusion(layer: Layer, root: Path) -> None:
    values = layer.as_json()
    coefficients = ", ".join(str(c) for c in values["coefficients"])
    (root / "src/security/fusion/rules-fusion.gen.ts").write_text(
        "// Made by `python models/training/train.py`; do not edit.\n"
        'import type { LogisticLayer } from "../hydra/index.js";\n\n'
        "/** Fusion of a scan without Hydra. */\n"
        "export const RULES_FUSION: LogisticLayer = {\n"
        f"  bias: {values['bias']},\n  coefficients: [{coefficients}],\n}};\n"
    )
