"""What the publisher served, held against what is kept: nothing lost, nothing doubled, and asked politely."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import Engine, func, select

from aggregator.store.db import reading
from aggregator.store.schema import articles, entries
from tests.chaos.documents import Token
from tests.chaos.publisher import Ask, tokens_of

TAKEN_IN_S = 3.0
"""What is under way when an answer asks for a pause, or begun and not yet sent on a busy machine, may still arrive."""
CLOCKS_S = 0.3
"""By so much the publisher's moments and the reader's may differ on a busy machine."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the store compares with what was served."""

    n_served: int
    n_kept: int
    lost: tuple[Token, ...]
    doubled: tuple[Token, ...]
    stray: int
    """Articles without an entry that leads to them."""
    integrity: str

    @property
    def is_good(self) -> bool:
        """Whether nothing is lost, doubled or broken."""
        return not (self.lost or self.doubled or self.stray) and self.integrity == "ok"


def judge(engine: Engine, served: Iterable[Token]) -> Verdict:
    """Hold the store against the pieces that were served in good answers."""
    wanted = set(served)
    with reading(engine) as db:
        kept = Counter(token for title in db.execute(select(articles.c.title)).scalars() for token in tokens_of(title))
        led_to = select(entries.c.article_id)
        stray = db.execute(select(func.count()).where(articles.c.id.not_in(led_to))).scalar_one()
        is_sqlite = db.dialect.name == "sqlite"
        integrity = str(db.exec_driver_sql("PRAGMA integrity_check").scalar()) if is_sqlite else "ok"
        broken = db.exec_driver_sql("PRAGMA foreign_key_check").all() if is_sqlite else []
    return Verdict(
        n_served=len(wanted),
        n_kept=kept.total(),
        lost=tuple(sorted(wanted - kept.keys())),
        doubled=tuple(sorted(token for token, n in kept.items() if n > 1)),
        stray=stray,
        integrity=integrity if not broken else f"{len(broken)} rows refer to nothing",
    )


def early_asks(asks: Sequence[Ask], min_interval_s: float) -> list[str]:
    """Return, in words, every request that came before its time."""
    return [*_despite_a_pause(asks), *_too_soon(asks, min_interval_s)]


def _despite_a_pause(asks: Sequence[Ask]) -> Iterator[str]:
    """Yield requests to a host that had asked to be left alone."""
    held: dict[str, tuple[float, float]] = {}
    for ask in asks:
        since, until = held.get(ask.host, (0.0, 0.0))
        if since + TAKEN_IN_S < ask.at_s < until - CLOCKS_S:
            yield f"{ask.host}{ask.path} at {ask.at_s:.1f} s, held from {since:.1f} to {until:.1f} s"
        if ask.retry_after_s:
            held[ask.host] = ask.at_s, max(until, ask.at_s + ask.retry_after_s)


def _too_soon(asks: Sequence[Ask], min_interval_s: float) -> Iterator[str]:
    """Yield checks of a feed that came sooner than its interval, or than the freshness of its last answer."""
    by_path = defaultdict(list)
    for ask in asks:
        if ask.path.startswith("/feed/"):
            by_path[ask.path].append(ask)
    for path, of_feed in by_path.items():
        for earlier, later in pairwise(of_feed):
            if earlier.status == 410 or earlier.fault in ("loop", "reset"):
                continue  # revived by its owner, led back to itself, or sent once more by curl (RFC 9110 §9.2.2)
            wanted_s = max(min_interval_s, earlier.max_age_s)
            if later.at_s - earlier.at_s < wanted_s - CLOCKS_S:
                yield f"{path} at {earlier.at_s:.1f} ({earlier.fault}) and again at {later.at_s:.1f} s"
