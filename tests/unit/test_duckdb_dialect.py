"""DuckDB's words: what they are in its SQL, and that they reckon exactly."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, DateTime, Numeric, Text, bindparam, cast, select

from adapters.analytics_words import Quotient, ShareRest, WholeShare, bucket
from adapters.olap.bounds import bounds_of
from adapters.olap.duckdb_dialect import DuckDbDialect
from adapters.sql import compiled_for
from domain.analytics.calendar import bucket_of, zone_of
from domain.analytics.plan import Cut, Having
from domain.values.enums import Measure, TimeGrain
from tests.fixtures.engine_values import AMOUNTS, ZONES

DIALECT = DuckDbDialect()  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def connection() -> Any:
    with duckdb.connect() as found:
        yield found


def answer(connection: Any, *clauses: Any, **values: Any) -> Any:
    compiled = compiled_for(select(*clauses), DIALECT)
    return connection.execute(compiled.text, compiled.arguments(values)).fetchall()[0]


def whole(name: str) -> Any:
    return bindparam(name, type_=BigInteger())


@given(amount=AMOUNTS, weight=AMOUNTS, over=st.integers(1, 2**63 - 1))
def test_shares_are_exact_beyond_64_bits(connection: Any, amount: int, weight: int, over: int) -> None:
    weight = min(weight, over)
    clauses = (kind(whole("amount"), whole("weight"), whole("over")) for kind in (WholeShare, ShareRest))
    assert answer(connection, *clauses, amount=amount, weight=weight, over=over) == divmod(amount * weight, over)


@given(
    at=st.datetimes(datetime(1975, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001  made aware below
    grain=st.sampled_from(TimeGrain),
    zone=st.sampled_from(ZONES),
)
def test_buckets_are_those_of_the_calendar(connection: Any, at: datetime, grain: TimeGrain, zone: str) -> None:
    at = at.replace(tzinfo=UTC)
    clause = bucket(grain, bindparam("at", type_=DateTime(timezone=True)), bindparam("zone", type_=Text()))
    (found,) = answer(connection, clause, at=at, zone=zone)
    expected = bucket_of(at, grain, zone_of(zone))
    assert found == (expected.replace(tzinfo=None) if isinstance(expected, datetime) else expected)


def test_the_hour_that_comes_twice_is_two(connection: Any) -> None:
    clause = bucket(TimeGrain.HOUR, bindparam("at", type_=DateTime(timezone=True)), bindparam("zone", type_=Text()))
    first = datetime(2026, 10, 25, 0, 10, tzinfo=UTC)
    found = [answer(connection, clause, at=first + timedelta(hours=n), zone="Europe/Berlin")[0] for n in range(3)]
    assert found == [datetime(2026, 10, 25, hour) for hour in range(3)]  # noqa: DTZ001  as DuckDB hands them out


def test_a_week_begins_on_monday(connection: Any) -> None:
    clause = bucket(TimeGrain.WEEK, bindparam("at", type_=DateTime(timezone=True)), bindparam("zone", type_=Text()))
    assert answer(connection, clause, at=datetime(2026, 3, 29, 23, tzinfo=UTC), zone="UTC") == (date(2026, 3, 23),)


def test_quotients_keep_the_order_that_doubles_lose(connection: Any) -> None:
    clauses = [Quotient(whole("whole"), whole("divisor"))]
    near = [answer(connection, *clauses, whole=10**18 + one, divisor=7)[0] for one in range(3)]
    assert near == sorted(set(near))
    assert answer(connection, *clauses, whole=1, divisor=3) == (333_333_333_333_333,)


@pytest.mark.parametrize(
    ("measure", "gte", "lte", "expected"),
    [
        (Measure.NET, "12.50", None, {"having_0_gte": "12.500000000"}),
        (Measure.CANCEL_RATE, "0.33333333333", "0.33333333333", {"having_0_gte": "0.333333334", "having_0_lte": "0.333333333"}),
        (Measure.CANCEL_RATE, None, "9999999999999999999999999999", {"having_0_lte": "1000.000000000"}),
        (Measure.ORDERS, "-9999999999999999999999999999", None, {"having_0_gte": "-10000000000000000000.000000000"}),
    ],
)  # fmt: skip
def test_bounds_fit_and_let_nothing_in(
    measure: Measure, gte: str | None, lte: str | None, expected: dict[str, str]
) -> None:
    bounds = (None if bound is None else Decimal(bound) for bound in (gte, lte))
    found = bounds_of(Cut((), having=(Having(measure, *bounds),)))
    assert {name: str(bound) for name, bound in found.items()} == expected


def test_a_bound_keeps_its_digits(connection: Any) -> None:
    clause = bindparam("bound", type_=Numeric()) * whole("divisor")
    largest = Decimal(10) ** 16
    assert answer(connection, clause, bound=largest.quantize(Decimal(1)), divisor=10**12) == (largest * 10**12,)
    assert answer(connection, clause, bound=Decimal("0.123456789"), divisor=10) == (Decimal("1.234567890"),)


def test_no_other_number_has_digits() -> None:
    with pytest.raises(TypeError, match="one precision"):
        compiled_for(select(cast(whole("amount"), Numeric(10, 2))), DIALECT)
