"""The table of sources of a story: who reported it, where, when, and in whose words."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from markupsafe import Markup, escape

from aggregator.models.digests import SourceFacts
from aggregator.models.feeds import Publisher
from aggregator.models.pages import Outline, StoryMember, StoryPage
from web.filters import count, country, decimal, lag, language, name_of
from web.images import favicon
from web.pieces import article_url, publisher
from web.words import filled, gettext, ngettext

N_SOURCES = 60
"""Rows of the table on one page of a story: more would weigh more than all the rest."""

N_COPIES = 40
"""Of one text that are named under it."""

N_SIBLINGS = 3
"""Others of the same owner that are named."""

BORDERLINE = 0.1
"""How far over the bar a chance may be for its article still to be called a borderline case."""


@dataclass(frozen=True, slots=True)
class Source:
    """A row of the table."""

    member: StoryMember
    facts: SourceFacts | None
    copies: Sequence[Outline] = ()
    """That carry its text."""


SORTS: Mapping[str, Callable[[Source], tuple[object, ...]]] = {
    "time": lambda source: (source.member.article.published_at, source.member.article.id),
    "publisher": lambda source: (name_of(source.member.article.publisher).casefold(), source.member.article.id),
    "country": lambda source: (
        source.member.article.publisher.country or "~",
        name_of(source.member.article.publisher),
    ),
    "language": lambda source: (source.member.article.language or "~", name_of(source.member.article.publisher)),
    "own": lambda source: (-(_own(source) or 0.0), source.member.article.id),
    "likeness": lambda source: (-source.member.member.score, source.member.article.id),
}
"""By what the sources can be put in order."""


def add_source_rows(app: Flask) -> None:
    """Let the templates draw the rows of the table."""
    app.add_template_global(source_rows)


# --- deciding, pure ----------------------------------------------------------------------------------


def sources(page: StoryPage, facts: Iterable[SourceFacts]) -> list[Source]:
    """Return the rows of the table, oldest first, each with the copies of its text."""
    known = {each.article_id: each for each in facts}
    by_id = {member.article.id: member for member in page.members}
    copies: dict[int, list[Outline]] = defaultdict(list)
    told = []
    for member in page.members:
        root = _root(member, by_id)
        if root is member:
            told.append(member)
        else:
            copies[root.article.id].append(member.article)
    return [Source(each, known.get(each.article.id), copies.get(each.article.id, ())) for each in told]


def siblings(page: StoryPage, owner_of: Mapping[int, str]) -> dict[int, list[Publisher]]:
    """Return by publisher the others of the story that have its owner; publishers without such are left out."""
    there = {each.article.publisher.id: each.article.publisher for each in page.members}
    owned: dict[str, list[Publisher]] = defaultdict(list)
    for publisher_id in there.keys() & owner_of.keys():
        owned[owner_of[publisher_id]].append(there[publisher_id])
    return {
        one.id: [each for each in sorted(of_owner, key=lambda each: each.id) if each != one]
        for of_owner in owned.values()
        for one in of_owner
        if len(of_owner) > 1
    }


def is_borderline(member: StoryMember) -> bool:
    """Whether an article and the one nearest to it are hardly held to be one story."""
    evidence = member.evidence
    return evidence is not None and evidence.chance < evidence.bar + BORDERLINE


def _root(member: StoryMember, by_id: Mapping[int, StoryMember]) -> StoryMember:
    seen: set[int] = set()
    while (original := by_id.get(member.member.copy_of_id or 0)) is not None and member.article.id not in seen:
        seen.add(member.article.id)
        member = original
    return member


def _own(source: Source) -> float | None:
    return source.facts.own_share if source.facts else None


# --- drawing -----------------------------------------------------------------------------------------


def source_rows(
    found: Sequence[Source],
    first_at: datetime,
    of_one_owner: Mapping[int, Sequence[Publisher]],
    shown: Collection[int],
) -> Markup:
    """Return the rows of these sources; `first_at` is when the story began, `shown` which articles the page shows.

    A template would take several times as long for the sixty of them as for the rest of a page.
    """
    return Markup("\n").join(_row(each, first_at, of_one_owner, shown) for each in found)


def _row(
    source: Source, first_at: datetime, of_one_owner: Mapping[int, Sequence[Publisher]], shown: Collection[int]
) -> Markup:
    article, own = source.member.article, _own(source)
    beside = "".join(f' <span class="where">{escape(each)}</span>' for each in _beside(source, of_one_owner))
    return Markup(  # noqa: S704  what came from elsewhere is escaped
        f'      <tr><th scope="row">{favicon(article.publisher)}<a href="{article_url(article, shown)}">'
        f"{publisher(article.publisher)}</a>{beside}</th>\n"
        f"<td>{escape(lag(article.published_at, first_at))}</td>"
        f'<td class="number">{"–" if own is None else f"{round(100 * own)} %"}</td>'
        f'<td class="number">{decimal(source.member.member.score)}</td>\n'
        f"</tr>{_copies(source.copies, first_at)}"
    )


def _beside(source: Source, of_one_owner: Mapping[int, Sequence[Publisher]]) -> Iterable[str]:
    """Yield what stands beside the name of a source."""
    article, facts = source.member.article, source.facts
    where = [each for each in (country(article.publisher.country), language(article.language)) if each]
    if where:
        yield ", ".join(where)
    if facts and facts.origin:
        yield filled(gettext("from <bdi>%(name)s</bdi>"), {"name": facts.origin})
    if same := of_one_owner.get(article.publisher.id):
        names = ", ".join(name_of(each) for each in same[:N_SIBLINGS])
        yield filled(gettext("of one owner with <bdi>%(names)s</bdi>"), {"names": names})
    if facts and facts.is_paid:
        yield gettext("for subscribers")
    elif facts and facts.is_teaser:
        yield gettext("the beginning only")
    if is_borderline(source.member):
        yield gettext("a borderline case")


def _copies(articles: Sequence[Outline], first_at: datetime) -> Markup:
    """Return the row that holds the copies of a text, folded; nothing where there are none."""
    if not articles:
        return Markup("")
    said = ngettext("%(n)s copy of this text", "%(n)s copies of this text", len(articles), n=count(len(articles)))
    listed = "".join(
        f'<li><a href="{article_url(each, ())}">{publisher(each.publisher)}</a> '
        f'<span class="evidence">{escape(lag(each.published_at, first_at))}</span></li>'
        for each in articles[:N_COPIES]
    )
    return Markup(  # noqa: S704  what came from elsewhere is escaped
        f'\n      <tr class="copies"><td colspan="4"><details><summary class="evidence">{escape(said)}</summary>'
        f'<ul class="headlines">{listed}</ul></details></td></tr>'
    )
