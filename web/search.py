"""Searching: by words and by meaning, put together by story; and searches that are kept."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from aggregator.models.pages import ArticleLine
from aggregator.query.hits import Found, Group, Nearby, Order, grouped
from aggregator.query.language import Field, Mark, Narrowing, Query, Unclear, parse_query, wider
from aggregator.query.snippets import Part, marked, snippet
from aggregator.store import mutes, saved_searches, search, search_backlog
from aggregator.store.articles import lines_of
from aggregator.store.db import reading, transaction
from web import neighbours
from web.acts import done
from web.newsroom import engine, local, now, window_start
from web.words import gettext as _

blueprint = Blueprint("search", __name__)

N_GROUPS = 20
"""Stories on one page."""
N_HITS = 4
"""Articles of one story that are shown."""
N_COUNTED = 100
"""Unread articles of a saved search that are counted; then it is “more than”."""
N_CHOICES = 12
N_INSTEAD = 6
"""Parts of a query that finds nothing which are tried without."""
TEXT_CHARS = 20_000
"""Of a text, in which words are looked for to be shown."""
SPANS = ("1d", "7d", "30d", "1y")
MAX_NAME_CHARS = 120


@dataclass(frozen=True, slots=True)
class Shown:
    """A group as the page shows it."""

    group: Group
    line: ArticleLine
    title: tuple[Part, ...]
    snippet: tuple[Part, ...]
    others: tuple[ArticleLine, ...]
    n_more: int
    like: ArticleLine | None
    """What it is near to, where no words of it were found."""


@blueprint.get("/search")
def find() -> ResponseReturnValue:
    """Show what is found, or how to ask and which searches are kept."""
    asked = _asked()
    query = parse_query(asked, now=local(now()))
    if query.is_empty and not query.unclear:
        return _start()
    order = Order.NEWEST if request.args.get("order") == Order.NEWEST else Order.BEST
    with reading(engine()) as db:
        found = search.find(db, _from_cursor(query))
        groups, muted = _muted_last(db, grouped(found, _near(db, query, found, order), order=order))
        page = _page(groups)
        shown = _shown(db, query, groups[(page - 1) * N_GROUPS : page * N_GROUPS])
        choices = _choices(db, found)
        n_backlog = search_backlog.n_backlog(db)
        instead = [] if shown else _instead(db, asked)
    return render_template(
        "search.html",
        asked=asked,
        query=query,
        found=found,
        shown=shown,
        muted=muted,
        n_groups=len(groups),
        order=order,
        page=page,
        pages=_pages(groups, page),
        older=_older(found, groups, page),
        choices=choices,
        spans=SPANS,
        sentences=[*map(_in_words, query.unclear), *map(_nobody, found.unknown)],
        n_backlog=n_backlog,
        instead=instead,
        most=N_COUNTED,
    )


@blueprint.post("/search")
def save() -> ResponseReturnValue:
    """Keep a search."""
    query, name = request.form.get("query", "").strip(), request.form.get("name", "").strip()
    if parse_query(query, now=now()).is_empty:
        abort(400, _("There is nothing to search for in that."))
    with transaction(engine()) as db:
        act = saved_searches.save(db, query, (name or query)[:MAX_NAME_CHARS], now=now())
    return done(act)


@blueprint.post("/search/<int:search_id>/rename")
def rename(search_id: int) -> ResponseReturnValue:
    """Call a saved search something else."""
    name = request.form.get("name", "").strip()[:MAX_NAME_CHARS]
    with transaction(engine()) as db:
        before = saved_searches.find_saved(db, search_id)
        act = saved_searches.rename(db, search_id, name or before.query[:MAX_NAME_CHARS], now=now())
    return done(act)


@blueprint.post("/search/<int:search_id>/delete")
def delete(search_id: int) -> ResponseReturnValue:
    """Keep a search no longer."""
    with transaction(engine()) as db:
        act = saved_searches.forget(db, search_id, now=now())
    return done(act)


def _start() -> ResponseReturnValue:
    with reading(engine()) as db:
        kept = saved_searches.all_saved(db)
        counts = {each.id: search.n_found(db, _unread(each.query), limit=N_COUNTED + 1) for each in kept}
        n_backlog = search_backlog.n_backlog(db)
    return render_template("search_start.html", kept=kept, counts=counts, most=N_COUNTED, n_backlog=n_backlog)


def _unread(query: str) -> Query:
    asked = parse_query(query, now=local(now()))
    return replace(asked, marks=asked.marks | {Mark.UNREAD})


def _asked() -> str:
    """Return the query with what was chosen beside it, as one text: it can be saved and typed again."""
    chosen = {
        "publisher": request.args.get("publisher", ""),
        "lang": request.args.get("lang", ""),
        "since": request.args.get("since", ""),
    }
    narrowed = [f"{name}:{_quoted(value)}" for name, value in chosen.items() if value.strip()]
    return " ".join([request.args.get("q", "").strip(), *narrowed]).strip()


def _quoted(value: str) -> str:
    bare = value.replace('"', "").strip()
    return f'"{bare}"' if " " in bare else bare


def _from_cursor(query: Query) -> Query:
    """Return the query for what is older than the last page, where `before` says when that ended."""
    if "before" not in request.args:
        return query
    try:
        moment = datetime.fromisoformat(request.args["before"])
    except ValueError:
        abort(404)
    if moment.tzinfo is None:
        abort(404)
    return replace(query, until=min(moment, query.until or moment))


def _near(db: Connection, query: Query, found: Found, order: Order) -> list[Nearby]:
    """Return what is near in meaning to the best that was found by words."""
    if not query.clauses or not found.hits or order is Order.NEWEST:
        return []
    best = [group.first.article_id for group in grouped(found, order=order)[: neighbours.N_LOOKED_FROM]]
    near = {each: (like, cosine) for each, like, cosine in neighbours.near(db, best, since=window_start())}
    hits = {hit.article_id: hit for hit in search.hits_among(db, query, near)}
    return [Nearby(hits[each], *near[each]) for each in near if each in hits]


def _page(groups: Sequence[Group]) -> int:
    """Return which page is asked for; 404 for one that there is not."""
    try:
        page = int(request.args.get("page", "1"))
    except ValueError:
        abort(404)
    if page != 1 and not 1 <= page <= -(-len(groups) // N_GROUPS):
        abort(404)
    return page


def _instead(db: Connection, asked: str) -> list[tuple[str, str, int]]:
    """Return what could be taken out of a query that finds nothing, what is left then, and how many that finds."""
    counted = (
        (said, rest, search.n_found(db, parse_query(rest, now=local(now())), limit=N_COUNTED + 1))
        for said, rest in wider(asked)[:N_INSTEAD]
    )
    return [each for each in counted if each[2]]


def _muted_last(db: Connection, groups: Sequence[Group]) -> tuple[list[Group], set[int]]:
    """Return the groups with those last that the owner muted, and the best article of each of these."""
    hidden = set(mutes.hidden_ids(db, now=now()))
    silenced = mutes.silenced(db, [group.story_id for group in groups if group.story_id], now=now())
    muted = {
        group.first.article_id
        for group in groups
        if group.story_id in hidden or (group.story_id, group.first.publisher_id) in silenced
    }
    return sorted(groups, key=lambda group: group.first.article_id in muted), muted


def _pages(groups: Sequence[Group], page: int) -> dict[str, str]:
    """Return the addresses of the page before and of the next, as far as there are any."""
    last = -(-len(groups) // N_GROUPS)
    there = {"prev": page - 1, "next": page + 1}
    return {rel: _here(page=n) for rel, n in there.items() if 1 <= n <= last}


def _older(found: Found, groups: Sequence[Group], page: int) -> str | None:
    """Return where older articles are found, at the end of the newest; None where there are none."""
    if found.is_all or not found.hits or page * N_GROUPS < len(groups):
        return None
    return _here(before=found.hits[-1].published_at.isoformat(), page=None)


def _here(**changed: Any) -> str:
    kept: Mapping[str, Any] = {name: value for name, value in request.args.items() if value}
    return url_for("search.find", **{**kept, **changed})


def _shown(db: Connection, query: Query, groups: Sequence[Group]) -> list[Shown]:
    ids = {hit.article_id for group in groups for hit in _best_of(group)}
    likes = {group.nearby[0].near_id for group in groups if not group.hits}
    lines = {line.id: line for line in lines_of(db, sorted(ids | likes))}
    texts = search.texts_of(db, [group.first.article_id for group in groups], max_chars=TEXT_CHARS)
    return [_show(query, group, lines, texts) for group in groups if group.first.article_id in lines]


def _show(query: Query, group: Group, lines: Mapping[int, ArticleLine], texts: Mapping[int, str]) -> Shown:
    line = lines[group.first.article_id]
    others = [lines[hit.article_id] for hit in _best_of(group)[1:] if hit.article_id in lines]
    return Shown(
        group=group,
        line=line,
        title=marked(line.title.strip(), query.terms),
        snippet=snippet(" ".join(texts.get(line.id, "").split()), query.terms),
        others=tuple(others),
        n_more=len(group.hits) + len(group.nearby) - 1 - len(others),
        like=None if group.hits else lines.get(group.nearby[0].near_id),
    )


def _best_of(group: Group) -> list[Any]:
    return [*group.hits, *(each.hit for each in group.nearby)][:N_HITS]


def _choices(db: Connection, found: Found) -> dict[str, list[tuple[str, str, int]]]:
    """Return the publishers and the languages that most was found of, to narrow to: (value, name, how many)."""
    publishers = Counter(hit.publisher_id for hit in found.hits).most_common(N_CHOICES)
    languages = Counter(hit.language for hit in found.hits if hit.language).most_common(N_CHOICES)
    names = search.names_of_publishers(db, [each for each, _n in publishers])
    return {
        "publisher": [(names[each][0], names[each][1] or names[each][0], n) for each, n in publishers if each in names],
        "lang": [(each, each, n) for each, n in languages],
    }


def _in_words(unclear: tuple[Unclear, str]) -> str:
    """Say what of a query was left out, and what can be written instead."""
    why, said = unclear
    said = said if len(said) <= 60 else f"{said[:60]} …"
    names = ", ".join(f"{each}:" for each in ("title", *Field, "since", "until", "is"))
    sentences: dict[Unclear, str] = {
        Unclear.FIELD: _(
            "“%(said)s” was left out: nothing is asked by that name. There are %(names)s", said=said, names=names
        ),
        Unclear.MARK: _("“%(said)s” was left out: write is:unread, is:read, is:starred or is:followed.", said=said),
        Unclear.MOMENT: _(
            "“%(said)s” was left out: write a day such as 2026-11-05, a month such as 2026-11, today, yesterday, "
            "or a span such as 12h, 3d, 2w.",
            said=said,
        ),
        Unclear.EMPTY: _("“%(said)s” was left out: nothing follows it.", said=said),
        Unclear.LONG: _("That is a long search: what follows “%(said)s” was left out.", said=said),
    }
    return sentences[why]


def _nobody(unknown: Narrowing) -> str:
    said = f"{unknown.field}:{unknown.value[:60]}"
    is_of_feeds = unknown.field in (Field.FEED, Field.FOLDER)
    if is_of_feeds:
        return _("“%(said)s” names no feed here.", said=said)
    return _("“%(said)s” names no publisher here.", said=said)
