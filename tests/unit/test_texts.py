"""Texts that cannot be kept are found wherever they stand, and named as callers name them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from domain.actions.transactions import Call
from domain.orders.commands import CancelOrder, LineQuantity, PlaceOrder, PlaceOrderLine, Wish
from domain.orders.views import Address
from domain.values.money import Money
from domain.values.refusals import InvalidInput
from domain.values.texts import is_sound_json, is_text, text_problems

WISH = Wish("acme", "web", "mbr_anna", (PlaceOrderLine("TEE", 1), PlaceOrderLine("MUG", 2)))


def found(command: Any) -> list[tuple[str, str]]:
    return [(".".join(problem.path), problem.code) for problem in text_problems(command)]


def test_a_nul_and_half_of_a_surrogate_pair_are_no_text() -> None:
    texts = ("", "a", "é", "日本", "😀", "\0", "a\0b", "é\0", "\ud800", "a\udfff")
    assert [is_text(text) for text in texts] == [True] * 5 + [False] * 5


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"channel": "web\0"}, "channel"),
        ({"lines": (PlaceOrderLine("TEE", 1), PlaceOrderLine("MUG\0", 1))}, "lines.1.sku"),
        ({"lines": (PlaceOrderLine("TEE", 1, {"size": ["\ud800"]}),)}, "lines.0.options.size.0"),
        ({"lines": (PlaceOrderLine("TEE", 1, {"k\0": 1}),)}, "lines.0.options."),
        ({"coupon_codes": ("A", "B\0")}, "couponCodes.1"),
        (
            {"shipping_address": Address("A", None, "DE", None, "Berlin", "Allee 1", None, "\0")},
            "shippingAddress.postalCode",
        ),
    ],
)
def test_the_path_is_the_callers_who_knows_no_wish(changes: dict[str, Any], path: str) -> None:
    assert found(PlaceOrder("k", replace(WISH, **changes))) == [(path, "INVALID_TEXT")]


def test_every_problem_is_told_in_the_order_of_the_command() -> None:
    command = CancelOrder("ord_\0", "no\0", (LineQuantity("lin_\0", 1),), idempotency_key="k\0")
    assert [path for path, _ in found(command)] == ["orderId", "reason", "lines.0.lineId", "idempotencyKey"]


def test_json_nested_without_end_is_too_deep_and_twenty_levels_are_not() -> None:
    def nested(depth: int) -> Any:
        return {"a": nested(depth - 1)} if depth else 1

    assert found(PlaceOrder("k", WISH, attributes=nested(19))) == []
    assert found(PlaceOrder("k", WISH, attributes=nested(500))) == [("attributes" + ".a" * 19, "TOO_DEEP")]


def test_json_is_sound_unless_it_may_hold_a_problem() -> None:
    def is_sound(value: Any) -> bool:
        return is_sound_json(json.dumps(value, ensure_ascii=False))

    assert [is_sound(value) for value in ("", "a", ["é", {"日本": "😀"}], [[1]] * 19)] == [True] * 4
    assert [is_sound(value) for value in ("\0", {"a\0": 1}, ["\ud800"], [[1]] * 20)] == [False] * 4
    assert not is_sound("\\u0000"), "not sure"


@pytest.mark.parametrize(
    "changes",
    [
        {"idempotency_key": "k\0"},
        {"idempotency_key": "k\ud800"},
        {"external_number": "x\0"},
        {"attributes": {"a": ["\udfff"]}},
        {"attributes": {"a\0": 1}},
        {"wish": replace(WISH, channel="web\0")},
        {"attributes": json.loads("[" * 50 + "]" * 50)},
    ],
)
def test_a_call_has_the_problems_of_its_command(changes: dict[str, Any]) -> None:
    command = replace(PlaceOrder("k", WISH), **changes)
    problems = tuple(text_problems(command))
    call = Call.of("placeOrder", command)
    assert call.problem == InvalidInput(path=problems[0].path, problems=problems)
    assert (call.key, call.fingerprint) == (None, "")


def test_a_call_of_a_command_nested_without_end_is_too_deep() -> None:
    endless: list[Any] = []
    for _ in range(5000):
        endless = [endless]
    call = Call.of("placeOrder", PlaceOrder("k", WISH, attributes={"a": endless}))
    assert call.problem is not None
    assert [problem.code for problem in call.problem.problems] == ["TOO_DEEP"]


def test_a_fingerprint_covers_the_whole_command_but_for_the_key() -> None:
    command = PlaceOrder("k", WISH, attributes={"b": 1, "a": "\\u0000"}, expected_total=Money(1999, "EUR"))
    fingerprint = Call.of("placeOrder", command).fingerprint
    assert Call.of("placeOrder", replace(command, idempotency_key="other")).fingerprint == fingerprint
    assert Call.of("placeOrder", replace(command, attributes={"a": "\\u0000", "b": 1})).fingerprint == fingerprint
    others = (
        replace(command, external_number="x"),
        replace(command, wish=replace(WISH, lines=WISH.lines[:1])),
        replace(command, expected_total=Money(1999, "USD")),
    )
    assert fingerprint not in {Call.of("placeOrder", other).fingerprint for other in others}


def test_a_sound_command_has_no_problem() -> None:
    assert found(PlaceOrder("k", WISH, external_number="é", attributes={"a": [None, 1.5, True, {"b": "日本"}]})) == []
