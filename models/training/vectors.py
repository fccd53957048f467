"""Vectors that hold `src/security` to this side: `python models/training/vectors.py` writes them into test/vectors.

`fusion/evidence.json` is of `fusion.py`, `hydra/windows.json` of `pieces.py`. The tests only read them.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import fusion
from corpus import SCALES
from pieces import windows

OUT = Path(__file__).parents[2] / "test" / "vectors"
SEED = 1
RANDOM_CASES = 60

# Where a limit of the features lies, what is on it and on either side of it.
SAFES = (None, 0.0, 1e-12, 1e-9, 3.353501304e-4, 0.25, 0.5, 0.75, 0.9996646499, 1.0)
RULES = ((0.0, 0.0, 0.0), (0.7, 0.0, 0.0), (0.0, 0.0, 9.0), (1.0, 3.0, 0.5), (2.0, 6.0, 6.0))
STRONGEST = (0.0, 0.69, 0.7, 0.99)


def evidence_cases() -> list[dict]:
    random = np.random.default_rng(SEED)
    inputs = [
        (safe, RULES[at % len(RULES)], STRONGEST[(at + shift) % len(STRONGEST)], (at + shift) % 2, at % 3 == 2)
        for at, safe in enumerate(SAFES)
        for shift in range(3)
    ]
    for at in range(RANDOM_CASES):
        safe = None if at % 5 == 0 else float(random.random() ** 3)
        rules = tuple(float(value) for value in random.exponential(1.5, 3) * (random.random(3) < 0.6))
        inputs.append((safe, rules, float(random.random()), int(random.random() < 0.3), bool(random.random() < 0.2)))
    return [evidence_case(at + 1, random, *one) for at, one in enumerate(inputs)]


def evidence_case(
    number: int, random: np.random.Generator, safe: float | None, rules: tuple, strongest: float, disguised: int, trusted: bool
) -> dict:
    one = None if safe is None else np.array([safe])
    values = fusion.features(one, np.array([rules]), np.array([strongest]), np.array([float(disguised)]))
    # As the layers that ship: rounded, the weight of trust by decision.
    fitted = fusion.Layer(float(random.normal()), np.abs(random.normal(0, 2, fusion.FEATURES))).as_json()
    *coefficients, trust = fitted["coefficients"]
    layer = fusion.Layer(fitted["bias"] + (trust if trusted else 0), np.array(coefficients))
    return {
        "name": f"{number}: Hydra {'did not run' if safe is None else f'says SAFE {safe:.3g}'}",
        "input": {
            "safe": safe,
            "rules": list(rules),
            "strongestRule": strongest,
            "disguised": bool(disguised),
            "trusted": trusted,
        },
        "options": {"layer": fitted},
        "expected": {
            "features": [*(float(value) for value in values[0]), float(trusted)],
            "probability": float(layer.probability(values)[0]),
        },
    }


def window_cases() -> list[dict]:
    short, long = (1, 2, 3, 4, 5, 8, 9, 31), (32, 33, 56, 127, 128, 129, 152, 225, 512, 513, 1024, 2048)
    kinds = ((SCALES, short + long), (((512, 256),), long), (((8, 6), (3, 2)), short), (((4, 4),), short))
    return [
        {
            "name": f"{length} tokens, {' and '.join(f'{tokens} by {stride}' for tokens, stride in scale)}",
            "input": length,
            "options": {"windows": [{"tokens": tokens, "stride": stride} for tokens, stride in scale]},
            "expected": [list(window) for window in windows(length, scale)],
        }
        for scale, lengths in kinds
        for length in lengths
    ]


def write(name: str, description: str, source: str, cases: list[dict]) -> None:
    lines = ",\n".join(f"    {json.dumps(case)}" for case in cases)
    head = f'{{\n  "description": {json.dumps(description)},\n  "source": {json.dumps(source)},\n  "cases": [\n'
    (OUT / name).write_text(f"{head}{lines}\n  ]\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    write(
        "fusion/evidence.json",
        "Features of the evidence of one text, and the probability that a logistic layer makes of them",
        "features and Layer of models/training/fusion.py (NumPy, 64-bit)",
        evidence_cases(),
    )
    write(
        "hydra/windows.json",
        "First and behind-last token of each window over a number of tokens, scale by scale",
        "windows of models/training/pieces.py",
        window_cases(),
    )
