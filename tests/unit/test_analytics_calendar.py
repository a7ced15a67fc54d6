"""Pieces of time in their zones: the days of 23 and 25 hours, ISO weeks, and what is compared with what."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.analytics.calendar import (
    Bucket,
    Span,
    a_year_on,
    bucket_count,
    bucket_of,
    buckets_of,
    has_whole_hours,
    moved,
    zone_of,
)
from domain.values.enums import TimeGrain
from domain.values.faults import BadRequest

BERLIN = ZoneInfo("Europe/Berlin")
KOLKATA = ZoneInfo("Asia/Kolkata")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def span(start: str, end: str) -> Span:
    return Span(at(start), at(end))


@pytest.mark.parametrize(
    ("instant", "grain", "bucket"),
    [
        ("2026-03-28T23:30:00+00:00", TimeGrain.DAY, date(2026, 3, 29)),
        ("2026-03-29T21:59:59+00:00", TimeGrain.DAY, date(2026, 3, 29)),
        ("2026-03-29T22:00:00+00:00", TimeGrain.DAY, date(2026, 3, 30)),
        ("2026-10-25T22:59:59+00:00", TimeGrain.DAY, date(2026, 10, 25)),
        ("2026-10-25T23:00:00+00:00", TimeGrain.DAY, date(2026, 10, 26)),
        ("2027-01-03T12:00:00+00:00", TimeGrain.WEEK, date(2026, 12, 28)),
        ("2027-01-03T23:00:00+00:00", TimeGrain.WEEK, date(2027, 1, 4)),
        ("2026-02-28T23:30:00+00:00", TimeGrain.MONTH, date(2026, 3, 1)),
        ("2026-03-31T22:30:00+00:00", TimeGrain.QUARTER, date(2026, 4, 1)),
        ("2025-12-31T23:30:00+00:00", TimeGrain.YEAR, date(2026, 1, 1)),
        ("2026-10-25T00:59:59+00:00", TimeGrain.HOUR, at("2026-10-25T02:00:00+02:00")),
        ("2026-10-25T01:00:00+00:00", TimeGrain.HOUR, at("2026-10-25T02:00:00+01:00")),
    ],
)
def test_an_instant_lies_in_the_bucket_of_its_local_time(instant: str, grain: TimeGrain, bucket: Bucket) -> None:
    assert bucket_of(at(instant), grain, BERLIN) == bucket


def test_hours_of_a_zone_that_is_half_an_hour_off_begin_there() -> None:
    assert bucket_of(at("2026-01-01T00:45:00+05:30"), TimeGrain.HOUR, KOLKATA) == at("2026-01-01T00:00:00+05:30")


@pytest.mark.parametrize(
    ("start", "end", "grain", "count"),
    [
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", TimeGrain.HOUR, 23),
        ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", TimeGrain.HOUR, 25),
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", TimeGrain.DAY, 1),
        ("2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00", TimeGrain.DAY, 31),
        ("2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00.000001+02:00", TimeGrain.DAY, 32),
        ("2026-01-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00", TimeGrain.WEEK, 53),
        ("2026-01-31T00:00:00+01:00", "2026-03-01T00:00:00.5+01:00", TimeGrain.MONTH, 3),
        ("2026-01-31T00:00:00+01:00", "2027-01-01T00:00:00+01:00", TimeGrain.QUARTER, 4),
        ("2026-01-31T00:00:00+01:00", "2028-01-31T00:00:00+01:00", TimeGrain.YEAR, 3),
        ("2026-01-31T00:00:00+01:00", "2026-01-31T00:00:00+01:00", TimeGrain.DAY, 0),
    ],
)
def test_buckets_are_counted_as_they_are_made(start: str, end: str, grain: TimeGrain, count: int) -> None:
    found = list(buckets_of(span(start, end), grain, BERLIN))
    assert (len(found), bucket_count(span(start, end), grain, BERLIN)) == (count, count)
    assert [moved(found[0], grain, further) for further in range(count)] == found if found else True


def test_where_clocks_are_set_by_half_an_hour_no_hour_is_left_out() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    day = span("2026-04-04T12:00:00+00:00", "2026-04-04T18:00:00+00:00")
    minutes = (day.start + timedelta(minutes=minute) for minute in range(360))
    assert list(buckets_of(day, TimeGrain.HOUR, lord_howe)) == sorted(
        {bucket_of(minute, TimeGrain.HOUR, lord_howe) for minute in minutes}
    )


@pytest.mark.parametrize(
    ("bucket", "grain", "later"),
    [
        (date(2023, 3, 1), TimeGrain.DAY, date(2024, 3, 1)),
        (date(2024, 2, 29), TimeGrain.DAY, None),
        (date(2025, 12, 29), TimeGrain.WEEK, date(2026, 12, 28)),
        (date(2025, 4, 1), TimeGrain.QUARTER, date(2026, 4, 1)),
    ],
)
def test_a_day_is_compared_with_its_date_and_a_week_with_the_52nd_before(
    bucket: date, grain: TimeGrain, later: date | None
) -> None:
    assert a_year_on(bucket, grain) == later


def test_zones_of_whole_hours_are_told_from_others() -> None:
    assert [has_whole_hours(name) for name in ("UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("name", ["", "Atlantis", "EST5EDT", "UTC+3", "../etc/passwd", "europe/berlin"])
def test_only_names_of_the_data_base_are_zones(name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        zone_of(name)
    assert refused.value.code == "UNKNOWN_TIME_ZONE"
