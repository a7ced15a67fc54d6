import pytest

from domain.inventory.allocation import Lack, Pick, allocate


def test_nothing_wanted_nothing_taken() -> None:
    assert allocate([], {}) == {}


def test_one_warehouse_with_everything_is_taken_alone() -> None:
    stock = {"A": {"W1": 5, "W2": 1, "W3": 2}, "B": {"W1": 0, "W2": 9, "W3": 1}}
    assert allocate([("l1", "A", 2), ("l2", "B", 1)], stock) == {"l1": (Pick("W3", 2),), "l2": (Pick("W3", 1),)}


def test_of_equal_warehouses_the_first_code_is_taken() -> None:
    assert allocate([("l1", "A", 2)], {"A": {"W2": 9, "W1": 2}}) == {"l1": (Pick("W1", 2),)}


def test_where_none_has_everything_the_most_useful_come_first() -> None:
    stock = {"A": {"W1": 1, "W2": 3}, "B": {"W2": 2}, "C": {"W1": 1, "W3": 1}}
    assert allocate([("l1", "A", 3), ("l2", "B", 2), ("l3", "C", 1)], stock) == {
        "l1": (Pick("W2", 3),),
        "l2": (Pick("W2", 2),),
        "l3": (Pick("W1", 1),),
    }


def test_a_line_is_taken_apart_only_when_it_must_be() -> None:
    assert allocate([("l1", "A", 5)], {"A": {"W1": 1, "W2": 3, "W3": 1}}) == {
        "l1": (Pick("W2", 3), Pick("W1", 1), Pick("W3", 1))
    }


def test_a_sku_comes_from_a_chosen_warehouse_that_has_enough_of_it() -> None:
    # W1 is chosen first (3 + 3 units), W2 for the rest of B: then all of B may as well come from W2.
    stock = {"A": {"W1": 3}, "B": {"W1": 3, "W2": 4}}
    assert allocate([("l1", "A", 3), ("l2", "B", 4)], stock) == {"l1": (Pick("W1", 3),), "l2": (Pick("W2", 4),)}


def test_a_warehouse_that_later_choices_make_needless_is_dropped() -> None:
    # W1 has the most units (4), but W2 and W3 have everything between them.
    stock = {"A": {"W1": 2, "W2": 3}, "B": {"W1": 2, "W3": 3}}
    assert allocate([("l1", "A", 3), ("l2", "B", 3)], stock) == {"l1": (Pick("W2", 3),), "l2": (Pick("W3", 3),)}


def test_lines_of_one_sku_share_its_stock_in_their_order() -> None:
    demands = [("l1", "A", 2), ("l2", "A", 2), ("l3", "A", 1)]
    assert allocate(demands, {"A": {"W1": 3, "W2": 2}}) == {
        "l1": (Pick("W1", 2),),
        "l2": (Pick("W1", 1), Pick("W2", 1)),
        "l3": (Pick("W2", 1),),
    }


def test_lines_of_one_sku_lack_together() -> None:
    assert allocate([("l1", "A", 2), ("l2", "A", 2)], {"A": {"W1": 3}}) == (Lack("A", 4, 3),)


def test_every_sku_that_lacks_is_named_in_the_order_of_the_lines() -> None:
    demands = [("l1", "B", 2), ("l2", "A", 1), ("l3", "C", 1)]
    assert allocate(demands, {"B": {"W1": 1}, "C": {"W1": 1}}) == (Lack("B", 2, 1), Lack("A", 1, 0))


def test_stock_below_zero_counts_as_none() -> None:
    stock = {"A": {"W1": -5, "W2": 2}}
    assert allocate([("l1", "A", 2)], stock) == {"l1": (Pick("W2", 2),)}
    assert allocate([("l1", "A", 3)], stock) == (Lack("A", 3, 2),)


@pytest.mark.parametrize("codes", [("W1", "W2", "W3"), ("W3", "W2", "W1")])
def test_the_order_in_which_stock_is_read_does_not_matter(codes: tuple[str, ...]) -> None:
    assert allocate([("l1", "A", 4)], {"A": dict.fromkeys(codes, 2)}) == {"l1": (Pick("W1", 2), Pick("W2", 2))}
