"""Operations that were read and checked before, by their text. Bounded by number and by the size of the texts."""

from collections import OrderedDict
from typing import Final

from schema.execution.document import Operation

MAX_OPERATIONS: Final = 1_000
MAX_CHARACTERS: Final = 8_000_000
"""Of all texts: what is made of a text is some tens of times its size."""
Key = tuple[str, str | None]


class OperationCache:
    """The least recently used one goes first. Only valid operations are to be put in."""

    def __init__(self, operations: int = MAX_OPERATIONS, characters: int = MAX_CHARACTERS) -> None:
        self._kept: OrderedDict[Key, Operation] = OrderedDict()
        self._most = operations
        self._room = characters
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Operation | None:
        found = self._kept.get(key)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end(key)
        return found

    def put(self, key: Key, operation: Operation) -> None:
        if key in self._kept:
            return
        self._kept[key] = operation
        self._room -= len(key[0])
        while self._kept and (len(self._kept) > self._most or self._room < 0):
            (text, _), _ = self._kept.popitem(last=False)
            self._room += len(text)
