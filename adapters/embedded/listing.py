"""A table as a list: filtered by its columns, searched by words or a prefix, read in keyset pages by its key, ascending.

A statement is built once per shape (the names of what is given, the direction) and reused for all values.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    collate,
    func,
    literal_column,
    or_,
    select,
)

from adapters.embedded.connection import is_storable, storable
from adapters.sql import Reader, Statement, prepare
from domain.values.paging import PageRequest, Slice

_LAST_SIGN: Final = "\U0010ffff"
"""Sorts behind every other: in the collation "C", what begins with a prefix lies between it and the prefix with this sign."""
_CONFIGURATION: Final[ColumnElement[Any]] = literal_column("'simple'::regconfig")
_LEXEME_MAX_BYTES: Final = 2046
_WORD: Final = re.compile(r"[^\W_]+")

Given = Mapping[str, tuple[str, ...] | None]
"""Column → the values it may have; None: any."""


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    columns: Sequence[ColumnElement[Any]]
    key: Column[str]
    filters: Mapping[str, Column[str]]
    words: Column[Any]
    """A tsvector of the words that are searched by their beginnings."""
    prefixed: Column[str]
    """The text that a search may be the beginning of, in either case."""

    async def page(self, reader: Reader, given: Given, search: str | None, page: PageRequest) -> Slice[Any]:
        """Rows of `columns`."""
        values = _values(given, search) | _ends(page)
        statement = _page_statement(self, tuple(values), page.is_backward)
        return _slice(await reader.rows(statement, limit=page.limit + 1, **values), page)

    async def count(self, reader: Reader, given: Given, search: str | None) -> int:
        values = _values(given, search)
        count: int = await reader.value(_count_statement(self, tuple(values)), **values)
        return count


def _values(given: Given, search: str | None) -> dict[str, Any]:
    values: dict[str, Any] = {name: storable(keys) for name, keys in given.items() if keys is not None}
    if asked := "".join(sign if is_storable(sign) else " " for sign in search or "").strip():
        values |= {"search": asked, "query": _query(_WORD.findall(asked))}
    return values


def _query(words: Sequence[str]) -> str:
    """A tsquery of the words' beginnings. Empty finds nothing; so does a word that is too long to be stored."""
    if any(len(word.encode()) > _LEXEME_MAX_BYTES for word in words):
        return ""
    return " & ".join(f"{word}:*" for word in words)


def _ends(page: PageRequest) -> dict[str, Any]:
    return {name: end[0] for name, end in (("after", page.after), ("before", page.before)) if end is not None}


@functools.lru_cache(maxsize=256)
def _page_statement(listing: Listing, names: tuple[str, ...], is_backward: bool) -> Statement:
    order = listing.key.desc() if is_backward else listing.key.asc()
    rows = select(*listing.columns).order_by(order).limit(bindparam("limit"))
    return prepare(_restricted(rows, listing, names))


@functools.lru_cache(maxsize=256)
def _count_statement(listing: Listing, names: tuple[str, ...]) -> Statement:
    return prepare(_restricted(select(func.count()).select_from(listing.key.table), listing, names))


def _restricted(rows: Select[Any], listing: Listing, names: tuple[str, ...]) -> Select[Any]:
    conditions = {
        **{name: column == any_(bindparam(name, type_=ARRAY(Text))) for name, column in listing.filters.items()},
        "after": listing.key > bindparam("after", type_=Text),
        "before": listing.key < bindparam("before", type_=Text),
        "search": _found(listing),
    }
    return rows.where(*(condition for name, condition in conditions.items() if name in names))


def _found(listing: Listing) -> ColumnElement[bool]:
    text, start = func.lower(listing.prefixed), func.lower(bindparam("search", type_=Text))
    words = func.to_tsquery(_CONFIGURATION, func.lower(collate(bindparam("query", type_=Text), "pg_c_utf8")))
    return or_(listing.words.op("@@")(words), and_(text >= start, text < start.concat(_LAST_SIGN)))


def _slice(rows: list[Any], page: PageRequest) -> Slice[Any]:
    has_more, items = len(rows) > page.limit, rows[: page.limit]
    if page.is_backward:
        return Slice(tuple(reversed(items)), has_next=page.before is not None, has_previous=has_more)
    return Slice(tuple(items), has_next=has_more, has_previous=page.after is not None)
