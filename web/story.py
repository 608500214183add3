"""The page of a story: what it says, who says it, and who does not."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from aggregator.errors import NotFoundError
from aggregator.models.articles import Article
from aggregator.models.corrections import Actor, Change, ChangeKind
from aggregator.models.digests import Claim, Digest, Figure, Reading
from aggregator.models.pages import (
    Outline,
    Related,
    Retitle,
    Rewrite,
    Silent,
    StoryCard,
    StoryLink,
    StoryMember,
    StoryPage,
)
from aggregator.store import articles, changes, context, digests, mutes, owners, showing, stories
from aggregator.store.db import reading
from web.neighbours import leads
from web.newsroom import engine, now, window_start
from web.sources import N_SOURCES, SORTS, Source, is_borderline, siblings, sources

N_CHANGES = 12
"""Of one story, under its members; the page of changes has all."""

PAGE_BYTES = 48_000
"""Of article text on one story page; longer ones lead to pages of their own."""

N_REPORTS = 12
"""Articles with their texts on one page of a story."""

N_VALUES = 8
"""Of one figure: the latest."""

N_NEW = 6
"""New facts that are shown at once: a story that was left for a week has a hundred."""

SPAN = timedelta(hours=6)
"""Around a story's first and last report, in which a publisher that has news is held to have had the chance."""

RELATED_WITHIN = timedelta(days=30)


# --- what is shown -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quoted:
    """A sentence of an article, and who says it too."""

    text: str
    article: Outline
    said_by: tuple[Outline, ...]
    """One article of each publisher that says it, its own first."""
    n_voices: int
    n_publishers: int
    """Of the story, that write in the language of the sentence: the others are not compared with it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A value that reports give, the first of them, and how many do."""

    reading: Reading
    article: Outline
    n_reports: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What is counted, and the values that reports give, oldest first."""

    counts: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """A name, and how many publishers write it."""

    text: str
    n_publishers: int


@dataclass(frozen=True, slots=True)
class Says:
    """What the digest of a story has to show."""

    new: tuple[Quoted, ...] = ()
    n_new: int = 0
    short: tuple[Quoted, ...] = ()
    alone: tuple[Quoted, ...] = ()
    figures: tuple[Moved, ...] = ()
    names: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a story."""

    retitles: tuple[tuple[Retitle, Outline], ...]
    rewrites: tuple[tuple[Rewrite, Outline], ...]
    corrections: Sequence[Change]
    """Of the owner's, that hold."""
    earlier: Sequence[StoryLink]
    later: Sequence[StoryLink]
    related: Sequence[Related]
    silent: Silent
    split_off: Sequence[Change]


def show_story(story_id: int) -> ResponseReturnValue:
    """Return the page of a story; one that was merged leads to where it lives now."""
    with reading(engine()) as db:
        try:
            page = showing.find_story(db, story_id)
        except NotFoundError:
            return _where_it_went(db, story_id)
        ordered = _lead_first(page)
        at = _page(len(ordered))
        shown = ordered[at * N_REPORTS :][:N_REPORTS]
        texts = {each.id: each for each in articles.find_articles(db, [each.article.id for each in shown])}
        history = changes.of_story(db, story_id, limit=N_CHANGES)
        digest = digests.find_digest(db, story_id) if len(ordered) > 1 else None
        new = _new(page, digest)
        said = says(page, digest, new, _texts(db, page, digest, new, texts))
        around = _around(db, page, history, digest) if len(ordered) > 1 else None
        muted = mutes.mutes_of_story(db, story_id, now=now())
        owner_of = owners.owner_domains(db)
    found = _asked_for(sources(page, digest.sources if digest else ()))
    return render_template(
        "story.html",
        page=page,
        by_id={each.article.id: each for each in page.members},
        members=shown,
        articles=texts,
        whole=_shown_whole(texts[each.article.id] for each in shown),
        history=history,
        muted=muted,
        says=said,
        is_unread=digest is None and is_to_be_read(page.card, since=window_start()),
        around=around,
        sources=found[:N_SOURCES],
        n_sources=len(found),
        siblings=siblings(page, owner_of),
        languages=sorted({each.article.language for each in page.members if each.article.language}),
        borderline={each.article.id for each in page.members if is_borderline(each)},
        headlines=headlines(page),
        at=at,
        n_pages=-(-len(ordered) // N_REPORTS),
    )


# --- deciding, pure ----------------------------------------------------------------------------------


def is_to_be_read(card: StoryCard, *, since: datetime) -> bool:
    """Whether the worker reads what the reports of a story say together: two publishers, and news since then."""
    return card.n_publishers > 1 and card.last_at >= since


def says(page: StoryPage, digest: Digest | None, new: Sequence[int], texts: Mapping[int, str]) -> Says:
    """Return what the digest has to show, as far as its articles still are in the story and say so now.

    `new` are the claims that are new to the owner, `texts` what the articles say.
    """
    if digest is None:
        return Says()
    there = {member.article.id: member.article for member in page.members}
    voices = {source.article_id: source.voice for source in digest.sources}
    writing = _publishers_by_language(there.values())

    def quoted(places: Iterable[int]) -> tuple[Quoted, ...]:
        found = (_quoted(digest.sentences[at], digest.account.claims[at], there, voices, writing) for at in places)
        return tuple(each for each in found if each and each.text in texts.get(each.article.id, ""))

    return Says(
        new=quoted(new[:N_NEW]),
        n_new=len(new),
        short=quoted(digest.in_short),
        alone=tuple(each for each in quoted(digest.alone) if len(each.said_by) == 1),
        figures=tuple(moved for figure in digest.figures if (moved := _moved(figure, there, texts))),
        names=tuple(
            Name(named.name, n)
            for named in digest.names
            if (n := len({there[each].publisher.id for each in named.article_ids if each in there})) > 1
        ),
    )


def headlines(page: StoryPage) -> list[Outline]:
    """Return the articles with other headlines than the lead's, one of each wording, oldest first."""
    seen = {page.card.headline.strip().casefold(), ""}
    found = []
    for member in page.members:
        wording = member.article.title.strip().casefold()
        if wording not in seen:
            seen.add(wording)
            found.append(member.article)
    return found


def _quoted(
    sentence: str,
    claim: Claim,
    there: Mapping[int, Outline],
    voices: Mapping[int, int],
    writing: Mapping[str | None, Set[int]],
) -> Quoted | None:
    """Return a claim's sentence with who says it; None where its article left."""
    article = there.get(claim.said_by[0])
    if article is None:
        return None
    by = [there[each] for each in claim.said_by if each in there]
    one_each = {each.publisher.id: each for each in reversed(by)}
    spoken = writing[article.language] | writing.get(None, set())
    return Quoted(
        sentence,
        article,
        tuple(each for each in by if one_each[each.publisher.id] is each),
        len({voices.get(each.id, -each.id) for each in by}),
        len(spoken | one_each.keys()),
    )


def _publishers_by_language(outlines: Iterable[Outline]) -> dict[str | None, set[int]]:
    found: dict[str | None, set[int]] = defaultdict(set)
    for each in outlines:
        found[each.language].add(each.publisher.id)
    return found


def _moved(figure: Figure, there: Mapping[int, Outline], texts: Mapping[int, str]) -> Moved | None:
    """Return the values with who gave each first; None where those that are left do not differ."""
    steps = [
        Step(first, there[first.article_id], n)
        for first, n in _values(figure, there)
        if first.sentence in texts.get(first.article_id, "")
    ]
    return Moved(figure.counts, tuple(steps)) if len(steps) > 1 else None


def _values(figure: Figure, there: Collection[int]) -> list[tuple[Reading, int]]:
    """Return the first to give each value, in time, and how many articles give it."""
    given: dict[float, list[Reading]] = defaultdict(list)
    for each in figure.readings:
        if each.article_id in there:
            given[each.number].append(each)
    return [(found[0], len(found)) for found in given.values()][-N_VALUES:]


def _lead_first(page: StoryPage) -> list[StoryMember]:
    return sorted(page.members, key=lambda member: member.article.id != page.card.lead.id)


def _shown_whole(ordered: Iterable[Article]) -> set[int]:
    """Return the articles whose text stands on the page: the first one's, and more while there is room."""
    shown: set[int] = set()
    n_bytes = 0
    for article in ordered:
        n_bytes += len(article.content_html)
        if shown and n_bytes > PAGE_BYTES:
            break
        shown.add(article.id)
    return shown


# --- asking ------------------------------------------------------------------------------------------


def _where_it_went(db: Connection, story_id: int) -> ResponseReturnValue:
    """Lead to the story that this one went into; 404 where there is none."""
    current_id = stories.current_id(db, story_id)
    if current_id in (None, story_id):
        abort(404)
    # Not a permanent redirect: browsers would keep it although the owner may undo the merge.
    return redirect(url_for("pages.story", story_id=current_id))


def _page(n_articles: int) -> int:
    """Return which page of the reports is asked for, from 0 on."""
    at = request.args.get("page", 1, type=int) - 1
    return at if 0 <= at * N_REPORTS < n_articles else 0


def _asked_for(found: Sequence[Source]) -> list[Source]:
    """Return the sources in the order and of the language that are asked for."""
    language, sort = request.args.get("language"), SORTS.get(request.args.get("sort", ""), SORTS["time"])
    rows = [each for each in found if not language or each.member.article.language == language]
    return sorted(rows, key=sort)


def _new(page: StoryPage, digest: Digest | None) -> tuple[int, ...]:
    """Return the claims that are new to an owner who read some of the story, but not all."""
    read = {member.article.id for member in page.members if member.article.is_read}
    return digest.account.new_to(read) if digest and len(read) < len(page.members) else ()


def _texts(
    db: Connection, page: StoryPage, digest: Digest | None, new: Sequence[int], known: Mapping[int, Article]
) -> dict[int, str]:
    """Return what the articles say whose sentences may be shown, spaces folded, as sentences are."""
    if digest is None:
        return {}
    there = {member.article.id for member in page.members}
    wanted = {digest.account.claims[at].said_by[0] for at in (*digest.in_short, *digest.alone, *new[:N_NEW])}
    wanted |= {first.article_id for figure in digest.figures for first, _ in _values(figure, there)}
    texts = {each: (known[each].title, known[each].text[: digests.READ_CHARS]) for each in wanted & known.keys()}
    if wanted - known.keys():
        texts |= digests.texts_of(db, wanted - known.keys())
    return {each: "\n".join(" ".join(part.split()) for part in said) for each, said in texts.items()}


def _around(db: Connection, page: StoryPage, history: Sequence[Change], digest: Digest | None) -> Around:
    card = page.card
    names = [each.name for each in digest.names] if digest else []
    by_id = {member.article.id: member.article for member in page.members}
    earlier, later = context.chapters_of(db, card.id) if card.topic else ([], [])
    retitles, rewrites = context.revised(db, by_id)
    chapters: Collection[int] = {each.id for each in (*earlier, *later)}
    return Around(
        retitles=tuple((each, by_id[each.article_id]) for each in retitles),
        rewrites=tuple((each, by_id[each.article_id]) for each in rewrites),
        corrections=[
            each for each in history if each.by is Actor.OWNER and each.undone_at is None and each.undoes_id is None
        ],
        earlier=earlier,
        later=later,
        related=context.related_to(db, card.id, leads(db, since=now() - RELATED_WITHIN), names=names, but=chapters),
        silent=context.silent_publishers(
            db,
            {article.publisher.id for article in by_id.values()},
            {article.language for article in by_id.values() if article.language},
            since=page.members[0].article.published_at - SPAN,
            until=card.last_at + SPAN,
        ),
        split_off=[
            each
            for each in history
            if each.kind is ChangeKind.SPLIT and each.from_id == card.id and each.undone_at is None
        ],
    )
