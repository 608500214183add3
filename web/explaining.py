"""Why an article is in its story, and why a story stands where it stands, as sentences; pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from markupsafe import Markup

from aggregator.health import span
from aggregator.models import STANDING_HALF_LIFE, Article, Evidence, Shared, SharedKind, StoryCard, StoryMember
from web.filters import many
from web.newsroom import now

LIKE = 0.4
"""Cosine of vectors from which two texts are said to be alike by meaning: most unrelated news is under half of it."""

TITLE_CHARS = 90


@dataclass(frozen=True, slots=True)
class Factor:
    """One of the factors whose product is a story's standing."""

    words: str
    value: float

    def __str__(self) -> str:
        """Return both, on one line."""
        return f"{self.words} × {self.value:.2f}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How high a story stands at one moment."""

    factors: tuple[Factor, ...]

    @property
    def product(self) -> float:
        """By which the front page is put in order."""
        return math.prod(factor.value for factor in self.factors)

    @property
    def half_life(self) -> str:
        """After which, without news, half of it is left."""
        return span(STANDING_HALF_LIFE.total_seconds())


def add_explanations(app: Flask) -> None:
    """Make the explanations known to the templates."""
    app.add_template_global(why_here)
    app.add_template_global(lambda card: why_there(card, now=now()), "why_there")


def why_here(member: StoryMember, members: Sequence[StoryMember]) -> list[Markup]:
    """Return why an article is in its story, as sentences; none for a story of one."""
    if len(members) < 2:
        return []
    by_id = {each.article.id: each for each in members}
    original, nearest = by_id.get(member.member.copy_of_id or 0), by_id.get(member.member.nearest_id or 0)
    if original is not None:
        return [
            Markup("It carries the text of {}, word for word or nearly so, and goes where that goes.").format(
                _link(original.article)
            )
        ]
    if nearest is None:
        return [Markup("Nothing here is near to it: it came by what you said of it, or by an article that has left.")]
    return [
        Markup("Nearest to it is {}, {}.").format(_link(nearest.article), _gap(member.article, nearest.article)),
        *(_because(member.evidence) if member.evidence else ()),
    ]


def why_there(card: StoryCard, *, now: datetime) -> Standing | None:
    """Return why a story stands where it stands, in words that fit any story; None where nothing is known of it."""
    known = dict(card.rank_terms)
    own = "publisher did its own reporting" if card.n_origins == 1 else "publishers did their own reporting"
    said = {
        "origins": f"{card.n_origins:,} {own}",
        "velocity": f"{_percent(known.get('velocity', 1) - 1)} of its articles came with the latest",
        "diversity": f"{many(card.n_publishers, 'publisher')} in {many(card.n_articles, 'article')}",
        "cohesion": "how near its articles are to one another",
    }
    factors = [Factor(words, known[name]) for name, words in said.items() if name in known]
    if not factors:
        return None
    seconds = max((now - card.last_at).total_seconds(), 0)
    fresh = Factor(f"last news {_ago(seconds)}", 0.5 ** (seconds / STANDING_HALF_LIFE.total_seconds()))
    return Standing((*factors, fresh))


def _because(evidence: Evidence) -> list[Markup]:
    return [_shared(evidence), _meaning(evidence), _chance(evidence), *_kept_out(evidence)]


def _shared(evidence: Evidence) -> Markup:
    """Say what both say."""
    of = {kind: [each for each in evidence.shared if each.kind is kind] for kind in SharedKind}
    numbers = "number" if len(of[SharedKind.NUMBER]) == 1 else "numbers"
    parts = [
        Markup("{} {}").format(verb, _listed(map(_as_said, of[kind])))
        for kind, verb in (
            (SharedKind.NAME, "name"),
            (SharedKind.NUMBER, f"give the {numbers}"),
            (SharedKind.WORD, "say"),
        )
        if of[kind]
    ]
    return Markup("Both {}.").format(_listed(parts)) if parts else Markup("They share no word that tells much.")


def _meaning(evidence: Evidence) -> Markup:
    if evidence.likeness is None:
        return Markup("They were compared by their words alone.")
    said = "By meaning, too, they are alike" if evidence.likeness >= LIKE else "By meaning they are little alike"
    return Markup("{}: {} of 1.").format(said, _number(max(evidence.likeness, 0)))


def _chance(evidence: Evidence) -> Markup:
    if evidence.chance < evidence.bar:
        return Markup(
            "By themselves the two would stay apart: {} is the chance that they tell of one happening, and {} the bar. "
            "Others here hold it."
        ).format(_number(evidence.chance), _number(evidence.bar))
    return Markup("That makes a chance of {} that they tell of one happening; {} is the bar.").format(
        _number(evidence.chance), _number(evidence.bar)
    )


def _kept_out(evidence: Evidence) -> list[Markup]:
    """Say what would have kept the two apart; nothing where that is not known."""
    said = []
    if evidence.without is not None and evidence.n_decisive:
        words = _listed(map(_as_said, evidence.shared[: evidence.n_decisive]))
        said.append(
            Markup("Without {} it would be {}, and the two by themselves would stay apart.").format(
                words, _number(evidence.without)
            )
        )
    elif evidence.without is not None:
        said.append(Markup("Even without all of these words it would be {}.").format(_number(evidence.without)))
    if evidence.days is not None:
        then = "so they would" if evidence.n_decisive else "the two by themselves would stay apart"
        said.append(Markup("With {} between them {}.").format(many(evidence.days, "day"), then))
    return said


def _as_said(shared: Shared) -> Markup:
    return _foreign(shared.text, quote=shared.kind is SharedKind.WORD)


def _link(article: Article) -> Markup:
    name = article.publisher.name or article.publisher.domain
    title = article.title.strip() or article.text.strip() or "Without a title"
    short = title if len(title) <= TITLE_CHARS else f"{title[:TITLE_CHARS].rsplit(' ', 1)[0]} …"
    return Markup('<a href="#a{}"><bdi>{}</bdi>: {}</a>').format(article.id, name, _foreign(short, quote=True))


def _gap(article: Article, nearest: Article) -> str:
    seconds = (nearest.published_at - article.published_at).total_seconds()
    if abs(seconds) < 60:
        return "of the same minute"
    return f"{span(abs(seconds))} {'later' if seconds > 0 else 'earlier'}"


def _ago(seconds: float) -> str:
    return "just now" if seconds < 60 else f"{span(seconds)} ago"


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"


def _number(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")


def _foreign(text: str, *, quote: bool = False) -> Markup:
    """Return words of an article, whatever their direction."""
    return (Markup("“<bdi>{}</bdi>”") if quote else Markup("<bdi>{}</bdi>")).format(text)


def _listed(parts: Iterable[Markup]) -> Markup:
    """Return "a", "a and b", or "a, b and c"."""
    *most, last = parts
    return Markup(" and ").join([Markup(", ").join(most), last]) if most else last
