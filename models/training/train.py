"""Trains Hydra and everything that ships with it. One command, seeded:

    python models/training/train.py --data DATA --out models/hydra

`--data` holds `security/*.jsonl.gz` and `traffic/*.jsonl.gz`. It writes the weights, `config.json` with the fusion, the
vocabulary, the model card, the figures of `docs/security.md`, `src/security/fusion/rules-fusion.gen.ts` and SHA256SUMS. README.md beside this file says what each step does.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from compression import train_compression
from corpus import Corpus
from export import write_model, write_rules_fusion
from fit import Settings, score
from fusion import features, fit
from pieces import Pieces
from report import GroupReport, dev_report, group_reports, write_card, write_figures
from rotation import Views, Workshop, held_out, rotate
from screen import fit_screen
from sources import GROUPS, NON_COMMERCIAL, learnable_records, public_records
from static_embeddings import encoder_folder, static_embeddings

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = 192
BOTH, HYDRA, RULES = (0, 1, 2, 3, 4, 5, 6), (0, 1, 6), (2, 3, 4, 6)


def main() -> None:
    options = parse_options()
    options.work.mkdir(parents=True, exist_ok=True)
    started = time.time()
    torch.set_num_threads(options.processes)
    records = learnable_records(options.data, options.generated, options.seed, ROOT)
    dev = public_records(options.data / "security", "dev")
    pieces = Pieces(encoder_folder() / "vocab.txt")
    workshop = Workshop(
        records, Corpus.of([r.text for r in records], pieces), static_embeddings(HIDDEN), Settings()
    )
    say(started, f"{len(records)} records, {workshop.corpus.count.sum()} windows")

    # Every text that is judged below, once, as the scanner reads it.
    parts = {group: held_out(records, group) for group in GROUPS}
    judged = [records[i] for group in GROUPS for i in parts[group]] + dev
    owner_group = [group for group in GROUPS for _ in parts[group]] + ["dev"] * len(dev)
    views = Views.of(judged, ROOT)
    view_corpus = Corpus.of(views.texts, pieces)
    group_of_view = np.array(owner_group)[views.owner]
    views_of = {group: np.where(group_of_view == group)[0] for group in [*GROUPS, "dev"]}
    say(started, f"{len(judged)} texts to judge in {len(views.texts)} views")

    held = rotate(workshop, view_corpus, views_of, options.seeds, options.processes, options.work)
    say(started, "rotation done")

    finished = options.work / "final.pt"
    if finished.exists():
        model = torch.load(finished, weights_only=False)
    else:
        model = workshop.learn(workshop.allowed(), options.seed)
        train_compression(model, pieces, options.data / "traffic", ROOT)
        torch.save(model, finished)
    on_dev = score(model, view_corpus, views_of["dev"])
    say(started, "final weights trained")

    # Fusion: unseen sources and dev, each group and each of its sides with the same say.
    safe = np.ones(len(views.texts))
    for group in GROUPS:
        safe[views_of[group]] = held[group][0]
    safe[views_of["dev"]] = on_dev
    unsafe = np.array([r.label > 0 for r in judged])
    # What may not be learnt from is measured only.
    group_of = np.where([r.source in NON_COMMERCIAL for r in judged], "", owner_group)
    weights = side_weights(group_of, unsafe, options.dev_share, options.harmless_share)
    evidence = (views.rules, views.strongest, views.disguised)
    with_hydra, without = features(safe, *evidence), features(None, *evidence)
    layers = {
        "both": fit(with_hydra, views.owner, unsafe, weights, BOTH),
        "hydra": fit(with_hydra, views.owner, unsafe, weights, HYDRA),
        "rules": fit(without, views.owner, unsafe, weights, RULES),
    }
    reports: list[GroupReport] = group_reports(layers, held, views, views_of, judged)
    reports += dev_report(layers, on_dev, views, views_of["dev"], judged)
    for report in reports:
        print(report.line(), flush=True)
    write_model(model, options.out, encoder_folder() / "vocab.txt", layers)
    fit_screen(records, options.out)
    write_rules_fusion(layers["rules"], ROOT)
    write_card(options.out, records, reports, options)
    write_figures(ROOT / "docs" / "security.md", reports)
    say(started, "written")


def side_weights(group: np.ndarray, unsafe: np.ndarray, dev_share: float, harmless_share: float) -> np.ndarray:
    """Weights of records: the groups together count 1, dev `dev_share`; in each, harmless texts count `harmless_share`."""
    weights = np.zeros(len(group))
    names = sorted(set(group) - {""})
    for name in names:
        share = dev_share if name == "dev" else 1 / (len(names) - 1)
        for side, part in ((True, 1 - harmless_share), (False, harmless_share)):
            here = (group == name) & (unsafe == side)
            weights[here] = share * part / max(1, here.sum())
    return weights * len(group)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with security/ and traffic/")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "hydra")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3, help="of the rotation")
    parser.add_argument("--generated", type=int, default=6000, help="draws of each generator")
    parser.add_argument("--dev-share", type=float, default=0.5, help="weight of dev in the fusion, the groups weigh 1")
    parser.add_argument("--harmless-share", type=float, default=0.44, help="weight of harmless texts in the fusion")
    parser.add_argument("--work", type=Path, default=ROOT / ".training", help="keeps what is finished; empty it when texts change")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


def say(started: float, text: str) -> None:
    print(f"{time.time() - started:6.0f} s  {text}", flush=True)


if __name__ == "__main__":
    main()
