"""How well what is new, and what is said again, is told: python -m bench.novelty. Writes bench/novelty.md.

The stories of novelty.toml are invented. Thresholds were chosen on one half of them and are tried on the other.
"""

import json
import random
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from aggregator.config import EncodeSettings
from aggregator.demo.day import load_day
from aggregator.digest.digest import digest
from aggregator.digest.lines import (
    NEAR,
    NEAR_BY_WORDS,
    SAME,
    SAME_BY_WORDS,
    Line,
    holders,
    lines_of,
    nearness,
    passages,
)
from aggregator.encode import Encoder, load_encoder
from aggregator.models.digests import ToldArticle
from aggregator.models.values import Vectors

HERE = Path(__file__).parent
LINE = re.compile(r"(?P<label>old|new|colour)(?: (?P<of>\d))?: (?P<text>.*)")
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
DATA = HERE.parent.parent / "shared" / "data" / "stories"
LABELLED = ("basil", "ecbplus", "ground_news_2025", "kagi_kite_2025")
"""Sets with texts, where they are at hand."""
N_LEAST, N_MOST, N_FIRST, N_DRAWN = 3, 60, 25, 8
"""Articles of a story that may be drawn, how many of these are read, and how many stories are drawn of a set."""
WORD_BARS = (0.4, 0.45, 0.5, 0.55, 0.6)
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


@dataclass(frozen=True)
class Whole:
    """A story of whole articles, and its lines."""

    languages: tuple[str | None, ...]
    lines: tuple[Line, ...]


def sample_day() -> list[Whole]:
    """Return the stories of the sample day that several publishers tell."""
    day = load_day()
    language = {publisher.key: publisher.language for publisher in day.publishers}
    told: dict[str, list[ToldArticle]] = defaultdict(list)
    for at, article in enumerate(day.articles):
        if article.happening:
            told[article.happening].append(
                _told(at, article.title, article.text, article.publisher, language[article.publisher])
            )
    return [_whole(articles) for articles in told.values() if len({each.publisher for each in articles}) > 1]


def labelled(path: Path) -> list[Whole]:
    """Return some stories of a labelled set, drawn with a fixed seed; of large ones the first articles."""
    told: dict[str, list[ToldArticle]] = defaultdict(list)
    for at, line in enumerate(path.read_text(encoding="utf-8").split("\n")):
        row = json.loads(line) if line.strip() else {}
        if row.get("cluster"):
            told[row["cluster"]].append(
                _told(at, row.get("title") or "", row.get("text") or "", row.get("source") or str(at), row.get("lang"))
            )
    labels = sorted(label for label, articles in told.items() if N_LEAST <= len(articles) <= N_MOST)
    random.Random(7).shuffle(labels)
    return [_whole(told[label][:N_FIRST]) for label in labels[:N_DRAWN]]


def agreement(stories: Sequence[Whole], encoder: Encoder, bar: float) -> tuple[int, Score]:
    """Return in how many cases words alone hold an article to say another's line, and how far the model agrees."""
    told = []
    for story in stories:
        rows = encoder.encode([line.text for line in story.lines])
        by_words = holders(story.lines, nearness(story.lines, None), story.languages, bar)
        by_vectors = holders(story.lines, nearness(story.lines, rows), story.languages, SAME)
        is_other = np.ones_like(by_words)
        is_other[np.arange(len(story.lines)), [line.article for line in story.lines]] = False
        told += list(zip(by_words[is_other].tolist(), by_vectors[is_other].tolist(), strict=True))
    return sum(said for said, _ in told), _score(told)


def _told(at: int, title: str, text: str, publisher: str, language: str | None) -> ToldArticle:
    return ToldArticle(
        id=at + 1,
        title=title,
        text=text,
        n_chars=len(text),
        publisher=publisher,
        language=language,
        published_at=NOON + timedelta(minutes=at),
    )


def _whole(articles: Sequence[ToldArticle]) -> Whole:
    lines = lines_of(articles, [passages(article) for article in articles])
    return Whole(tuple(article.language for article in articles), tuple(lines))


def _score(told: Sequence[tuple[bool, bool]]) -> Score:
    right = sum(said and true for said, true in told)
    return Score(right / max(sum(said for said, _ in told), 1), right / max(sum(true for _, true in told), 1))


def main() -> None:
    """Print the figures, and keep them."""
    stories = load()
    fit, held_out = [each for each in stories if each.is_fit], [each for each in stories if not each.is_fit]
    texts = {"", *(text for each in stories for text in (*each.read, *(then.text for then in each.then)))}
    model = load_encoder(EncodeSettings(threads=2))
    encoder = Remembering(model, sorted(texts))
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
        *_agreements(model),
        "",
        "Held out is meant of the thresholds; that a new sentence must bring a name or number which nothing read has",
        "was chosen after a look at all of them, by whoever wrote the sentences. Real news will be harder.",
        "",
    ]
    (HERE / "novelty.md").write_text("\n".join(out), encoding="utf-8")
    print("\n".join(out))


def _agreements(encoder: Encoder) -> list[str]:
    sets = {"the sample day": sample_day()} | {
        name: labelled(path) for name in LABELLED if (path := DATA / name / "articles.jsonl").exists()
    }
    rows = []
    for name, stories in sets.items():
        remembering = Remembering(encoder, sorted({line.text for story in stories for line in story.lines}))
        for bar in WORD_BARS:
            n_cases, score = agreement(stories, remembering, bar)
            rows.append(f"| {name} | {bar:.2f} | {n_cases} | {score.precision:.2f} | {score.recall:.2f} |")
    return [
        "Whole articles have no labels but two judges of what says what another said: words alone, and the model.",
        "The bar by words was chosen on the sample day, where from .4 on what one said was held to be said by twelve.",
        "",
        "| stories of | bar by words | cases by words | of these by the model too | of the model's by words too |",
        "|---|---|---|---|---|",
        *rows,
    ]


def _by_bar(name: str, score: Callable[[float], Score]) -> str:
    return f"| {name} | " + " | ".join(f"{score(bar).f1:.2f}" for bar in BARS) + " |"


if __name__ == "__main__":
    main()
