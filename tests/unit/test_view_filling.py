"""Views filled from rows are those that the class itself would make, but for what was not read."""

from dataclasses import FrozenInstanceError, dataclass, fields
from typing import Any

import pytest

from adapters.db.rows import reading_of
from adapters.db.tables import TABLE_OF
from adapters.view_filling import filler, source
from domain.orders.views import OrderView
from domain.ports.inventory import StockView, WarehouseStockView, WarehouseView
from domain.ports.members import MemberView
from domain.ports.products import ProductContentView, ProductView


@dataclass(frozen=True, slots=True)
class Shoe:
    id: str
    size: int | None
    colour: str | None = "red"

    @property
    def is_large(self) -> bool:
        return (self.size or 0) > 45


ALL = ("id", "size", "colour")


def test_a_filled_view_is_what_the_class_would_make() -> None:
    (shoe,) = filler(Shoe, ALL, {})([("a", 46, None)])
    assert shoe == Shoe("a", 46, None)
    assert type(shoe) is Shoe
    assert hash(shoe) == hash(Shoe("a", 46, None))
    assert repr(shoe) == repr(Shoe("a", 46, None))
    assert shoe.is_large


def test_a_filled_view_is_frozen() -> None:
    (shoe,) = filler(Shoe, ALL, {})([("a", 46, None)])
    with pytest.raises(FrozenInstanceError):
        shoe.size = 1  # type: ignore[misc]


def test_a_field_that_was_not_read_is_an_attribute_error() -> None:
    (shoe,) = filler(Shoe, ("colour", "id"), {})([("blue", "a")])
    assert (shoe.id, shoe.colour) == ("a", "blue")
    with pytest.raises(AttributeError, match="size"):
        _ = shoe.size
    with pytest.raises(AttributeError, match="size"):
        _ = shoe.is_large


def test_a_default_is_not_taken_for_what_was_not_read() -> None:
    (shoe,) = filler(Shoe, ("id",), {})([("a",)])
    with pytest.raises(AttributeError, match="colour"):
        _ = shoe.colour


def test_a_converter_sees_every_value_but_none() -> None:
    fill = filler(Shoe, ("id", "size"), {"size": int})
    assert [shoe.size for shoe in fill([("a", "46"), ("b", None)])] == [46, None]


def test_columns_behind_those_of_the_view_are_left_out() -> None:
    fill = filler(Shoe, ("id",), {}, has_more=True)
    assert [shoe.id for shoe in fill([("a", 1, 2), ("b",)])] == ["a", "b"]


def test_rows_of_another_length_are_an_error() -> None:
    with pytest.raises(ValueError, match="unpack"):
        filler(Shoe, ALL, {})([("a", 1)])


def test_no_rows_are_no_views() -> None:
    assert filler(Shoe, ALL, {})([]) == []


def test_a_name_that_the_view_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^Shoe has no \['is_large', 'weight'\]$"):
        filler(Shoe, ("id", "weight", "is_large"), {})


def test_the_text_of_a_filler() -> None:
    assert source(("id", "size"), {"size": int}).splitlines() == [
        "def fill(rows):",
        "    views = []",
        "    for of_id, of_size, in rows:",
        "        one = new(blank_class)",
        "        one.id = of_id",
        "        one.size = None if of_size is None else convert_size(of_size)",
        "        one.__class__ = view_class",
        "        views.append(one)",
        "    return views",
    ]


OTHERS = (MemberView, ProductView, ProductContentView, StockView, WarehouseStockView, WarehouseView)


@pytest.mark.parametrize("view", [*TABLE_OF, *OTHERS], ids=lambda view: view.__name__)
def test_every_view_can_be_filled(view: type[Any]) -> None:
    names = [field.name for field in fields(view)]
    row = tuple(range(len(names)))
    assert filler(view, names, {})([row]) == [view(*row)]


def test_a_reading_has_its_columns_in_the_views_order_with_what_keys_need() -> None:
    assert reading_of(OrderView, frozenset(("status", "number")), "placed_at").names == (
        "id",
        "number",
        "status",
        "placed_at",
    )
    assert reading_of(OrderView, frozenset()).names == ("id",)
    assert reading_of(OrderView).names == tuple(field.name for field in fields(OrderView))


def test_a_reading_is_made_once() -> None:
    assert reading_of(OrderView, frozenset(("status",))) is reading_of(OrderView, frozenset(("status",)))


def test_a_reading_of_a_column_that_the_view_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^OrderView has no \['due_minor'\]$"):
        reading_of(OrderView, frozenset(("due_minor", "status")))
