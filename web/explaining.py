"""Why an article is in its story, and why a story stands where it stands, as sentences; pure."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from markupsafe import Markup, escape

from aggregator.models.evidence import Evidence, Shared, SharedKind
from aggregator.models.pages import Outline, StoryCard, StoryMember
from aggregator.models.stories import STANDING_HALF_LIFE
from web.filters import ago_of, count, decimal, many, span
from web.newsroom import now
from web.words import filled, gettext, ngettext

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
        return f"{self.words} × {decimal(self.value)}"


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


def why_here(member: StoryMember, members: Mapping[int, StoryMember]) -> list[Markup]:
    """Return why an article is in the story of these members, by article, as sentences; none for a story of one."""
    if len(members) < 2:
        return []
    original, nearest = members.get(member.member.copy_of_id or 0), members.get(member.member.nearest_id or 0)
    if original is not None:
        return [
            _filled(
                gettext("It carries the text of %(article)s, word for word or nearly so, and goes where that goes."),
                article=_link(original.article),
            )
        ]
    if nearest is None:
        return [
            _filled(
                gettext("Nothing here is near to it: it came by what you said of it, or by an article that has left.")
            )
        ]
    return [
        _nearest(member.article, nearest.article),
        *(_because(member.evidence) if member.evidence else ()),
    ]


def why_there(card: StoryCard, *, now: datetime) -> Standing | None:
    """Return why a story stands where it stands, in words that fit any story; None where nothing is known of it."""
    known = dict(card.rank_terms)
    said = {
        "origins": ngettext(
            "%(n)s publisher did its own reporting",
            "%(n)s publishers did their own reporting",
            card.n_origins,
            n=count(card.n_origins),
        ),
        "velocity": gettext(
            "%(share)s of its articles came with the latest", share=_percent(known.get("velocity", 1) - 1)
        ),
        "diversity": gettext(
            "%(publishers)s in %(articles)s",
            publishers=many(card.n_publishers, "publisher"),
            articles=many(card.n_articles, "article"),
        ),
        "cohesion": gettext("how near its articles are to one another"),
    }
    factors = [Factor(words, known[name]) for name, words in said.items() if name in known]
    if not factors:
        return None
    seconds = max((now - card.last_at).total_seconds(), 0)
    fresh = gettext("last news %(ago)s", ago=ago_of(seconds))
    return Standing((*factors, Factor(fresh, 0.5 ** (seconds / STANDING_HALF_LIFE.total_seconds()))))


def _because(evidence: Evidence) -> list[Markup]:
    return [_shared(evidence), _meaning(evidence), _chance(evidence), *_kept_out(evidence)]


def _shared(evidence: Evidence) -> Markup:
    """Say what both say."""
    parts = []
    for kind, sharing in _SHARING:
        named = [_as_said(each) for each in evidence.shared if each.kind is kind]
        if named:
            parts.append(_filled(sharing(len(named)), names=_listed(named)))
    if not parts:
        return _filled(gettext("They share no word that tells much."))
    return _filled(gettext("Both %(things)s."), things=_listed(parts))


_SHARING: Sequence[tuple[SharedKind, Callable[[int], str]]] = (
    (SharedKind.NAME, lambda n: gettext("name %(names)s")),
    (SharedKind.NUMBER, lambda n: ngettext("give the number %(names)s", "give the numbers %(names)s", n)),
    (SharedKind.WORD, lambda n: gettext("say %(names)s")),
)
"""What two articles do that share so many things of a kind."""


def _meaning(evidence: Evidence) -> Markup:
    if evidence.likeness is None:
        return _filled(gettext("They were compared by their words alone."))
    said = (
        gettext("By meaning, too, they are alike: %(likeness)s of 1.")
        if evidence.likeness >= LIKE
        else gettext("By meaning they are little alike: %(likeness)s of 1.")
    )
    return _filled(said, likeness=_number(max(evidence.likeness, 0)))


def _chance(evidence: Evidence) -> Markup:
    said = (
        gettext(
            "By themselves the two would stay apart: %(chance)s is the chance that they tell of one happening, and "
            "%(bar)s the bar. Others here hold it."
        )
        if evidence.chance < evidence.bar
        else gettext("That makes a chance of %(chance)s that they tell of one happening; %(bar)s is the bar.")
    )
    return _filled(said, chance=_number(evidence.chance), bar=_number(evidence.bar))


def _kept_out(evidence: Evidence) -> list[Markup]:
    """Say what would have kept the two apart; nothing where that is not known."""
    return [*_without(evidence), *_with_days(evidence)]


def _without(evidence: Evidence) -> Iterable[Markup]:
    if evidence.without is None:
        return
    words = _listed([_as_said(each) for each in evidence.shared[: evidence.n_decisive]])
    said = (
        gettext("Without %(words)s it would be %(chance)s, and the two by themselves would stay apart.")
        if evidence.n_decisive
        else gettext("Even without all of these words it would be %(chance)s.")
    )
    yield _filled(said, words=words, chance=_number(evidence.without))


def _with_days(evidence: Evidence) -> Iterable[Markup]:
    if evidence.days is None:
        return
    said = (
        gettext("With %(days)s between them so they would.")
        if evidence.n_decisive
        else gettext("With %(days)s between them the two by themselves would stay apart.")
    )
    yield _filled(said, days=many(evidence.days, "day"))


def _nearest(article: Outline, nearest: Outline) -> Markup:
    """Say which article is nearest, and when it came."""
    seconds = (nearest.published_at - article.published_at).total_seconds()
    if abs(seconds) < 60:
        said = gettext("Nearest to it is %(article)s, of the same minute.")
    elif seconds > 0:
        said = gettext("Nearest to it is %(article)s, %(span)s later.")
    else:
        said = gettext("Nearest to it is %(article)s, %(span)s earlier.")
    return _filled(said, article=_link(nearest), span=span(abs(seconds)))


def _filled(said: str, **values: Markup | str) -> Markup:
    """Return a sentence with its places filled, what came from elsewhere escaped."""
    return filled(said, values)


def _as_said(shared: Shared) -> Markup:
    return _foreign(shared.text, quote=shared.kind is SharedKind.WORD)


def _link(article: Outline) -> Markup:
    name = article.publisher.name or article.publisher.domain
    title = article.title.strip() or article.beginning.strip() or gettext("Without a title")
    short = title if len(title) <= TITLE_CHARS else f"{title[:TITLE_CHARS].rsplit(' ', 1)[0]} …"
    said = f'<a href="#a{article.id}"><bdi>{escape(name)}</bdi>: {_foreign(short, quote=True)}</a>'
    return Markup(said)  # noqa: S704  what came from elsewhere is escaped


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"


def _number(value: float) -> str:
    return decimal(value)


def _foreign(text: str, *, quote: bool = False) -> Markup:
    """Return words of an article, whatever their direction."""
    words = Markup(f"<bdi>{escape(text)}</bdi>")  # noqa: S704  escaped
    return _filled(gettext("“%(words)s”"), words=words) if quote else words


def _listed(parts: Sequence[Markup]) -> Markup:
    """Return "a", "a and b", or "a, b and c"; nothing where there is nothing."""
    if len(parts) < 2:
        return parts[0] if parts else Markup("")
    return _filled(gettext("%(most)s and %(last)s"), most=Markup(", ").join(parts[:-1]), last=parts[-1])
