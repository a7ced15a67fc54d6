"""What a URL under /bi/ asks for: pure, and bounded. What is wrong with it is raised as Refused."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Final
from urllib.parse import parse_qsl

from adapters.entrypoints.graphql_request import MAX_PARAMETERS, MAX_QUERY_STRING_BYTES, Refused
from domain.exports.datasets import ColumnKind, ExportColumn
from domain.ports.bi_datasets import BiDataset, BiQuery

KEY: Final = "key"
MAX_VALUES: Final = 100
"""Of one filter, as in GraphQL."""
_KNOWN: Final = ("from", "to", "columns", KEY)
_HUMP: Final = re.compile(r"_([a-z0-9])")

Parameters = Mapping[str, Sequence[str]]


def parameters_of(query_string: bytes) -> Parameters:
    """Empty values count as absent: tools send them for what nobody filled in."""
    if len(query_string) > MAX_QUERY_STRING_BYTES:
        raise Refused(414, "URL_TOO_LONG", f"A URL has at most {MAX_QUERY_STRING_BYTES} bytes of parameters.")
    try:
        pairs = parse_qsl(query_string.decode("ascii"), errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        raise Refused(400, "BAD_REQUEST", "The URL's parameters are not UTF-8, or too many.") from error
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        if "\0" in value:
            raise Refused(400, "BAD_REQUEST", f"`{name}` has a NUL.")
        found.setdefault(name, []).append(value)
    return found


def query_of(dataset: BiDataset, parameters: Parameters) -> BiQuery:
    filters = {_camel(column.name): column.name for column in dataset.columns if column.kind is ColumnKind.TEXT}
    _check_names(dataset, parameters, filters)
    return BiQuery(
        dataset,
        _columns(dataset, _values("columns", parameters.get("columns", ()))),
        _moment("from", parameters),
        _moment("to", parameters),
        {column: _values(name, parameters[name]) for name, column in filters.items() if name in parameters},
    )


def filters_of(dataset: BiDataset) -> list[str]:
    return [_camel(column.name) for column in dataset.columns if column.kind is ColumnKind.TEXT]


def _check_names(dataset: BiDataset, parameters: Parameters, filters: Mapping[str, str]) -> None:
    """A name that is misspelt would be everything, unfiltered."""
    unknown = [name for name in parameters if name not in filters and name not in _KNOWN]
    if unknown:
        known = ", ".join((*_KNOWN, *filters))
        raise Refused(400, "BAD_REQUEST", f"{dataset.name} has no parameter {unknown[0]!r}; it has {known}.")


def _columns(dataset: BiDataset, names: Sequence[str]) -> tuple[ExportColumn, ...]:
    by_name = {column.name: column for column in dataset.columns}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise Refused(400, "BAD_REQUEST", f"{dataset.name} has no column {unknown[0]!r}; it has {', '.join(by_name)}.")
    return tuple(by_name[name] for name in dict.fromkeys(names)) or dataset.columns


def _values(name: str, given: Iterable[str]) -> tuple[str, ...]:
    """Repeated, or with commas between them."""
    values = tuple(part.strip() for text in given for part in text.split(",") if part.strip())
    if len(values) > MAX_VALUES:
        raise Refused(400, "BAD_REQUEST", f"`{name}` has at most {MAX_VALUES} values.")
    return values


def _moment(name: str, parameters: Parameters) -> datetime | None:
    given = parameters.get(name, ())
    if not given:
        return None
    found = _parsed(given[0]) if len(given) == 1 else None
    if found is None:
        message = f"`{name}` is one date (2026-01-31, in UTC) or one time with its offset (2026-01-31T08:00:00Z)."
        raise Refused(400, "BAD_REQUEST", message)
    return found


def _parsed(text: str) -> datetime | None:
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        found = datetime.fromisoformat(text.replace(" ", "+"))  # a plus that was not escaped
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _camel(name: str) -> str:
    return _HUMP.sub(lambda found: found[1].upper(), name)
