import base64
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from domain.values.faults import BadRequest
from domain.values.paging import PageRequest
from resolvers.cursors import CursorKind, cursor_of, position_of
from resolvers.paging import page_request

AT = datetime(2024, 2, 29, 12, 30, 1, 123456, tzinfo=UTC)
ROW = SimpleNamespace(
    id="ord_é", sku="A-1", placed_at=AT, updated_at=AT, created_at=AT, total_minor=-(2**63), sequence=7
)
POSITIONS: dict[CursorKind, tuple[Any, ...]] = {
    CursorKind.PLACED_AT_DESC: (AT, "ord_é"),
    CursorKind.PLACED_AT_ASC: (AT, "ord_é"),
    CursorKind.UPDATED_AT_DESC: (AT, "ord_é"),
    CursorKind.UPDATED_AT_ASC: (AT, "ord_é"),
    CursorKind.TOTAL_DESC: (-(2**63), "ord_é"),
    CursorKind.TOTAL_ASC: (-(2**63), "ord_é"),
    CursorKind.PRODUCT: ("A-1",),
    CursorKind.MEMBER: ("ord_é",),
    CursorKind.FULFILLMENT: (AT, "ord_é"),
    CursorKind.AFTER_SALE: (AT, "ord_é"),
    CursorKind.TRANSITION: (7,),
    CursorKind.EXPORT: (AT, "ord_é"),
}


@pytest.mark.parametrize("kind", CursorKind)
def test_a_cursor_leads_back_to_its_position(kind: CursorKind) -> None:
    assert position_of(kind, cursor_of(kind, ROW)) == POSITIONS[kind]


def test_a_cursor_keeps_times_before_1970_to_the_microsecond() -> None:
    row = SimpleNamespace(id="ord_1", placed_at=datetime(1, 1, 1, tzinfo=UTC) + timedelta(microseconds=1))
    assert position_of(CursorKind.PLACED_AT_ASC, cursor_of(CursorKind.PLACED_AT_ASC, row))[0] == row.placed_at


@pytest.mark.parametrize("kind", [kind for kind in CursorKind if kind is not CursorKind.PLACED_AT_DESC])
def test_a_cursor_of_another_list_or_sort_is_refused(kind: CursorKind) -> None:
    with pytest.raises(BadRequest) as refused:
        position_of(kind, cursor_of(CursorKind.PLACED_AT_DESC, ROW))
    assert refused.value.code == "INVALID_CURSOR"
    assert str(refused.value) == "The cursor belongs to another list, or to another order of it."


def changed(cursor: str, index: int) -> str:
    other = "A" if cursor[index] != "A" else "B"
    return cursor[:index] + other + cursor[index + 1 :]


GOOD = cursor_of(CursorKind.PRODUCT, SimpleNamespace(sku="SKU-001"))


@pytest.mark.parametrize("index", range(len(GOOD) - 1))
def test_a_cursor_with_any_sign_changed_is_refused(index: int) -> None:
    with pytest.raises(BadRequest) as refused:
        position_of(CursorKind.PRODUCT, changed(GOOD, index))
    assert refused.value.code == "INVALID_CURSOR"


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        " ",
        "é",
        GOOD[:-3],
        GOOD + "AAAA",
        "A" * 100_000,
        base64.urlsafe_b64encode(b'["PRODUCT","A"]').decode(),
        "2" + GOOD[1:],
        "[]",
        "null",
        "\0",
        "\ud800",
    ],
)
def test_what_was_never_a_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest) as refused:
        position_of(CursorKind.PRODUCT, cursor)
    assert refused.value.code == "INVALID_CURSOR"
    assert str(refused.value) == "The cursor is not one that was given out here."


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (SimpleNamespace(sku="A\0"), CursorKind.PRODUCT),
        (SimpleNamespace(sku=1), CursorKind.PRODUCT),
        (SimpleNamespace(sequence="1"), CursorKind.TRANSITION),
        (SimpleNamespace(sequence=True), CursorKind.TRANSITION),
        (SimpleNamespace(sequence=2**63), CursorKind.TRANSITION),
        (SimpleNamespace(id="a", placed_at=2**62), CursorKind.PLACED_AT_ASC),
    ],
)
def test_a_forged_position_that_no_column_holds_is_refused(row: Any, kind: CursorKind) -> None:
    with pytest.raises(BadRequest) as refused:
        position_of(kind, cursor_of(kind, row))
    assert refused.value.code == "INVALID_CURSOR"


def test_a_page_is_twenty_from_the_beginning_by_default() -> None:
    assert page_request(CursorKind.PRODUCT) == PageRequest(limit=20)


def test_a_page_from_the_end_is_backward() -> None:
    asked = page_request(CursorKind.PRODUCT, last=5, before=GOOD)
    assert asked == PageRequest(limit=5, before=("SKU-001",), is_backward=True)


@pytest.mark.parametrize("limit", [0, 100])
def test_the_limits_themselves_are_allowed(limit: int) -> None:
    assert page_request(CursorKind.PRODUCT, first=limit) == PageRequest(limit=limit)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"first": -1}, "first must be between 0 and 100; it is -1."),
        ({"first": 101}, "first must be between 0 and 100; it is 101."),
        ({"last": -1}, "last must be between 0 and 100; it is -1."),
        ({"last": 101}, "last must be between 0 and 100; it is 101."),
        ({"first": 1, "last": 1}, "Take a page from the beginning (first) or from the end (last), not both."),
        ({"first": 0, "last": 0}, "Take a page from the beginning (first) or from the end (last), not both."),
    ],
)
def test_pages_beyond_the_limits_are_bad_requests(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        page_request(CursorKind.PRODUCT, **arguments)
    assert refused.value.code == "BAD_REQUEST"
    assert str(refused.value) == message
