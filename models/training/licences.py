"""What it costs to leave out the sources whose licences forbid commercial use. Prints dev with and without them:

    python models/training/licences.py --data DATA

The fusion is that of `models/hydra/config.json`. Nothing is written: weights that have seen these sources do not ship.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from corpus import Corpus
from fit import Settings, score
from fusion import Layer
from pieces import Pieces
from report import HEADER, dev_report
from rotation import Views, Workshop
from sources import learnable_records, public_records
from static_embeddings import encoder_folder, static_embeddings
from train import HIDDEN, ROOT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with security/ and traffic/")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--generated", type=int, default=6000, help="draws of each generator")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.processes)
    records = learnable_records(options.data, options.generated, options.seed, ROOT)
    pieces = Pieces(encoder_folder() / "vocab.txt")
    corpus = Corpus.of([r.text for r in records], pieces)
    workshop = Workshop(records, corpus, static_embeddings(HIDDEN), Settings())
    dev = public_records(options.data / "security", "dev")
    views = Views.of(dev, ROOT)
    view_corpus = Corpus.of(views.texts, pieces)
    everything = np.arange(len(views.texts))
    layers = shipped_layers(ROOT / "models" / "hydra" / "config.json")
    print(HEADER)
    for name, chosen in (("without", workshop.allowed()), ("with", np.arange(len(records)))):
        on_dev = score(workshop.learn(chosen, options.seed), view_corpus, everything)
        for report in dev_report(layers, on_dev, views, everything, dev)[:4]:
            print(report.line().replace("| dev", f"| {name}: dev", 1), flush=True)


def shipped_layers(config: Path) -> dict[str, Layer]:
    fusion = json.loads(config.read_text())["fusion"]
    layers = {name: Layer(layer["bias"], np.array(layer["coefficients"][:-1])) for name, layer in fusion.items()}
    # A row needs a figure of the rules alone; here it says nothing.
    return {**layers, "rules": layers["both"]}


if __name__ == "__main__":
    main()
