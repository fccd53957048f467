"""Leave-source-out rotation: each group of sources is scored by models that have seen none of it."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from corpus import BUCKETS, Corpus
from fit import Settings, score, train
from network import Hydra
from sources import GROUPS, NON_COMMERCIAL, Record

MOST = 2500  # texts of a group that are scored, of each side


@dataclass(frozen=True, slots=True)
class Views:
    """What the scanner makes of records: the texts of all views, and for each its record and the rules' evidence."""

    texts: list[str]
    owner: np.ndarray  # record of each view
    rules: np.ndarray  # [views, 3], evidence by category
    strongest: np.ndarray
    disguised: np.ndarray

    @staticmethod
    def of(records: list[Record], root: Path) -> "Views":
        """Runs `views.ts` of this folder with Node over `records`."""
        with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
            for record in records:
                lines.write(json.dumps({"text": record.text, "context": "text"}) + "\n")
            lines.seek(0)
            command = ["node", "--import", "tsx", "models/training/views.ts"]
            output = subprocess.run(command, cwd=root, stdin=lines, stdout=subprocess.PIPE, check=True).stdout
        texts, owner, rules, strongest, disguised = [], [], [], [], []
        for index, line in enumerate(output.decode().split("\n")[:-1]):
            for view in json.loads(line):
                texts.append(view.get("text", records[index].text))
                owner.append(index)
                rules.append([view["rules"][c] for c in ("injection", "jailbreak", "exfiltration")])
                strongest.append(view["strongestRule"])
                disguised.append(view["disguised"])
        return Views(texts, np.array(owner), np.array(rules), np.array(strongest), np.array(disguised, dtype=float))


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every fold needs; forked processes share it."""

    records: list[Record]
    corpus: Corpus
    embeddings: Tensor
    settings: Settings

    def learn(self, chosen: np.ndarray, seed: int) -> Hydra:
        labels = np.array([r.label for r in self.records])
        weights = np.array([r.weight for r in self.records])
        model = Hydra.with_static(self.embeddings, seed, BUCKETS)
        train(model, self.corpus, chosen, labels, weights, self.settings, seed)
        return model

    def allowed(self, without: str | None = None) -> np.ndarray:
        """Records that may be learnt from, but for a group."""
        return np.array(
            [i for i, r in enumerate(self.records) if r.source not in NON_COMMERCIAL and r.group != without]
        )


def held_out(records: list[Record], group: str) -> np.ndarray:
    """The records of `group` that are scored: at most MOST harmless ones and MOST attacks, the same for every seed."""
    rng = np.random.default_rng(7)
    members = np.array([i for i, r in enumerate(records) if r.group == group])
    attack = np.array([records[i].label > 0 for i in members])
    return np.sort(np.concatenate([rng.permutation(members[side])[:MOST] for side in (~attack, attack)]))


def rotate(
    workshop: Workshop,
    view_corpus: Corpus,
    views_of: dict[str, np.ndarray],
    seeds: int,
    processes: int,
    work: Path,
) -> dict[str, np.ndarray]:
    """For each group the probabilities [seeds, views] that its views are safe, by models that have not seen it.

    The weights of each fold are kept in `work`, so that a run that was broken off, or that is given more seeds, goes on.
    """
    jobs = [(group, seed) for seed in range(1, seeds + 1) for group in GROUPS]
    _shared.update(workshop=workshop, view_corpus=view_corpus, views_of=views_of, work=work)
    found: dict[str, list[np.ndarray]] = {group: [] for group in GROUPS}
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for (group, seed), scores in zip(jobs, pool.imap(_fold, jobs)):
            found[group].append(scores)
            print(f"  without {group}, seed {seed}: done", flush=True)
    return {group: np.stack(scores) for group, scores in found.items()}


# Set before the fork, so that nothing large is pickled.
_shared: dict = {}


def _fold(job: tuple[str, int]) -> np.ndarray:
    group, seed = job
    torch.set_num_threads(1)
    kept: Path = _shared["work"] / f"{group}-{seed}.pt"
    if kept.exists():
        model = torch.load(kept, weights_only=False)
    else:
        workshop: Workshop = _shared["workshop"]
        model = workshop.learn(workshop.allowed(without=group), seed)
        torch.save(model, kept)
    return score(model, _shared["view_corpus"], _shared["views_of"][group])
