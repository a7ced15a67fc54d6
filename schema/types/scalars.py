"""The scalars of the contract. Strawberry's own take a NaN as a Decimal and a time without an offset as a DateTime: these do not."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NewType

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from schema.execution.leaves import as_it_is

BigInt = NewType("BigInt", int)

MAX_DIGITS: Final = 28
_DECIMAL: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_INTEGER: Final = re.compile(r"-?[0-9]+")
_DATE_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
"""RFC 3339 §5.6."""


def read_decimal(value: Any) -> Decimal:
    return Decimal(_digits(value, _DECIMAL, "Decimal", 'a number in a string, like "12.50"'))


def read_big_int(value: Any) -> int:
    return int(_digits(value, _INTEGER, "BigInt", 'a whole number in a string, like "1250"'))


def read_date_time(value: Any) -> datetime:
    parts = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if parts is None:
        raise GraphQLError('DateTime takes a time with an offset (RFC 3339), like "2024-02-29T12:00:00Z".')
    date, time, fraction, offset = parts.groups()
    try:
        read = datetime.fromisoformat(
            f"{date}T{time}{(fraction or '')[:7].ljust(7, '0') if fraction else ''}{offset.upper()}"
        )
        return read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise GraphQLError(f"There is no such time: {value}.") from error


def write_decimal(value: Any) -> str:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise TypeError(f"{value!r} is no finite Decimal.")
    return format(value, "f")


def write_big_int(value: Any) -> str:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no whole number.")
    return str(value)


def write_date_time(value: Any) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(f"{value!r} is no time with an offset.")
    at: datetime = value if value.tzinfo is UTC else value.astimezone(UTC)
    return at.isoformat().removesuffix("+00:00") + "Z"


def _digits(value: Any, form: re.Pattern[str], scalar: str, wanted: str) -> str:
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise GraphQLError(f"{scalar} takes {wanted}.")
    if sum(sign.isdigit() for sign in value) > MAX_DIGITS:
        raise GraphQLError(f"{scalar} takes at most {MAX_DIGITS} digits.")
    return value


SCALARS: Final[dict[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A time, RFC 3339: with an offset on input, in UTC on output.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=write_date_time,
        parse_value=read_date_time,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="An exact decimal number in a string: finite, at most 28 digits, no exponent.",
        serialize=write_decimal,
        parse_value=read_decimal,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number in a string, beyond the 32 bits of Int; at most 28 digits.",
        serialize=write_big_int,
        parse_value=read_big_int,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=as_it_is,
        parse_value=lambda value: value,
    ),
}
"""Python type → scalar, for Strawberry's `scalar_map`."""
