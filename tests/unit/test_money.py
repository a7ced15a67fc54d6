from decimal import Decimal

import pytest

from domain.values.ids import OWN_KINDS, IdKind, foreign_id, foreign_key, kind_of, new_id, uuid7
from domain.values.money import MAX_MINOR, InvalidMoney, Money, at_rate, minor_digits, share

AT_MS = 1_700_000_000_000


@pytest.mark.parametrize(
    ("amount", "currency", "amount_minor"),
    [
        ("12.34", "EUR", 1234),
        ("12.3", "EUR", 1230),
        ("12.340", "EUR", 1234),
        ("-0.01", "USD", -1),
        ("0", "JPY", 0),
        ("1E+3", "JPY", 1000),
        ("0.001", "KWD", 1),
        ("10000000000000.00", "BRL", MAX_MINOR),
    ],
)
def test_an_amount_becomes_minor_units_and_back(amount: str, currency: str, amount_minor: int) -> None:
    money = Money.of(Decimal(amount), currency)
    assert money == Money(amount_minor, currency)
    assert money.amount == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency", "message"),
    [
        ("12.345", "EUR", "EUR has 2 decimal digits; 12.345 has more."),
        ("0.5", "JPY", "JPY has 0 decimal digits; 0.5 has more."),
        ("0.0001", "KWD", "KWD has 3 decimal digits; 0.0001 has more."),
        ("10.0000000000000000000000000001", "EUR", "An amount has at most 28 digits."),
        ("1", "XXX", "'XXX' is not a currency that is traded here."),
        ("1", "eur", "'eur' is not a currency that is traded here."),
        ("NaN", "EUR", "An amount must be a finite number."),
        ("Infinity", "EUR", "An amount must be a finite number."),
        ("1E+999999", "EUR", "An amount must be a finite number."),
        ("10000000000000.01", "EUR", "10000000000000.01 EUR is out of range."),
        ("-10000000000000.01", "EUR", "-10000000000000.01 EUR is out of range."),
    ],
)
def test_what_cannot_be_money_is_refused(amount: str, currency: str, message: str) -> None:
    with pytest.raises(InvalidMoney) as refused:
        Money.of(Decimal(amount), currency)
    assert str(refused.value) == message


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("EUR", 2), ("BRL", 2), ("KWD", 3)])
def test_currencies_have_their_own_digits(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    ("amount_minor", "rate", "expected"),
    [(1000, "0.19", 190), (50, "0.05", 3), (49, "0.05", 2), (-50, "0.05", -3), (10**15, "0.075", 75 * 10**12)],
)
def test_a_rate_rounds_half_away_from_zero(amount_minor: int, rate: str, expected: int) -> None:
    assert at_rate(amount_minor, Decimal(rate)) == expected


@pytest.mark.parametrize(
    ("amount_minor", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (2, [1, 1, 1], [1, 1, 0]),
        (185, [2700, 999], [135, 50]),
        (10, [0, 5, 0], [0, 10, 0]),
        (5, [0, 0], [3, 2]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (0, [3, 4], [0, 0]),
        (7, [], []),
    ],
)
def test_shares_go_to_the_largest_remainder_then_to_the_earlier(
    amount_minor: int, weights: list[int], parts: list[int]
) -> None:
    assert share(amount_minor, weights) == parts


def test_a_uuid7_has_its_time_version_and_variant() -> None:
    assert uuid7(AT_MS, b"\xff" * 10) == "018bcfe568007fffbfffffffffffffff"
    assert uuid7(AT_MS, b"\x00" * 10) == "018bcfe5680070008000000000000000"


def test_new_ids_sort_by_the_time_they_were_made() -> None:
    earlier, later = new_id(IdKind.ORDER, AT_MS), new_id(IdKind.ORDER, AT_MS + 1)
    assert earlier < later
    assert kind_of(earlier) is IdKind.ORDER


@pytest.mark.parametrize("kind", sorted(OWN_KINDS))
def test_an_id_of_our_own_kind_is_a_prefix_and_32_hexadecimal_digits(kind: IdKind) -> None:
    assert kind_of(f"{kind}{'0' * 31}f") is kind
    assert kind_of(f"{kind}{'0' * 31}") is None
    assert kind_of(f"{kind}{'0' * 31}F") is None


@pytest.mark.parametrize("text", ["", "ord", "ord_", "xxx_1", "mbr_", "mbr_a b", "mbr_\n", "mbr_é", f"mbr_{'x' * 101}"])
def test_what_cannot_be_an_id_has_no_kind(text: str) -> None:
    assert kind_of(text) is None


def test_a_key_of_another_service_travels_in_an_id() -> None:
    member_id = foreign_id(IdKind.MEMBER, "42/a")
    assert member_id == "mbr_42/a"
    assert kind_of(member_id) is IdKind.MEMBER
    assert foreign_key(IdKind.MEMBER, member_id) == "42/a"
    assert foreign_key(IdKind.PRODUCT, member_id) is None
