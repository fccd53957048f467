"""Figures of a training run, and the model card that states them."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from checksums import write_checksums
from export import NAME
from fusion import Layer, by_record, calibration_error, features
from rotation import Views
from sources import GROUPS, LABELS, NON_COMMERCIAL, Record

THRESHOLD = 0.8


@dataclass(frozen=True, slots=True)
class GroupReport:
    """How well a group (or a part of dev) is told apart; means over the seeds, with their spread."""

    name: str
    harmless: int
    attacks: int
    auc: float
    auc_spread: float
    auc_hydra: float
    auc_rules: float
    false_alarms: float
    recall: float
    calibration: float

    def line(self) -> str:
        return (
            f"| {self.name} | {self.harmless} | {self.attacks} | {number(self.auc)} ± {number(self.auc_spread)} | {number(self.auc_hydra)} | {number(self.auc_rules)} "
            f"| {percent(self.false_alarms)} | {percent(self.recall)} | {number(self.calibration)} |"
        )


HEADER = (
    "| group | harmless | attacks | AUC | AUC, Hydra alone | AUC, rules alone | false alarms at 0.8 | caught at 0.8 | calibration error |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"


def percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{value * 100:.1f} %"


def group_reports(
    layers: dict[str, Layer],
    held: dict[str, np.ndarray],
    views: Views,
    views_of: dict[str, np.ndarray],
    judged: list[Record],
) -> list[GroupReport]:
    """One report a group, and their mean."""
    found = []
    for group in GROUPS:
        at = views_of[group]
        owner, unsafe = renumber(views.owner[at], judged)
        runs = [scores_of(layers, safe, views, at, owner, len(unsafe)) for safe in held[group]]
        found.append(report_of(group, runs, unsafe))
    values = [[getattr(r, f) for f in ("auc", "auc_spread", "auc_hydra", "auc_rules", "false_alarms", "recall", "calibration")] for r in found]
    mean = np.nanmean(values, axis=0)
    return [*found, GroupReport("**mean**", sum(r.harmless for r in found), sum(r.attacks for r in found), *mean)]


def dev_report(
    layers: dict[str, Layer], on_dev: np.ndarray, views: Views, at: np.ndarray, judged: list[Record]
) -> list[GroupReport]:
    """dev as a whole, then each kind of attack against all of its harmless texts, then each source."""
    owner, unsafe = renumber(views.owner[at], judged)
    members = np.unique(views.owner[at])
    labels = np.array([judged[i].label for i in members])
    sources = np.array([judged[i].source for i in members])
    runs = [scores_of(layers, on_dev, views, at, owner, len(unsafe))]
    found = [report_of("dev", runs, unsafe)]
    for label in range(1, len(LABELS)):
        found.append(report_of(f"dev, {LABELS[label]}", [part(r, (labels == label) | ~unsafe) for r in runs], unsafe[(labels == label) | ~unsafe]))
    for source, count in Counter(sources).most_common():
        if count >= 20:
            found.append(report_of(f"dev, {source}", [part(r, sources == source) for r in runs], unsafe[sources == source]))
    return found


def renumber(owner: np.ndarray, judged: list[Record]) -> tuple[np.ndarray, np.ndarray]:
    """Owners counted from 0, and which of them are attacks."""
    members, places = np.unique(owner, return_inverse=True)
    return places, np.array([judged[i].label > 0 for i in members])


def scores_of(
    layers: dict[str, Layer], safe: np.ndarray, views: Views, at: np.ndarray, owner: np.ndarray, count: int
) -> dict[str, np.ndarray]:
    """Scores of records by detector."""
    evidence = (views.rules[at], views.strongest[at], views.disguised[at])
    with_hydra, without = features(safe, *evidence), features(None, *evidence)
    return {
        name: by_record(layer.probability(without if name == "rules" else with_hydra), owner, count)
        for name, layer in layers.items()
    }


def part(scores: dict[str, np.ndarray], chosen: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[chosen] for name, values in scores.items()}


def report_of(name: str, runs: list[dict[str, np.ndarray]], unsafe: np.ndarray) -> GroupReport:
    both = [run["both"] for run in runs]
    mixed = unsafe.any() and not unsafe.all()

    def auc(scores: np.ndarray) -> float:
        return float(roc_auc_score(unsafe, scores)) if mixed else float("nan")

    aucs = [auc(scores) for scores in both]
    return GroupReport(
        name,
        int((~unsafe).sum()),
        int(unsafe.sum()),
        float(np.mean(aucs)),
        float(np.std(aucs)),
        float(np.mean([auc(run["hydra"]) for run in runs])),
        auc(runs[0]["rules"]),
        float(np.mean([(s[~unsafe] >= THRESHOLD).mean() for s in both])) if (~unsafe).any() else float("nan"),
        float(np.mean([(s[unsafe] >= THRESHOLD).mean() for s in both])) if unsafe.any() else float("nan"),
        float(np.mean([calibration_error(s, unsafe) for s in both])),
    )


def write_card(folder: Path, records: list[Record], reports: list[GroupReport], options: argparse.Namespace) -> None:
    """README.md of the weights, and then the checksums of all files."""
    used = Counter((r.source, LABELS[r.label]) for r in records if r.source not in NON_COMMERCIAL)
    sources = sorted({source for source, _ in used})
    rows = "\n".join(
        f"| {source} | " + " | ".join(str(used[(source, label)]) for label in LABELS) + " |" for source in sources
    )
    groups = "\n".join(report.line() for report in reports)
    template = (Path(__file__).parent / "card.md").read_text()
    (folder / "README.md").write_text(
        template.replace("{name}", NAME)
        .replace("{groups}", f"{HEADER}\n{groups}")
        .replace("{sources}", f"| source | benign | injection | jailbreak | exfiltration |\n| --- | --- | --- | --- | --- |\n{rows}")
        .replace("{left out}", ", ".join(NON_COMMERCIAL))
        .replace("{settings}", f"seed {options.seed}, {options.generated} draws of each generator, {options.seeds} seeds of the rotation")
    )
    write_checksums(folder)


def write_figures(page: Path, reports: list[GroupReport]) -> None:
    """Puts the table of the groups and of dev as a whole between the marks of `docs/security.md`."""
    start, end = "<!-- figures: by models/training/train.py -->", "<!-- end of figures -->"
    text = page.read_text()
    before, rest = text.split(start)
    after = rest.split(end)[1]
    kinds = tuple(f"dev, {label}" for label in LABELS)
    chosen = [report for report in reports if not report.name.startswith("dev, ") or report.name in kinds]
    table = "\n".join([HEADER, *(report.line() for report in chosen)])
    page.write_text(f"{before}{start}\n\n{table}\n\n{end}{after}")
