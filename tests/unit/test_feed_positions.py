"""Places of the change feed and their cursors."""

import base64
import zlib
from typing import Any

import pytest

from domain.values.faults import BadRequest
from domain.values.feed_positions import (
    BEGINNING,
    CURSOR_MAX_LENGTH,
    FeedPosition,
    FeedSnapshot,
    at_snapshot,
    cursor_of,
    position_of,
    watermark_of,
)
from domain.values.sealing import sealed
from resolvers.cursors import CursorKind
from resolvers.cursors import position_of as place_in_list

SNAPSHOT = FeedSnapshot(100, 110, (100, 103, 109))


@pytest.mark.parametrize(
    "position",
    [
        BEGINNING,
        FeedPosition(7, 2**62),
        FeedPosition(104, 9, SNAPSHOT),
        FeedPosition(100, 0, SNAPSHOT, ""),
        FeedPosition(100, 0, SNAPSHOT, "ord_019"),
    ],
)
def test_a_cursor_leads_back_to_its_position(position: FeedPosition) -> None:
    assert position_of(cursor_of(position)) == position


def test_a_snapshot_is_read_as_postgresql_writes_it() -> None:
    assert FeedSnapshot.of("100:110:100,103,109") == SNAPSHOT
    assert FeedSnapshot.of("100:100:") == FeedSnapshot(100, 100)
    assert SNAPSHOT.text == "100:110:100,103,109"
    assert position_of(watermark_of("100:110:100,103,109")) == at_snapshot(SNAPSHOT) == FeedPosition(100, 0, SNAPSHOT)


def test_a_snapshot_is_carried_until_it_has_nothing_more_to_say() -> None:
    start = at_snapshot(SNAPSHOT)
    assert start.past(109, 4) == FeedPosition(109, 4, SNAPSHOT)
    assert start.past(110, 1) == FeedPosition(110, 1)
    assert not start.is_listing
    assert FeedPosition(100, 0, SNAPSHOT, "").is_listing


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1:2",
        "2:1:",
        "1:2:3",
        "1:5:3,2",
        "1:5:2,2",
        "0:5:",
        "-1:5:",
        "1:x:",
        "1:5:2,",
        "٣:5:",
        f"1:{2**63}:",
        f"1:{2**32}:",
    ],
)
def test_what_is_no_snapshot_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  each reason has its own words
        FeedSnapshot.of(text)


CHANGES = "CHANGES"


@pytest.mark.parametrize(
    "parts",
    [
        ["PRODUCT", 1, 2, None, None],
        [CHANGES],
        [CHANGES, 1, 2, None],
        [CHANGES, -1, 2, None, None],
        [CHANGES, 1, 2**63, None, None],
        [CHANGES, True, 2, None, None],
        [CHANGES, 1.5, 2, None, None],
        [CHANGES, "1", 2, None, None],
        [CHANGES, 1, 2, "2:1:", None],
        [CHANGES, 1, 2, 3, None],
        [CHANGES, 1, 2, None, "ord_1"],
        [CHANGES, 1, 2, "1:2:", 5],
        [CHANGES, 1, 2, "1:2:", "ord_\0"],
        [CHANGES, 1, 2, "1:2:", "o" * 101],
        [CHANGES, 1, 2, "1:2:", "ö"],
    ],
)
def test_a_sealed_text_that_is_no_position_is_refused(parts: list[Any]) -> None:
    assert code_of(sealed(parts)) == "INVALID_CURSOR"


@pytest.mark.parametrize("cursor", ["", "abc", "ö", "A" * (CURSOR_MAX_LENGTH + 1), cursor_of(BEGINNING)[:-1], "\0"])
def test_what_was_not_given_out_is_refused(cursor: str) -> None:
    assert code_of(cursor) == "INVALID_CURSOR"


def test_a_number_of_endless_digits_is_refused() -> None:
    payload = b'["CHANGES",' + b"9" * 5000 + b",0,null,null]"
    content = bytes((1,)) + zlib.crc32(payload).to_bytes(4, "big") + payload
    assert code_of(base64.urlsafe_b64encode(content).decode()) == "INVALID_CURSOR"


def test_a_place_in_the_feed_is_none_in_a_list() -> None:
    with pytest.raises(BadRequest):
        place_in_list(CursorKind.TRANSITION, cursor_of(BEGINNING))


def code_of(cursor: str) -> str:
    with pytest.raises(BadRequest) as refused:
        position_of(cursor)
    return refused.value.code
