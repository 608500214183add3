"""Whose turn it is: so many at once of one host, a pause between one and the next, so many looked up at once."""

import heapq
import threading
from collections import Counter, defaultdict, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


MAX_HOSTS = 10_000
"""So many are remembered before those are forgotten that may be asked again."""


class Gaps:
    """From when on each host may be asked again, for all that one process asks, by whichever of its threads."""

    def __init__(self) -> None:
        self._free_at: dict[str, float] = {}
        self._light: set[str] = set()
        self._lock = threading.Lock()

    def free_at(self, host: str) -> float:
        """Return the moment from which on the host may be asked."""
        return self._free_at.get(host, 0.0)

    def take(self, host: str, now_s: float, gap_s: float) -> bool:
        """Return whether the host may be asked now; if so, it may not be again before the gap is over.

        No gap follows at a host whose last answer was light.
        """
        with self._lock:
            if host in self._light:
                return True
            if self.free_at(host) > now_s:
                return False
            if len(self._light) >= MAX_HOSTS:
                self._light.clear()
            if len(self._free_at) >= MAX_HOSTS:
                self._free_at = {each: at for each, at in self._free_at.items() if at > now_s}
            self._free_at[host] = now_s + gap_s
            return True

    def note(self, host: str, now_s: float, gap_s: float, *, was_light: bool) -> None:
        """Note what an answer of the host cost it: after a light one there is no gap, until one that was not."""
        with self._lock:
            if was_light:
                self._light.add(host)
                self._free_at.pop(host, None)
            elif host in self._light:
                self._light.discard(host)
                self._free_at[host] = now_s + gap_s


class LookUps:
    """The hosts whose addresses are being asked for; what was found out is remembered, as curl does."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._asked: set[str] = set()
        self._known: set[str] = set()

    @property
    def has_room(self) -> bool:
        """Whether another host's address may be asked for."""
        return len(self._asked) < self._at_once

    def begin(self, host: str) -> None:
        """Note that a request to a host begins; it asks for the address first, where nobody has yet."""
        if host not in self._known:
            self._asked.add(host)

    def find(self, host: str) -> None:
        """Note that an address of a host is known."""
        self._known.add(host)
        self._asked.discard(host)

    def end(self, host: str) -> None:
        """Note that a request to a host is over, whether or not an address was found."""
        self._asked.discard(host)


class Turns(Generic[Item]):
    """What waits for its turn at a host. Moments are seconds of any clock that only goes forward."""

    def __init__(self, *, at_once: int, gap_s: float, gaps: Gaps | None = None) -> None:
        self._at_once = at_once
        self._gap_s = gap_s
        self._waiting: defaultdict[str, deque[Item]] = defaultdict(deque)
        self._n_waiting = 0
        self._n_busy: Counter[str] = Counter()
        self._gaps = gaps or Gaps()
        self._ready: list[tuple[float, int, str]] = []
        """A heap of the hosts that have something waiting and room for it: when, in which order, which."""
        self._is_ready: set[str] = set()
        self._n_added = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return self._n_waiting

    def add(self, host: str, item: Item, *, goes_first: bool = False) -> None:
        """Let something wait for its turn at a host."""
        queue = self._waiting[host]
        (queue.appendleft if goes_first else queue.append)(item)
        self._n_waiting += 1
        self._make_ready(host)

    def take(self, now_s: float) -> Item | None:
        """Return what may start now, if anything; its host is the busier for it until `leave`."""
        while self._ready and self._ready[0][0] <= now_s:
            _, _, host = heapq.heappop(self._ready)
            self._is_ready.discard(host)
            # since it was put here others may have asked the host, or its gap was lifted and its turn came earlier
            if is_free := self._has_turn(host) and self._gaps.take(host, now_s, self._gap_s):
                item = self._waiting[host].popleft()
                self._n_waiting -= 1
                self._n_busy[host] += 1
            self._make_ready(host)
            if is_free:
                return item
        return None

    def leave(self, host: str, now_s: float, *, was_light: bool | None = None) -> None:
        """Note that one that was taken is done, and whether what came was light for its host, if anything came.

        After one that was light, the next may start at once.
        """
        self._n_busy[host] -= 1
        if was_light is not None:
            self._gaps.note(host, now_s, self._gap_s, was_light=was_light)
        if was_light:
            self._is_ready.discard(host)
        self._make_ready(host)

    def wait_s(self, now_s: float) -> float | None:
        """Return the seconds until `take` has something to give; None where that depends on one that is under way."""
        while self._ready and not self._has_turn(self._ready[0][2]):
            self._is_ready.discard(heapq.heappop(self._ready)[2])
        return max(0.0, self._ready[0][0] - now_s) if self._ready else None

    def _make_ready(self, host: str) -> None:
        if host not in self._is_ready and self._has_turn(host):
            self._n_added += 1
            heapq.heappush(self._ready, (self._gaps.free_at(host), self._n_added, host))
            self._is_ready.add(host)

    def _has_turn(self, host: str) -> bool:
        """Whether the host has something waiting, and room for it."""
        return bool(self._waiting[host]) and self._n_busy[host] < self._at_once
