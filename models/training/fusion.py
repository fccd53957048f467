"""The logistic layer over Hydra's and the rules' evidence, as `src/security/fusion/fusion.ts` computes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

LARGEST_LOGIT, LARGEST_EVIDENCE, STRONG_WEIGHT = 8.0, 6.0, 0.7
TRUSTED = -6.0  # by decision, not by data: an operator's own prompt needs far more evidence
FEATURES = 7  # and `trusted`
DISGUISED = 6
MOST_DISGUISED = 1.0  # by decision too: unlike in these texts, most of what is encoded in traffic is harmless


def features(safe: np.ndarray | None, rules: np.ndarray, strongest: np.ndarray, disguised: np.ndarray) -> np.ndarray:
    """Features [views, 7]. `safe`: Hydra's probability of SAFE, or None where only the rules judge."""
    if safe is None:
        logit = np.zeros(len(rules))
    else:
        kept = np.clip(safe.astype(np.float64), 1e-9, 1 - 1e-9)
        logit = np.clip(np.log((1 - kept) / kept), -LARGEST_LOGIT, LARGEST_LOGIT)
    ordered = -np.sort(-rules, axis=1)
    agree = (strongest >= STRONG_WEIGHT) & (logit > 0)
    return np.stack(
        [
            logit,
            np.maximum(0, logit),
            np.minimum(ordered[:, 0], LARGEST_EVIDENCE),
            np.minimum(ordered[:, 1] + ordered[:, 2], LARGEST_EVIDENCE),
            strongest,
            agree.astype(float),
            disguised,
        ],
        axis=1,
    )


@dataclass(frozen=True, slots=True)
class Layer:
    bias: float
    coefficients: np.ndarray  # [7]

    def probability(self, values: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(values @ self.coefficients + self.bias)))

    def as_json(self) -> dict:
        rounded = [round(float(c), 4) for c in self.coefficients]
        return {"bias": round(float(self.bias), 4), "coefficients": [*rounded, TRUSTED]}


def by_record(values: np.ndarray, owner: np.ndarray, count: int) -> np.ndarray:
    """The highest of the views of each record."""
    best = np.zeros(count)
    np.maximum.at(best, owner, values)
    return best


def fit(
    values: np.ndarray, owner: np.ndarray, unsafe: np.ndarray, weights: np.ndarray, used: tuple[int, ...]
) -> Layer:
    """Fits the features `used`; each record is represented by its most alarming view. `unsafe`, `weights`: by record."""
    coefficients = np.zeros(FEATURES)
    coefficients[list(used)] = 1.0
    layer = Layer(0.0, coefficients)
    for _ in range(4):
        order = np.argsort(layer.probability(values), kind="stable")
        chosen = np.zeros(len(unsafe), dtype=int)
        chosen[owner[order]] = order  # the last write, the highest, stays
        model = LogisticRegression(C=10.0, max_iter=500)
        model.fit(values[chosen][:, used], unsafe, sample_weight=weights)
        coefficients = np.zeros(FEATURES)
        # Evidence never speaks for safety: a negative weight would let an attacker add it.
        coefficients[list(used)] = np.maximum(model.coef_[0], 0)
        coefficients[DISGUISED] = min(coefficients[DISGUISED], MOST_DISGUISED)
        layer = Layer(float(model.intercept_[0]), coefficients)
    return layer


def calibration_error(probability: np.ndarray, unsafe: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error over `bins` bins of equal width (Guo et al. 2017)."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    return float(
        sum(
            (place == b).mean() * abs(unsafe[place == b].mean() - probability[place == b].mean())
            for b in range(bins)
            if (place == b).any()
        )
    )
