"""Time, cut into pieces in a zone of its own: hours are instants, everything longer begins on a local date.

A bucket is named by its beginning: an hour by the instant in UTC, so that the hour that comes twice in autumn is two hours and the
one that is left out in spring none; a day, week (ISO: from Monday on), month, quarter or year by its first local date.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from domain.values.enums import TimeGrain
from domain.values.faults import BadRequest

Bucket = datetime | date
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEKS_OF_A_YEAR: Final = 52 * 7
_MONTHS: Final[Mapping[TimeGrain, int]] = {TimeGrain.MONTH: 1, TimeGrain.QUARTER: 3, TimeGrain.YEAR: 12}
_DAYS: Final[Mapping[TimeGrain, int]] = {TimeGrain.DAY: 1, TimeGrain.WEEK: 7}
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2100


def zone_of(name: str) -> ZoneInfo:
    """Raises BadRequest for a name that the IANA data base has not: it goes into statements as it is."""
    if name not in _names():
        message = f"{name[:80]!r} is no time zone of the IANA data base, like Europe/Berlin."
        raise BadRequest(message, "UNKNOWN_TIME_ZONE")
    return ZoneInfo(name)


@lru_cache(1)
def _names() -> frozenset[str]:
    """Without those that mean one thing here and another thing there: PostgreSQL reads POSIX rules, too."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


@lru_cache(256)
def has_whole_hours(name: str) -> bool:
    """Whether its clocks are always whole hours from UTC, looked at month by month."""
    zone = ZoneInfo(name)
    months = (datetime(year, month, 1, tzinfo=UTC) for year in range(_FIRST_YEAR, _LAST_YEAR) for month in range(1, 13))
    return all((at.astimezone(zone).utcoffset() or timedelta(0)) % HOUR == timedelta(0) for at in months)


@dataclass(frozen=True, slots=True)
class Span:
    """From the first instant on, and before the second."""

    start: datetime
    end: datetime

    def shifted(self, zone: ZoneInfo, shift: Callable[[datetime], datetime]) -> "Span":
        return Span(_moved(self.start, zone, shift), _moved(self.end, zone, shift))


def bucket_of(at: datetime, grain: TimeGrain, zone: ZoneInfo) -> Bucket:
    """The bucket that an instant lies in."""
    local = at.astimezone(zone)
    if grain is TimeGrain.HOUR:
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return (at - past).astimezone(UTC)
    return _beginning(local.date(), grain)


def buckets_of(span: Span, grain: TimeGrain, zone: ZoneInfo) -> Iterator[Bucket]:
    """Every bucket that some instant of the span lies in, in order."""
    if span.end <= span.start:
        return
    bucket = bucket_of(span.start, grain, zone)
    last = bucket_of(span.end - timedelta.resolution, grain, zone)
    while bucket <= last:
        yield bucket
        # Where clocks are set by half an hour, an hour has begun anew before it was over.
        bucket = bucket_of(bucket + HOUR, grain, zone) if isinstance(bucket, datetime) else moved(bucket, grain, 1)


def bucket_count(span: Span, grain: TimeGrain, zone: ZoneInfo) -> int:
    """How many those are, without making them: a caller may ask for the hours of ten thousand years."""
    if span.end <= span.start:
        return 0
    first = bucket_of(span.start, grain, zone)
    last = bucket_of(span.end - timedelta.resolution, grain, zone)
    if isinstance(first, datetime) and isinstance(last, datetime):
        return (last - first) // HOUR + 1
    if grain in _DAYS:
        return (last - first).days // _DAYS[grain] + 1
    months = (last.year - first.year) * 12 + last.month - first.month
    return months // _MONTHS[grain] + 1


def moved(bucket: Bucket, grain: TimeGrain, count: int) -> Bucket:
    """The bucket so many further on."""
    if isinstance(bucket, datetime):
        return bucket + count * HOUR
    if grain in _DAYS:
        return bucket + timedelta(days=count * _DAYS[grain])
    return _months_on(bucket, count * _MONTHS[grain])


def a_year_on(bucket: date, grain: TimeGrain) -> date | None:
    """The bucket that is compared with this one of a year before; weeks by their number of days. None: 29 February."""
    return bucket + timedelta(days=WEEKS_OF_A_YEAR) if grain is TimeGrain.WEEK else _same_day(bucket, 1)


def back_by_buckets(grain: TimeGrain, count: int) -> Callable[[datetime], datetime]:
    """Of a local time, the one so many buckets before. Hours are passed as instants."""
    if grain is TimeGrain.HOUR:
        return lambda local: (local.astimezone(UTC) - count * HOUR).astimezone(local.tzinfo)
    if grain in _DAYS:
        return lambda local: local - timedelta(days=count * _DAYS[grain])
    return lambda local: datetime.combine(_months_on(local.date(), -count * _MONTHS[grain]), local.timetz())


def back_a_year(grain: TimeGrain | None) -> Callable[[datetime], datetime]:
    if grain is TimeGrain.WEEK:
        return lambda local: local - timedelta(days=WEEKS_OF_A_YEAR)
    return lambda local: datetime.combine(_months_on(local.date(), -12), local.timetz())


def _beginning(day: date, grain: TimeGrain) -> date:
    if grain is TimeGrain.WEEK:
        return day - timedelta(days=day.weekday())
    if grain is TimeGrain.DAY:
        return day
    months = _MONTHS[grain]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def _months_on(day: date, count: int) -> date:
    """The same day of another month, or its last one."""
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    first = date(year, month + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - DAY
    return first.replace(day=min(day.day, last.day))


def _same_day(day: date, years: int) -> date | None:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return None


def _moved(at: datetime, zone: ZoneInfo, shift: Callable[[datetime], datetime]) -> datetime:
    return shift(at.astimezone(zone)).astimezone(UTC)
