"""CSV files as they come from elsewhere: read row by row, every value checked, every complaint with its file and line."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, NoReturn, TextIO
from zoneinfo import ZoneInfo

from adapters.faults import OperatorFault

_TIME: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2})", re.ASCII)
_AMOUNT: Final = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)
_WHOLE: Final = re.compile(r"\d{1,9}", re.ASCII)
_SHOWN_CHARS: Final = 60


class ImportFault(OperatorFault):
    """A source cannot be imported; nothing of it was. The message is a sentence, and begins with the file and line."""

    code = "INVALID_IMPORT_SOURCE"


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row. Its methods read a column, and raise ImportFault for a value of another kind."""

    file: str
    line: int
    values: dict[str, str]

    def text(self, column: str) -> str:
        return self.values[column].strip() or self.fail(f"{column} is empty")

    def text_or_none(self, column: str) -> str | None:
        return self.values[column].strip() or None

    def amount(self, column: str) -> Decimal:
        return Decimal(self._formed(column, _AMOUNT, "an amount like 135.41"))

    def whole(self, column: str) -> int:
        return int(self._formed(column, _WHOLE, "a whole number"))

    def time(self, column: str, zone: ZoneInfo) -> datetime:
        return self.time_or_none(column, zone) or self.fail(f"{column} is empty")

    def time_or_none(self, column: str, zone: ZoneInfo) -> datetime | None:
        """A local time, as UTC. One that the clocks passed over counts as if they had not been put forward."""
        if self.text_or_none(column) is None:
            return None
        wanted = "a time like 7/24/2018 20:41"
        month, day, year, hour, minute = map(int, _parts(_TIME, self._formed(column, _TIME, wanted)))
        try:
            return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            self._fail_form(column, wanted)

    def fail(self, problem: str) -> NoReturn:
        raise ImportFault(f"{self.file}:{self.line}: {problem}.")

    def _formed(self, column: str, form: re.Pattern[str], wanted: str) -> str:
        value = self.text(column)
        return value if form.fullmatch(value) else self._fail_form(column, wanted)

    def _fail_form(self, column: str, wanted: str) -> NoReturn:
        value = self.values[column].strip()
        shown = value if len(value) <= _SHOWN_CHARS else f"{value[:_SHOWN_CHARS]}…"
        self.fail(f'{column}: "{shown}" is not {wanted}')


def read_rows(folder: Path, name: str, columns: Sequence[str]) -> Iterator[CsvRow]:
    """The rows of a file, with the columns asked for; it may have others. Raises ImportFault."""
    try:
        # What is no UTF-8 becomes surrogates, which are then found in their line.
        with (folder / name).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield from _rows(file, name, columns)
    except OSError as error:
        reason = "is missing" if isinstance(error, FileNotFoundError | NotADirectoryError) else f"{error.strerror}"
        raise ImportFault(f"{folder / name}: {reason}.") from error


def _rows(file: TextIO, name: str, columns: Sequence[str]) -> Iterator[CsvRow]:
    reader = csv.reader(_lines(file, name), strict=True)
    try:
        header = next(reader, [])
        missing = [column for column in columns if column not in header]
        if missing:
            raise ImportFault(f"{name}:1: these columns are missing: {', '.join(missing)}.")
        for values in reader:
            row = CsvRow(name, reader.line_num, dict(zip(header, values, strict=False)))
            if len(values) != len(header):
                row.fail(f"the row has {len(values)} values, the header {len(header)}")
            yield row
    except csv.Error as error:
        raise ImportFault(f"{name}:{reader.line_num}: the row cannot be read: {error}.") from error


def _lines(file: TextIO, name: str) -> Iterator[str]:
    for number, line in enumerate(file, start=1):
        if not line.endswith(("\n", "\r")):
            raise ImportFault(f"{name}:{number}: the file is cut off: its last line has no end.")
        if "\0" in line or (not line.isascii() and _has_surrogates(line)):
            raise ImportFault(f"{name}:{number}: the line is no UTF-8 text.")
        yield line


def _has_surrogates(line: str) -> bool:
    return any("\ud800" <= sign <= "\udfff" for sign in line)


def _parts(form: re.Pattern[str], value: str) -> tuple[str, ...]:
    found = form.fullmatch(value)
    return found.groups() if found else ()
