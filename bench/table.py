"""Replay every labelled set, score it, and write the table: python -m bench.table [--sets FOLDER] [--out FILE].

Each set is replayed by bench/stories.py in a process of its own, with one configuration for all, and scored by
score_stories.py, which lies in ../tools beside the data. Then it is replayed again with the articles inside each poll
in two other orders, and grouped once when all are there (a full rebuild); what comes out is compared with the first
outcome by the adjusted Rand index, over the articles that both have grouped. A set that spans more than the window
is also rebuilt with a window that holds all of it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from sklearn.metrics import adjusted_rand_score

from aggregator.config import StorySettings
from bench.labelled import read_pieces

ROOT = Path(__file__).parents[1]
NOT_IN_MEAN = ("meantime_4lang", "uci_news_mar2014")
"""Translations, which an English model cannot join, and titles with broad labels: shown, but not in the mean."""
SCORES = ("articles", "clusters", "stories", "b3_p", "b3_r", "b3_f1", "pair_f1", "ari", "impure", "split")
STEADINESS = ("order ARI", "rebuild ARI", "whole rebuild ARI", "vanished", "moved a day")
COSTS = ("s per 1,000", "CPU s per 1,000", "MB")
SEEDS = (1, 2)

Stories = Mapping[str, int | None]
"""The story of each article, by ids."""


@dataclass(frozen=True)
class Replay:
    """One replay of a set."""

    stories: Stories
    figures: Mapping[str, Any]
    scores: Mapping[str, Any]


def main() -> None:
    """Replay, score, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, default=ROOT.parent / "shared/data/stories")
    parser.add_argument("--only", nargs="*", help="names of sets, instead of all")
    parser.add_argument("--quick", action="store_true", help="one replay of each set, without what it takes to compare")
    parser.add_argument("--cache", type=Path, help="folder in which vectors are remembered; seconds mean less then")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if not asked.sets.is_dir():
        sys.exit(f"{asked.sets} is not there; name a folder of labelled sets with --sets.")
    sets = [folder for folder in sorted(asked.sets.iterdir()) if not asked.only or folder.name in asked.only]
    scorer = asked.sets.parents[1] / "tools/score_stories.py"
    rows = [
        measure(folder, scorer, asked.cache, quick=asked.quick)
        for folder in track(sets, "Sets", console=Console(stderr=True), transient=True)
    ]
    table = as_markdown(rows)
    print(table)
    if asked.out:
        head = "# Stories of labelled sets\n\n`python -m bench.table --out FILE`, one configuration for all.\n\n"
        asked.out.write_text(head + table, encoding="utf-8")


def measure(folder: Path, scorer: Path, cache: Path | None, *, quick: bool = False) -> dict[str, Any]:
    """Return the scores of one set, how steady they are, and what its replay took."""
    gold = folder / "articles.jsonl"
    remembering = ("--cache", cache) if cache else ()
    first = replay(gold, scorer, *remembering)
    row = {"set": folder.name, **first.scores, **first.figures}
    print(json.dumps(row), file=sys.stderr)
    if not quick:
        row |= steadiness(first, gold, scorer, remembering)
    return row


def steadiness(first: Replay, gold: Path, scorer: Path, remembering: Sequence[object]) -> dict[str, float]:
    """Return how like the first outcome those of other orders and of full rebuilds are, as adjusted Rand indices."""
    orders = [replay(gold, scorer, *remembering, "--seed", seed) for seed in SEEDS]
    found = {
        "order ARI": min(likeness(first.stories, other.stories) for other in orders),
        "rebuild ARI": likeness(first.stories, replay(gold, scorer, *remembering, "--at-once").stories),
    }
    days = span_days(gold)
    if days <= StorySettings().window_days:
        return found | {"whole rebuild ARI": found["rebuild ARI"]}
    whole = (*remembering, "--window-days", days)
    live, rebuilt = replay(gold, scorer, *whole), replay(gold, scorer, *whole, "--at-once")
    return found | {"whole rebuild ARI": likeness(live.stories, rebuilt.stories)}


def replay(gold: Path, scorer: Path, *options: object) -> Replay:
    """Return what bench/stories.py makes of a set."""
    with tempfile.TemporaryDirectory() as scratch:
        predicted = Path(scratch) / "predicted.jsonl"
        figures = json.loads(
            _run(ROOT / "bench/stories.py", "--articles", gold, "--out", predicted, "--json", *options)
        )
        scores = json.loads(_run(scorer, gold, predicted, "--json"))
        rows = [json.loads(line) for line in predicted.read_text(encoding="utf-8").splitlines()]
    return Replay({row["id"]: row["story"] for row in rows}, figures, scores)


def likeness(one: Stories, other: Stories) -> float:
    """Return the adjusted Rand index of two outcomes, over what both have grouped (Hubert & Arabie 1985)."""
    both = [each for each in one if one[each] is not None and other[each] is not None]
    return float(adjusted_rand_score([one[each] for each in both], [other[each] for each in both]))


def span_days(gold: Path) -> int:
    """Return how many days of window hold the whole set."""
    published = [piece.published_at for piece in read_pieces(gold)]
    return (max(published) - min(published)) // timedelta(days=1) + 1


def as_markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Return the tables: scores, then steadiness and costs, with the macro mean of the sets that count."""
    counted = [row for row in rows if row["set"] not in NOT_IN_MEAN]
    averaged = (*SCORES[3:], *STEADINESS)
    mean = {
        name: sum(row[name] for row in counted) / len(counted)
        for name in averaged
        if counted and all(name in row for row in counted)
    }
    tables = [_table([*rows, {"set": "mean", **mean}], columns) for columns in (SCORES, (*STEADINESS, *COSTS))]
    return "\n\n".join(tables) + f"\n\nThe mean is over the sets, without {', '.join(NOT_IN_MEAN)}.\n"


def _table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    return "\n".join(f"| {line} |" for line in _lines(rows, ("set", *columns)))


def _lines(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    yield " | ".join(columns)
    yield " | ".join("---" for _ in columns)
    for row in rows:
        yield " | ".join(_cell(row.get(name, "")) for name in columns)


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3f}" if value <= 1 else f"{value:.1f}"


def _run(*command: object) -> str:
    arguments = [sys.executable, *map(str, command)]
    return subprocess.run(arguments, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
