"""How well what is new, and what is said again, is told: python -m bench.novelty. Writes bench/novelty.md.

The stories of novelty.toml are invented. Thresholds were chosen on one half of them and are tried on the other.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from aggregator.config import EncodeSettings
from aggregator.digest.digest import digest
from aggregator.digest.lines import NEAR, NEAR_BY_WORDS, SAME, SAME_BY_WORDS, lines_of, nearness
from aggregator.encode import Encoder, load_encoder
from aggregator.models.digests import ToldArticle
from aggregator.models.values import Vectors

HERE = Path(__file__).parent
LINE = re.compile(r"(?P<label>old|new|colour)(?: (?P<of>\d))?: (?P<text>.*)")
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
BARS = [step / 20 for step in range(5, 16)]


@dataclass(frozen=True)
class Then:
    """A sentence that came, as it is labelled."""

    label: str
    of: int | None
    """Position of the sentence, among those that were read, that says it already."""
    text: str


@dataclass(frozen=True)
class Story:
    """What was read of a story, and what came then."""

    language: str
    is_fit: bool
    read: tuple[str, ...]
    then: tuple[Then, ...]


@dataclass(frozen=True)
class Score:
    """How often a decision is right."""

    precision: float
    recall: float

    def __str__(self) -> str:
        """Return the row of a table."""
        return f"{self.precision:.3f} | {self.recall:.3f} | {self.f1:.3f}"

    @property
    def f1(self) -> float:
        """Return the harmonic mean of both."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


class Remembering:
    """An encoder that makes the vector of each text once."""

    def __init__(self, encoder: Encoder, texts: Sequence[str]) -> None:
        self.name = encoder.name
        self._known = dict(zip(texts, encoder.encode(texts), strict=True))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors that were made."""
        return np.stack([self._known[text] for text in texts])


def load() -> list[Story]:
    """Return the labelled stories; of each language every other one is for fitting."""
    seen: Counter[str] = Counter()
    found = []
    for table in tomllib.loads((HERE / "novelty.toml").read_text(encoding="utf-8"))["story"]:
        lines = [LINE.fullmatch(line) for line in table["then"]]
        then = tuple(
            Then(each["label"], int(each["of"]) - 1 if each["of"] else None, each["text"]) for each in lines if each
        )
        assert len(then) == len(table["then"]), table["then"]
        found.append(Story(table["language"], seen[table["language"]] % 2 == 0, tuple(table["read"]), then))
        seen[table["language"]] += 1
    return found


def articles_of(story: Story) -> tuple[list[ToldArticle], list[list[str]]]:
    """Return what was read as one article, and each sentence that came as another's, with the passages of each."""
    texts = [list(story.read), *([then.text] for then in story.then)]
    articles = [
        ToldArticle(
            id=at + 1,
            title="",
            text=" ".join(said),
            n_chars=sum(map(len, said)),
            publisher=f"{at}.example",
            language=story.language,
            published_at=NOON + timedelta(hours=at),
        )
        for at, said in enumerate(texts)
    ]
    return articles, [["", *said] for said in texts]


def is_new(story: Story, encoder: Encoder | None) -> list[bool]:
    """Return of each sentence that came whether it is held to be new, whatever else came."""
    found = []
    for then in story.then:
        articles, said = articles_of(Story(story.language, story.is_fit, story.read, (then,)))
        vectors = [encoder.encode(texts) for texts in said] if encoder else None
        found.append(bool(digest(articles, said, vectors, lead_id=1).account.new_to({1})))
    return found


def novelty(stories: Sequence[Story], encoder: Encoder | None) -> Score:
    """Return how well what is new is told."""
    told = [
        (new, then.label == "new")
        for story in stories
        for new, then in zip(is_new(story, encoder), story.then, strict=True)
    ]
    return _score(told)


def sameness(stories: Sequence[Story], encoder: Encoder | None, bar: float) -> Score:
    """Return how well it is told which sentence of those read says what another says: numbers have to agree."""
    told = []
    for story in stories:
        articles, said = articles_of(story)
        lines = lines_of(articles, said)
        rows = encoder.encode([line.text for line in lines]) if encoder else None
        near = nearness(lines, rows)
        n_read = len(story.read)
        for at, then in enumerate(story.then, start=n_read):
            for read in range(n_read):
                is_same = bool(near[at, read] >= bar and lines[at].numbers <= lines[read].numbers)
                told.append((is_same, then.of == read))
    return _score(told)


def _score(told: Sequence[tuple[bool, bool]]) -> Score:
    right = sum(said and true for said, true in told)
    return Score(right / max(sum(said for said, _ in told), 1), right / max(sum(true for _, true in told), 1))


def main() -> None:
    """Print the figures, and keep them."""
    stories = load()
    fit, held_out = [each for each in stories if each.is_fit], [each for each in stories if not each.is_fit]
    texts = {"", *(text for each in stories for text in (*each.read, *(then.text for then in each.then)))}
    encoder = Remembering(load_encoder(EncodeSettings(threads=2)), sorted(texts))
    by_language = {name: [each for each in held_out if each.language == name] for name in ("en", "fr", "de", "es")}
    out = [
        "# What is new, and what is said again",
        "",
        "`python -m bench.novelty`; the sentences are invented, see novelty.toml.",
        f"Model: {encoder.name.model}. Vectors: mean of cosine and share of words; words: that share alone.",
        "",
        f"{sum(len(each.then) for each in stories)} sentences that came after what was read, of {len(stories)} stories",
        "in English, French, German and Spanish.",
        "",
        "| a sentence is new to who read the others | precision | recall | F1 |",
        "|---|---|---|---|",
        f"| by vectors, fitted half ({NEAR}) | {novelty(fit, encoder)} |",
        f"| by vectors, held-out half | {novelty(held_out, encoder)} |",
        f"| by words, fitted half ({NEAR_BY_WORDS}) | {novelty(fit, None)} |",
        f"| by words, held-out half | {novelty(held_out, None)} |",
        *(f"| by vectors, {name}, held-out half | {novelty(some, encoder)} |" for name, some in by_language.items()),
        "",
        "| a sentence says what that one says | precision | recall | F1 |",
        "|---|---|---|---|",
        f"| by vectors, fitted half ({SAME}) | {sameness(fit, encoder, SAME)} |",
        f"| by vectors, held-out half | {sameness(held_out, encoder, SAME)} |",
        f"| by words, fitted half ({SAME_BY_WORDS}) | {sameness(fit, None, SAME_BY_WORDS)} |",
        f"| by words, held-out half | {sameness(held_out, None, SAME_BY_WORDS)} |",
        "",
        "F1 of the second by threshold, on the fitted half:",
        "",
        "| | " + " | ".join(f"{bar:.2f}" for bar in BARS) + " |",
        "|---" * (len(BARS) + 1) + "|",
        _by_bar("vectors", lambda bar: sameness(fit, encoder, bar)),
        _by_bar("words", lambda bar: sameness(fit, None, bar)),
        "",
        "Held out is meant of the thresholds; that a new sentence must bring a name or number which nothing read has",
        "was chosen after a look at all of them, by whoever wrote the sentences. Real news will be harder.",
        "",
    ]
    (HERE / "novelty.md").write_text("\n".join(out), encoding="utf-8")
    print("\n".join(out))


def _by_bar(name: str, score: Callable[[float], Score]) -> str:
    return f"| {name} | " + " | ".join(f"{score(bar).f1:.2f}" for bar in BARS) + " |"


if __name__ == "__main__":
    main()
