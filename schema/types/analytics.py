"""Sums of orders: the table, and the catalogue of what can be asked."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from domain.values.enums import ColumnKind


@strawberry.type(description="A column of a table of analytics.")
class AnalyticsColumn:
    name: str = strawberry.field(description="TIME, the dimension, or the measure; compared ones end with _COMPARE.")
    kind: ColumnKind = strawberry.field(description="What kind of column it is.")
    type: str = strawberry.field(
        description="What its values are: String, Date (like 2026-03-29), DateTime (in UTC), BigInt or Decimal; all in strings."
    )
    unit: str | None = strawberry.field(
        description="What it counts: orders, units, members, ratio, a currency's code; of time, the grain. Null for an "
        "amount of several currencies, which CURRENCY tells in each row, and for dimensions."
    )
    description: str = strawberry.field(description="What it says.")


@strawberry.type(description="Sums of orders, by columns. All of it is of one moment.")
class AnalyticsTable:
    columns: list[AnalyticsColumn] = strawberry.field(
        description="The columns: time, dimensions, measures, compared measures. CURRENCY is among the dimensions when amounts "
        "of several currencies would be mixed, also where it was not asked for: read columns by their names."
    )
    rows: list[list[JSON | None]] = strawberry.field(
        description="The rows, each with a value for each column: strings, so that every figure is exact; null: unknown, or none."
    )
    totals: list[JSON | None] | None = strawberry.field(
        description="The whole, reckoned anew and not summed, whatever rows are shown; null where currencies would be mixed, "
        "and for what is no figure. Null when it was not asked for."
    )
    row_count: int = strawberry.field(description="How many rows these are.")
    is_truncated: bool = strawberry.field(name="truncated", description="Whether there are more rows behind these.")
    as_of: datetime = strawberry.field(description="The moment that all of it is of.")
    watermark: str = strawberry.field(
        description="A cursor of `orderChanges`: what comes after it was not counted, and everything before it was."
    )


@strawberry.type(description="A measure or a dimension.")
class CatalogEntry:
    name: str = strawberry.field(description="Its name in `orderAnalytics`.")
    type: str = strawberry.field(description="What its values are.")
    unit: str | None = strawberry.field(description="What it counts; null for dimensions.")
    additive: bool = strawberry.field(
        description="Of a measure: whether rows can be summed. Of a dimension: whether its rows can be, in counts of orders: one "
        "order may have several SKUs, sellers and warehouses. Amounts and units can be summed by any dimension."
    )
    description: str = strawberry.field(description="What it is.")


@strawberry.type(description="What can be asked of `orderAnalytics`.")
class AnalyticsCatalog:
    measures: list[CatalogEntry] = strawberry.field(description="The figures.")
    dimensions: list[CatalogEntry] = strawberry.field(description="What they can be broken down by.")
