"""The member service: who buys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.values.paging import PageRequest, Slice


@dataclass(frozen=True, slots=True)
class MemberView:
    id: str
    name: str | None
    level: str | None
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """All that is given must hold; None: not given."""

    id: tuple[str, ...] | None = None
    level: tuple[str, ...] | None = None
    search: str | None = None
    """Every word is the beginning of a word of the name, or the whole is the beginning of the e-mail address."""


class Members(Protocol):
    async def by_ids(self, member_ids: Sequence[str]) -> list[MemberView | None]:
        """N global ids → n results, same order; None: unknown. One round trip. Raises ServiceUnavailable."""
        ...

    async def search(self, query: MemberFilter, page: PageRequest) -> Slice[MemberView]:
        """By id, ascending; position `(id,)`."""
        ...

    async def count(self, query: MemberFilter) -> int: ...
