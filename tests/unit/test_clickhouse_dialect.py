"""What cuts are in ClickHouse's SQL, to the letter; that it runs, and reckons as the others do, nightly tests show on its own engine."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import BigInteger, DateTime, Numeric, Text, bindparam, cast, select

from adapters.analytics_words import Quotient, ShareRest, WholeShare, bucket
from adapters.db.analytics_questions import question
from adapters.olap.clickhouse_dialect import DIALECTS
from adapters.sql import compiled_for
from domain.access.viewer import EVERYTHING
from domain.analytics.catalogue import Level, Part
from domain.analytics.plan import Clock, Cut, Having, OrderKey
from domain.ports.analytics import OrdersAsked
from domain.ports.order_views import OrderFilter
from domain.values.enums import Dimension, Measure, TimeField, TimeGrain

AT = datetime(2026, 1, 1, tzinfo=UTC)
GAPS = "NOT arrayExists(gap -> {0} > gap.1 AND {0} < gap.2, {{gaps:Array(Tuple(UInt64, UInt64))}})"
COMMITTED = f"batch <= {{place:UInt64}} AND {GAPS.format('batch')}"
IN_FORCE = f"by_batch <= {{place:UInt64}} AND {GAPS.format('by_batch')}"


def table(name: str, *, own: str = "order_id", is_settled: bool = True) -> str:
    superseded = f"SELECT order_id, batch FROM {{table_superseded:Identifier}} WHERE {IN_FORCE}"
    more = "" if is_settled else f' AND ("{own}", batch) NOT IN ({superseded})'
    return f"(SELECT * FROM {{table_{name}:Identifier}} WHERE {COMMITTED}{more}) AS `{name}`"


def text_of(cut: Cut, filters: OrderFilter | None = None, *, is_settled: bool = True) -> str:
    asked = question(OrdersAsked(EVERYTHING, filters or OrderFilter()), cut)
    return " ".join(compiled_for(asked.clause(), DIALECTS[is_settled]).text.split())


def clause(*of: object) -> str:
    return compiled_for(select(*of), DIALECTS[True]).text.removeprefix("SELECT ")  # type: ignore[call-overload]


def whole(name: str) -> object:
    return bindparam(name, type_=BigInteger())


def test_orders_by_the_hour() -> None:
    clock = Clock(TimeField.PAID_AT, AT, None, TimeGrain.HOUR, "Europe/Berlin")
    assert text_of(Cut((Part.ORDERS, Part.UNITS), clock=clock)) == (
        "SELECT `facts`.`bucket`, accurateCast(count(*), 'Int64') AS `orders`,"
        " accurateCast(coalesce(sum(toInt128(`facts`.`units`)), 0), 'Int64') AS `units` FROM (SELECT"
        " toDateTime64(`orders`.`paid_at`, 0, 'UTC') - toIntervalSecond(toMinute(`orders`.`paid_at`, {zone:String}) * 60"
        " + toSecond(`orders`.`paid_at`, {zone:String})) AS `bucket`, `orders`.`id` AS `order_id`,"
        " `orders`.`member_id` AS `member_id`, `orders`.`status` AS `order_status`, `orders`.`currency` AS `currency`,"
        f" `orders`.`unit_count` AS `units` FROM {table('orders')} WHERE true AND `orders`.`paid_at` IS NOT NULL"
        " AND `orders`.`paid_at` >= fromUnixTimestamp64Micro({start:Int64}, 'UTC')) AS `facts`"
        " GROUP BY `facts`.`bucket` ORDER BY `facts`.`bucket` ASC NULLS LAST"
    )


def test_a_table_is_read_as_far_as_it_is_visible() -> None:
    """What was superseded is looked at where there is any."""
    cut = Cut((Part.GROSS,), (Dimension.SKU,), Level.LINE)
    settled, other = text_of(cut), text_of(cut, is_settled=False)
    both = f"{table('orders')} INNER JOIN {table('order_lines')} ON `order_lines`.`order_id` = `orders`.`id`"
    assert f"FROM {both} WHERE" in settled
    orders = table("orders", own="id", is_settled=False)
    lines = table("order_lines", is_settled=False)
    assert f"FROM {orders} INNER JOIN {lines} ON `order_lines`.`order_id` = `orders`.`id` WHERE" in other


@pytest.mark.parametrize("level", Level)
def test_every_level_has_its_tables(level: Level) -> None:
    dimension = {Level.ORDER: Dimension.CHANNEL, Level.LINE: Dimension.SKU, Level.PIECE: Dimension.WAREHOUSE}[level]
    found = text_of(Cut(tuple(Part), (dimension,), level))
    names = {
        Level.ORDER: ["orders"],
        Level.LINE: ["orders", "order_lines"],
        Level.PIECE: ["orders", "order_lines", "fulfillment_lines", "fulfillments"],
    }[level]
    assert [
        name for name in ("orders", "order_lines", "fulfillment_lines", "fulfillments") if table(name) in found
    ] == names


def test_filters_need_no_row_outside_of_their_subquery() -> None:
    found = text_of(
        Cut((Part.ORDERS,)),
        OrderFilter(sku=("A",), coupon_code=("C",), country=("BR", "DE"), none_of=OrderFilter(warehouse=("B",))),
    )
    lines, discounts, parts = table("order_lines"), table("order_discounts"), table("fulfillments")
    for condition in (
        f"(`orders`.`id` IN (SELECT `order_lines`.`order_id` FROM {lines} WHERE `order_lines`.`sku` = {{v0:String}}))",
        "`orders`.`country` IN ({v1:Array(String)})",
        (
            f"(`orders`.`id` IN (SELECT `order_discounts`.`order_id` FROM {discounts} WHERE `order_discounts`.`code` ="
            " {v2:String} AND `order_discounts`.`kind` = {kind_1:String}))"
        ),
        (
            f"(NOT ifNull((`orders`.`id` IN (SELECT `fulfillments`.`order_id` FROM {parts} WHERE `fulfillments`.`warehouse` ="
            " {v3:String})), false))"
        ),
    ):
        assert condition in found


def test_conditions_and_order_are_exact() -> None:
    found = text_of(
        Cut(
            (Part.ORDERS, Part.CANCELLED_ORDERS),
            (Dimension.CHANNEL,),
            having=(Having(Measure.CANCEL_RATE, Decimal("0.1"), Decimal("0.2")),),
            order=(OrderKey(Measure.CANCEL_RATE, is_descending=True),),
            limit=3,
        )
    )
    cancelled = "coalesce(sum(toInt128(CASE WHEN (`facts`.`order_status` = 'CANCELLED') THEN 1 ELSE 0 END)), 0)"
    assert found.endswith(
        f" GROUP BY `facts`.`CHANNEL` HAVING count(*) > 0 AND {cancelled} >= {{having_0_gte:DECIMAL(38, 9)}} * count(*)"
        f" AND count(*) > 0 AND {cancelled} <= {{having_0_lte:DECIMAL(38, 9)}} * count(*) ORDER BY"
        f" intDiv(toInt128({cancelled}) * 1000000000000000, nullif(count(*), 0)) DESC NULLS LAST,"
        " `facts`.`CHANNEL` ASC NULLS LAST LIMIT {limit:Int64} OFFSET {offset:Int64}"
    )


def test_words() -> None:
    sides = [whole(name) for name in ("amount", "weight", "over")]
    product = "toInt128({amount:Int64}) * {weight:Int64}"
    assert clause(WholeShare(*sides).label("x")) == f"accurateCast(intDiv({product}, {{over:Int64}}), 'Int64') AS `x`"
    assert clause(ShareRest(*sides).label("x")) == f"accurateCast(modulo({product}, {{over:Int64}}), 'Int64') AS `x`"
    assert (
        clause(Quotient(*sides[:2]).label("x"))
        == "intDiv(toInt128({amount:Int64}) * 1000000000000000, {weight:Int64}) AS `x`"
    )


@pytest.mark.parametrize("grain", [TimeGrain.DAY, TimeGrain.WEEK, TimeGrain.YEAR])
def test_dates_are_local(grain: TimeGrain) -> None:
    at, zone = bindparam("at", type_=DateTime(timezone=True)), bindparam("zone", type_=Text())
    day = "toDate32(fromUnixTimestamp64Micro({at:Int64}, 'UTC'), {zone:String})"
    cut = day if grain is TimeGrain.DAY else f"dateTrunc('{grain.value.lower()}', {day})"
    assert clause(bucket(grain, at, zone).label("x")) == f"{cut} AS `x`"


def test_no_other_number_is_converted() -> None:
    with pytest.raises(TypeError, match="whole numbers"):
        clause(cast(bindparam("amount", type_=BigInteger()), Numeric(10, 2)))
