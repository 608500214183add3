"""Whose turn it is: so many at once of one host, and a pause between one and the next."""

import heapq
from collections import Counter, defaultdict, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Turns(Generic[Item]):
    """What waits for its turn at a host. Moments are seconds of any clock that only goes forward."""

    def __init__(self, *, at_once: int, gap_s: float) -> None:
        self._at_once = at_once
        self._gap_s = gap_s
        self._waiting: defaultdict[str, deque[Item]] = defaultdict(deque)
        self._n_waiting = 0
        self._n_busy: Counter[str] = Counter()
        self._free_at: dict[str, float] = {}
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
        if not self._ready or self._ready[0][0] > now_s:
            return None
        _, _, host = heapq.heappop(self._ready)
        self._is_ready.discard(host)
        item = self._waiting[host].popleft()
        self._n_waiting -= 1
        self._n_busy[host] += 1
        self._free_at[host] = now_s + self._gap_s
        self._make_ready(host)
        return item

    def leave(self, host: str) -> None:
        """Note that one that was taken is done."""
        self._n_busy[host] -= 1
        self._make_ready(host)

    def wait_s(self, now_s: float) -> float | None:
        """Return the seconds until `take` has something to give; None where that depends on one that is under way."""
        return max(0.0, self._ready[0][0] - now_s) if self._ready else None

    def _make_ready(self, host: str) -> None:
        if host not in self._is_ready and self._waiting[host] and self._n_busy[host] < self._at_once:
            self._n_added += 1
            heapq.heappush(self._ready, (self._free_at.get(host, 0.0), self._n_added, host))
            self._is_ready.add(host)
