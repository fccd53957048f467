"""The screen before the network: a linear estimate of its log odds, fitted when the weights are finished.

A command of its own for weights that are there: python models/training/screen.py --data DATA --out models/hydra
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from checksums import write_checksums
from sources import NON_COMMERCIAL, Record, learnable_records

ROOT = Path(__file__).resolve().parents[2]


def fit_screen(records: list[Record], folder: Path) -> None:
    """Runs `screen.ts` with Node over the texts that may be learnt from; it writes into `config.json` of `folder`."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
        for record in records:
            if record.source not in NON_COMMERCIAL:
                lines.write(json.dumps({"text": record.text}) + "\n")
        lines.seek(0)
        command = ["node", "--import", "tsx", "models/training/screen.ts", str(folder.resolve())]
        subprocess.run(command, cwd=ROOT, stdin=lines, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with security/ and traffic/")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "hydra")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--generated", type=int, default=6000, help="draws of each generator")
    options = parser.parse_args()
    fit_screen(learnable_records(options.data, options.generated, options.seed, ROOT), options.out)
    write_checksums(options.out)


if __name__ == "__main__":
    main()
