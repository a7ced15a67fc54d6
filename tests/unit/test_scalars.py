from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLError

from schema.types.scalars import (
    read_big_int,
    read_date_time,
    read_decimal,
    write_big_int,
    write_date_time,
    write_decimal,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("2024-02-29t12:00:00z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        ("2024-02-29T12:00:00+05:30", datetime(2024, 2, 29, 6, 30, tzinfo=UTC)),
        ("2024-02-29T12:00:00.5-01:00", datetime(2024, 2, 29, 13, 0, 0, 500_000, tzinfo=UTC)),
        ("2024-02-29T12:00:00.123456789Z", datetime(2024, 2, 29, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2024-02-29T12:00:00-00:00", datetime(2024, 2, 29, 12, tzinfo=UTC)),
    ],
)
def test_a_time_with_an_offset_is_read_into_utc(text: str, expected: datetime) -> None:
    read = read_date_time(text)
    assert (read, read.tzinfo) == (expected, UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2024-02-29T12:00:00",
        "2024-02-29 12:00:00Z",
        "2024-02-29",
        "2024-02-29T12:00Z",
        "2024-02-29T12:00:00+0530",
        "2024-02-29T12:00:00+24:00",
        "2023-02-29T12:00:00Z",
        "2024-02-29T24:00:00Z",
        "2024-02-29T12:00:60Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "0000-01-01T00:00:00Z",
        "2024-02-29T12:00:00Z ",
        "٢٠٢٤-02-29T12:00:00Z",
        "",
        1_700_000_000,
        None,
    ],
)
def test_what_is_no_time_with_an_offset_is_refused(value: Any) -> None:
    with pytest.raises(GraphQLError):
        read_date_time(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2024, 2, 29, 12, tzinfo=UTC), "2024-02-29T12:00:00Z"),
        (datetime(2024, 2, 29, 12, 0, 0, 1, tzinfo=UTC), "2024-02-29T12:00:00.000001Z"),
        (datetime(2024, 2, 29, 12, tzinfo=timezone(timedelta(hours=2))), "2024-02-29T10:00:00Z"),
    ],
)
def test_a_time_is_written_in_utc(value: datetime, text: str) -> None:
    assert write_date_time(value) == text


@pytest.mark.parametrize("value", [datetime(2024, 2, 29), "2024-02-29T12:00:00Z", None])  # noqa: DTZ001  that is the point
def test_a_time_without_an_offset_is_never_written(value: Any) -> None:
    with pytest.raises(TypeError):
        write_date_time(value)


@pytest.mark.parametrize(
    "text", ["0", "-0.00", "12.50", "007", "1" * 28, f"0.{'1' * 27}", "-9999999999999999999999999999"]
)
def test_a_decimal_is_read_from_a_string(text: str) -> None:
    assert read_decimal(text) == Decimal(text)


@pytest.mark.parametrize(
    "value", ["", "NaN", "Infinity", "1e5", ".5", "5.", "+1", "1,5", " 1", "1_0", "٣", "1" * 29, 5, 1.5, True, None]
)
def test_what_is_no_exact_decimal_is_refused(value: Any) -> None:
    with pytest.raises(GraphQLError):
        read_decimal(value)


@pytest.mark.parametrize(
    ("value", "text"), [(Decimal("12.50"), "12.50"), (Decimal("1E+3"), "1000"), (Decimal("-0.01"), "-0.01")]
)
def test_a_decimal_is_written_without_an_exponent(value: Decimal, text: str) -> None:
    assert write_decimal(value) == text


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), 1.5, 1, "1"])
def test_what_is_no_finite_decimal_is_never_written(value: Any) -> None:
    with pytest.raises(TypeError):
        write_decimal(value)


def test_a_big_int_travels_as_a_string() -> None:
    assert (read_big_int("-9223372036854775809"), write_big_int(2**70)) == (-(2**63) - 1, str(2**70))


@pytest.mark.parametrize("value", ["", "1.0", "1e3", "1" * 29, 5, None])
def test_what_is_no_big_int_is_refused(value: Any) -> None:
    with pytest.raises(GraphQLError):
        read_big_int(value)


@pytest.mark.parametrize("value", [True, 1.0, "1"])
def test_what_is_no_whole_number_is_never_written(value: Any) -> None:
    with pytest.raises(TypeError):
        write_big_int(value)
