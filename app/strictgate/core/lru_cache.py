"""A cache with a weight for each value: the least recently used leave when there is no room.

It knows no clock and no locks: it belongs to one thread.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class LruCache(Generic[Key, Value]):
    """Values by key, that weigh no more than `capacity` together; weights are bytes."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._weight = 0
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    @property
    def weight(self) -> int:
        """Of all values together."""
        return self._weight

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: Key) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[Key]:
        """Yield the keys, the least recently used first; nothing may be removed meanwhile."""
        return iter(self._entries)

    def get(self, key: Key) -> Value | None:
        """Return the value of `key`, which is then the most recently used; None: there is none."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Key, value: Value, weight: int) -> None:
        """Keep `value` in place of what `key` had; one that is heavier than all may be is not."""
        self.remove(key)
        if weight > self._capacity:
            return
        self._entries[key] = value, weight
        self._weight += weight
        while self._weight > self._capacity:
            self.remove(next(iter(self._entries)))

    def remove(self, key: Key) -> None:
        """Forget `key`, whether it is there or not."""
        if key in self._entries:
            self._weight -= self._entries.pop(key)[1]
