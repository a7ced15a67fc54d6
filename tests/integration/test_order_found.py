"""Searching orders: keys by their beginning, words of names by theirs; any text is safe."""

import random
import string

import pytest

from adapters.db.engine import Database
from adapters.db.order_views import SqlOrderViews
from domain.access.viewer import EVERYTHING
from domain.ports.order_views import OrderFilter, OrderQuery
from domain.values.enums import OrderSort
from domain.values.paging import PageRequest
from tests.fixtures.order_rows import fulfillment, insert, line, order, shipment

pytestmark = pytest.mark.anyio

A = order("a", number="ORD-2026-001", external_number="EXT/77:A", buyer_name="Émile O'Neil")
B = order("b", number="ORD-2026-002", external_number="2026-X", buyer_name="Ann Lee")
C = order("c", number="ZZZ-9", buyer_name="李小龍 Bruce")
PART = fulfillment(C, "c")
ROWS = (
    A,
    B,
    C,
    line(A, "a", sku="SHIRT_BLUE-XL", name="Blue T-shirt 5.5 & more"),
    line(B, "b", sku="MUG'1", name="Tasse à café (groß)"),
    line(C, "c", sku="ord", name="Lee's nunchaku"),
    PART,
    shipment(PART, "c", tracking_number="JD0012 345"),
)


@pytest.fixture
async def views(database: Database) -> SqlOrderViews:
    await insert(database, *ROWS)
    return SqlOrderViews(database)


async def found(views: SqlOrderViews, search: str, given: OrderFilter | None = None) -> str:
    query = OrderQuery(EVERYTHING, given or OrderFilter(), search, OrderSort.TOTAL_ASC)
    page = await views.page(query, PageRequest(100))
    return " ".join(view.id.removeprefix("ord_") for view in page.items)


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("ORD-2026-001", "a"),
        ("ord-2026", "a b"),
        ("ORD-2026-0011", ""),
        ("RD-2026", ""),
        ("ord", "a b c"),
        ("2026", "b"),
        ("ext/77", "a"),
        ("EXT/77:a", "a"),
        ("EXT 77", ""),
        ("JD0012", "c"),
        ("jd0012 34", "c"),
        ("shirt_b", "a"),
        ("mug'1", "b"),
        ("émile", "a"),
        ("ÉMI", "a"),
        ("o'neil", "a"),
        ("neil em", ""),
        ("neil ÉM", "a"),
        ("lee", "b c"),
        ("lee ann", "b"),
        ("ann bruce", ""),
        ("李小", "c"),
        ("小龍", ""),
        ("t-shirt blue", "a"),
        ("5.5", "a"),
        ("GROSS", "b"),
        ("groß café", "b"),
        ("ｂｌｕｅ", "a"),
        ("blue ord", ""),
        ("  Blue  ", "a"),
        ("&", ""),
        ("!", ""),
    ],
)
async def test_what_a_search_finds(views: SqlOrderViews, search: str, ids: str) -> None:
    assert await found(views, search) == ids


@pytest.mark.parametrize("blank", ["", "   ", "\n\t", "\u3000"])
async def test_a_blank_search_finds_all(views: SqlOrderViews, blank: str) -> None:
    assert await found(views, blank) == "a b c"


async def test_a_search_narrows_what_is_filtered(views: SqlOrderViews) -> None:
    assert await found(views, "lee", OrderFilter(number=("ZZZ-9", "ORD-2026-001"))) == "c"


HOSTILE = [
    "'", "''", "'':*", "\\", "\\'", ":*", "(", "%", "_", "--", "\0", "\ud800", "\u202e", "😀", "e\u0301x", "$1", "a & b", "a | b",
    "a <-> z", "; DROP TABLE orders", "\u0627\ufdfa" * 250, "x" * 500, "日" * 500, "' " * 250, "\\'" * 250,
]  # fmt: skip


@pytest.mark.parametrize("search", HOSTILE)
async def test_signs_of_a_query_language_are_only_text(views: SqlOrderViews, search: str) -> None:
    assert await found(views, search) == ""


@pytest.mark.parametrize(
    "search", ["a:*", "a\\", "!a", "a " * 250, "'a' & 'ann'", "ann\0", "(ann", "'ANN':*", "ann\ud800"]
)
async def test_a_word_among_such_signs_is_found(views: SqlOrderViews, search: str) -> None:
    assert await found(views, search) == "b"


async def test_random_text_is_safe(views: SqlOrderViews) -> None:
    signs = random.Random(7)
    alphabet = string.printable + "é李ßﷺ\u0301\u200d😀\\'\\':&|!()<->*"
    for _ in range(300):
        await found(views, "".join(signs.choices(alphabet, k=signs.randrange(1, 40))))


@pytest.mark.parametrize("name", ["1e5b2", "0x1f", "5e", "émile", "12ab34", "9.5", "ИВАН"])
async def test_a_name_is_found_by_each_of_its_beginnings(database: Database, name: str) -> None:
    await insert(database, order("a", number="#", buyer_name=name))
    views = SqlOrderViews(database)
    assert [await found(views, name[:end]) for end in range(1, len(name) + 1)] == ["a"] * len(name)
    assert await found(views, name + "0") == ""
