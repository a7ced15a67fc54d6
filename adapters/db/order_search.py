"""What of an order can be found by searching, and how a search is written for PostgreSQL.

An order has *keys*, found whole by their beginning (its number, external number, SKUs, tracking numbers), and *words* (of the
buyer's and the products' names), each found by its beginning. Both sides, what is stored and what is asked, are folded here and
not in the database: with the locale "C" it knows neither capital letters beyond ASCII nor where a word ends.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple

from adapters.db.text_values import is_storable
from domain.orders.views import OrderLineView, OrderView, ShipmentView

LEXEME_MAX_BYTES: Final = 2046
"""PostgreSQL's own limit, beyond which storing and asking are errors: such a text is not stored, and finds nothing."""

_WORD: Final = re.compile(r"[^\W_]+")
_QUOTED: Final = str.maketrans({"'": "''", "\\": "\\\\"})


class Searchable(NamedTuple):
    """The columns `search_keys` and `search_text`."""

    search_keys: list[str]
    search_text: str


class SearchTerms(NamedTuple):
    """Two `tsquery` texts: of the keys, and of the words. An empty one finds nothing."""

    keys: str
    words: str


def searchable(order: OrderView, lines: Iterable[OrderLineView], shipments: Iterable[ShipmentView] = ()) -> Searchable:
    lines = tuple(lines)
    keys = [order.number, order.external_number, *(line.sku for line in lines), *(s.tracking_number for s in shipments)]
    names = [order.buyer_name, *(line.name for line in lines)]
    return Searchable(_stored(_fold(key) for key in keys if key), " ".join(_stored(_words(names))))


def search_terms(search: str | None) -> SearchTerms | None:
    """None: there is nothing to search for."""
    asked = _fold(search or "")
    if not asked:
        return None
    words = list(dict.fromkeys(_words([asked])))
    terms = [_prefix(word) for word in words if _is_lexeme(word)]
    return SearchTerms(
        _prefix(asked) if _is_lexeme(asked) else "", " & ".join(terms) if len(terms) == len(words) else ""
    )


def _words(texts: Iterable[str | None]) -> Iterable[str]:
    return (word for text in texts if text for word in _WORD.findall(_fold(text)))


def _stored(lexemes: Iterable[str]) -> list[str]:
    return [lexeme for lexeme in dict.fromkeys(lexemes) if _is_lexeme(lexeme)]


def _fold(text: str) -> str:
    """Alike however it was typed: wide and narrow forms, capital and small letters (UAX 15, default caseless matching)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def _is_lexeme(text: str) -> bool:
    return is_storable(text) and 0 < len(text.encode()) <= LEXEME_MAX_BYTES


def _prefix(lexeme: str) -> str:
    return f"'{lexeme.translate(_QUOTED)}':*"
