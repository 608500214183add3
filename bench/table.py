"""Replay every labelled set, score it, and write the table: python -m bench.table [--sets FOLDER] [--out FILE].

Each set is replayed by bench/stories.py in a process of its own, with one configuration for all, and scored by
score_stories.py, which lies in ../tools beside the data.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NOT_IN_MEAN = ("meantime_4lang", "uci_news_mar2014")
"""Translations, which an English model cannot join, and titles with broad labels: shown, but not in the mean."""
COLUMNS = ("articles", "clusters", "stories", "b3_p", "b3_r", "b3_f1", "pair_f1", "ari", "impure", "split")


def main() -> None:
    """Replay, score, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=Path, default=ROOT.parent / "shared/data/stories")
    parser.add_argument("--only", nargs="*", help="names of sets, instead of all")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if not asked.sets.is_dir():
        sys.exit(f"{asked.sets} is not there; name a folder of labelled sets with --sets.")
    sets = [folder for folder in sorted(asked.sets.iterdir()) if not asked.only or folder.name in asked.only]
    rows = [measure(folder, asked.sets.parents[1] / "tools/score_stories.py") for folder in sets]
    table = as_markdown(rows)
    print(table)
    if asked.out:
        head = "# Stories of labelled sets\n\n`python -m bench.table --out bench/stories.md`\n\n"
        asked.out.write_text(head + table, encoding="utf-8")


def measure(folder: Path, scorer: Path) -> dict[str, Any]:
    """Return the scores of one set, with the seconds per 1,000 articles and the peak memory that its replay took."""
    gold = folder / "articles.jsonl"
    with tempfile.TemporaryDirectory() as scratch:
        predicted = Path(scratch) / "predicted.jsonl"
        replayed = _run(ROOT / "bench/stories.py", "--articles", gold, "--out", predicted)
        scores: dict[str, Any] = json.loads(_run(scorer, gold, predicted, "--json"))
    seconds, megabytes = re.findall(r"([\d.]+) s per|(\d+) MB", replayed)
    return {"set": folder.name, **scores, "s per 1,000": float(seconds[0]), "MB": int(megabytes[1])}


def as_markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Return the table, with the macro mean of the sets that count."""
    columns = ("set", *COLUMNS, "s per 1,000", "MB")
    counted = [row for row in rows if row["set"] not in NOT_IN_MEAN]
    mean = {name: sum(row[name] for row in counted) / len(counted) for name in COLUMNS[3:]} if counted else {}
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [" | ".join(_cell(row.get(name, "")) for name in columns) for row in [*rows, {"set": "mean", **mean}]]
    left_out = ", ".join(NOT_IN_MEAN)
    return "\n".join(f"| {line} |" for line in lines) + f"\n\nThe mean is over the sets, without {left_out}.\n"


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) and value <= 1 else str(value)


def _run(*command: object) -> str:
    arguments = [sys.executable, *map(str, command)]
    return subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
