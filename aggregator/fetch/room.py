"""How much of the answers that are coming in may be in memory at once."""

from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Room(Generic[Item]):
    """So many bytes for all that is under way; what came first always goes on, so that something does."""

    def __init__(self, n_bytes: int) -> None:
        self._n_bytes = n_bytes
        self._held: dict[Item, int] = {}
        self._n_held = 0

    def enter(self, item: Item) -> None:
        """Let something come in; it holds nothing yet."""
        self._held[item] = 0

    def is_open_to(self, item: Item) -> bool:
        """Whether more of it may be read now."""
        return self._n_held < self._n_bytes or next(iter(self._held)) is item

    def hold(self, item: Item, n_bytes: int) -> None:
        """Note how much is held of it by now."""
        self._n_held += n_bytes - self._held[item]
        self._held[item] = n_bytes

    def leave(self, item: Item) -> None:
        """Note that it is no longer held."""
        self._n_held -= self._held.pop(item)
