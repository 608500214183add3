"""What a mute hides and what brings it back, decided on what is kept of stories. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from aggregator.models.evidence import Shared, SharedKind

DURATIONS_DAYS = (1, 7, 30)
"""For how long something may be muted; else it is for ever."""

N_NAMES = 2
"""Names by which a story without a topic is known again. One tells of a person or a place; two tell of a matter."""

LARGER = 2
"""Times the publishers from which on what was muted is something else."""

LARGER_BY = 4
"""More publishers, at the least: two that become four are no news."""

TITLE_CASE_SHARE = 0.8
"""Share of capitalised words from which a headline Is Set Like This, and capitals tell nothing of its names."""


def bar_of(n_publishers: int) -> int:
    """Return from how many publishers on a muted story breaks out, where the owner does not say."""
    return max(LARGER * n_publishers, n_publishers + LARGER_BY)


def until(days: int | None, *, now: datetime) -> datetime | None:
    """Return when a mute of so many days ends; None, which is never, where it has none."""
    return now + timedelta(days=days) if days else None


def names_of(headline: str, shared: Iterable[Shared]) -> tuple[str, ...]:
    """Return the names by which stories like this one are known: those that most of its articles have in common.

    Where nothing is known of what they have in common, the first ones in the headline; nothing where it shows none.
    """
    counts = Counter(each.text for each in shared if each.kind is SharedKind.NAME)
    by_count = sorted(counts, key=lambda name: (not is_in(name, headline), -counts[name], name))
    return tuple(_apart(by_count or _capitalised(headline))[:N_NAMES])


def like(names: Sequence[str], titles: Mapping[int, Sequence[str]]) -> list[int]:
    """Return the stories that these names tell of, by the titles in each, the headline first."""
    return [story_id for story_id, said in titles.items() if is_like(names, said)]


def is_like(names: Sequence[str], titles: Sequence[str]) -> bool:
    """Whether all of these names stand in a story's headline (its first title), or in half of its titles."""
    if not names or not titles:
        return False
    having = [all(is_in(name, title) for name in names) for title in titles]
    return having[0] or 2 * sum(having) >= len(having)


def is_in(name: str, title: str) -> bool:
    """Whether the name stands in the title, as whole words where its script parts words."""
    bare = name.casefold()
    edge = r"(?<!\w){}(?!\w)" if bare != bare.upper() else "{}"
    return re.search(edge.format(re.escape(bare)), title.casefold()) is not None


def _apart(names: Iterable[str]) -> list[str]:
    """Return the names without those that are part of one before them, or the other way round."""
    kept: list[str] = []
    for name in names:
        if not any(is_in(name, other) or is_in(other, name) for other in kept):
            kept.append(name)
    return kept


def _capitalised(headline: str) -> list[str]:
    """Return the runs of capitalised words in the headline but for its beginning, where a capital tells nothing."""
    words = list(re.finditer(r"[^\W\d_][\w’'-]*", headline))
    if sum(word[0][0].isupper() for word in words) >= TITLE_CASE_SHARE * len(words):
        return []
    runs: list[str] = []
    end = -1
    for word in words[1:]:
        if not word[0][0].isupper():
            continue
        goes_on = runs and headline[end : word.start()] == " "
        runs[-1:] = [f"{runs[-1]} {word[0]}"] if goes_on else [*runs[-1:], word[0]]
        end = word.end()
    return runs
