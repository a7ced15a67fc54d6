"""ClickHouse's words on its own engine: that they reckon exactly, and name the pieces of time as the calendar does."""

import contextlib
import importlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, DateTime, Numeric, Text, bindparam, select

from adapters.analytics_words import Quotient, ShareRest, WholeShare, bucket
from adapters.olap.clickhouse_dialect import DIALECTS
from adapters.sql import compiled_for
from domain.analytics.calendar import bucket_of, zone_of
from domain.values.enums import TimeGrain
from tests.fixtures.engine_values import AMOUNTS, ZONES

pytestmark = pytest.mark.nightly

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    with contextlib.closing(importlib.import_module("chdb").connect(":memory:")) as found:
        yield found


def answer(connection: Any, *clauses: Any, **values: Any) -> list[Any]:
    text = compiled_for(select(*clauses), DIALECTS[True]).text
    given = {name: str(micros(value)) for name, value in values.items()}
    return list(json.loads(connection.query(text, "JSONCompactEachRow", params=given).bytes()))


def micros(value: Any) -> Any:
    return (value - EPOCH) // timedelta(microseconds=1) if isinstance(value, datetime) else value


def whole(name: str) -> Any:
    return bindparam(name, type_=BigInteger())


def buckets(connection: Any, grain: TimeGrain, zone: str, *instants: datetime) -> list[Any]:
    clause = bucket(grain, bindparam("at", type_=DateTime(timezone=True)), bindparam("zone", type_=Text()))
    return [answer(connection, clause, at=at, zone=zone)[0] for at in instants]


def written(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if isinstance(at, datetime) else at.isoformat()


@given(amount=AMOUNTS, weight=AMOUNTS, over=st.integers(1, 2**63 - 1))
def test_shares_are_exact_beyond_64_bits(connection: Any, amount: int, weight: int, over: int) -> None:
    weight = min(weight, over)
    clauses = (kind(whole("amount"), whole("weight"), whole("over")) for kind in (WholeShare, ShareRest))
    found = [int(value) for value in answer(connection, *clauses, amount=amount, weight=weight, over=over)]
    assert found == list(divmod(amount * weight, over))


@given(
    at=st.datetimes(datetime(1975, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001  made aware below
    grain=st.sampled_from(TimeGrain),
    zone=st.sampled_from(ZONES),
)
def test_buckets_are_those_of_the_calendar(connection: Any, at: datetime, grain: TimeGrain, zone: str) -> None:
    at = at.replace(tzinfo=UTC)
    assert buckets(connection, grain, zone, at) == [written(bucket_of(at, grain, zone_of(zone)))]


def test_the_hour_that_comes_twice_is_two(connection: Any) -> None:
    first = datetime(2026, 10, 25, 0, 10, tzinfo=UTC)
    found = buckets(connection, TimeGrain.HOUR, "Europe/Berlin", *(first + timedelta(hours=n) for n in range(3)))
    assert found == [f"2026-10-25 0{hour}:00:00" for hour in range(3)]


def test_a_week_begins_on_monday(connection: Any) -> None:
    assert buckets(connection, TimeGrain.WEEK, "UTC", datetime(2026, 3, 29, 23, tzinfo=UTC)) == [
        written(date(2026, 3, 23))
    ]


def test_quotients_keep_the_order_that_doubles_lose(connection: Any) -> None:
    clauses = [Quotient(whole("whole"), whole("divisor"))]
    near = [int(answer(connection, *clauses, whole=10**18 + one, divisor=7)[0]) for one in range(3)]
    assert near == sorted(set(near))
    assert [int(one) for one in answer(connection, *clauses, whole=1, divisor=3)] == [333_333_333_333_333]


def test_a_bound_keeps_its_digits(connection: Any) -> None:
    largest = (Decimal(10) ** 16).quantize(Decimal("1e-9"))
    for bound, divisor in ((largest, 10**12), (Decimal("0.123456789"), 10)):
        clause = bindparam("bound", type_=Numeric()) * whole("divisor") == bindparam("right", type_=Numeric())
        assert answer(connection, clause, bound=bound, divisor=divisor, right=bound * divisor) == [1]
