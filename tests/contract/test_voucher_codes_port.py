"""What every implementation of VoucherCodes holds."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from adapters.db.engine import Database, prepare
from adapters.embedded.tables import voucher_pools
from adapters.embedded.voucher_codes import EmbeddedVoucherCodes
from domain.ports.voucher_codes import CodesIssued, CodesRefused, VoucherCode, VoucherCodes, VoucherDemand

pytestmark = pytest.mark.anyio
Given = Callable[..., Awaitable[None]]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR_S = 3600
DEMANDS = (VoucherDemand("lin_1", "CARD", 2), VoucherDemand("lin_2", "PASS", 1))


@pytest.fixture
async def service(database: Database, given: Given) -> VoucherCodes:
    """Three cards for an hour each; passes without a limit."""
    await given(voucher_pools, {"sku": "CARD", "remaining": 3, "valid_s": HOUR_S})
    return EmbeddedVoucherCodes(database)


def all_codes(answer: CodesIssued | CodesRefused) -> list[VoucherCode]:
    assert isinstance(answer, CodesIssued), answer
    return [code for codes in answer.codes.values() for code in codes]


async def left(database: Database) -> int:
    return int(await database.value(prepare(text("SELECT remaining FROM services.voucher_pools"))))


async def test_each_unit_gets_a_code_of_its_own(service: VoucherCodes) -> None:
    answer = await service.issue("ord_1", DEMANDS, NOON)
    assert isinstance(answer, CodesIssued)
    assert {line: len(codes) for line, codes in answer.codes.items()} == {"lin_1": 2, "lin_2": 1}
    assert len({code.code for code in all_codes(answer)}) == 3
    assert [code.expires_at for code in all_codes(answer)] == [NOON + timedelta(hours=1)] * 2 + [None]


async def test_the_same_order_gets_the_same_codes(service: VoucherCodes, database: Database) -> None:
    first = await service.issue("ord_1", DEMANDS, NOON)
    assert await service.issue("ord_1", DEMANDS, NOON + timedelta(hours=2)) == first
    assert await left(database) == 1


async def test_all_or_none_are_issued(service: VoucherCodes, database: Database) -> None:
    await service.issue("ord_1", DEMANDS, NOON)
    answer = await service.issue("ord_2", DEMANDS, NOON)
    assert answer == CodesRefused("There are too few codes left of CARD.")
    assert await left(database) == 1
    alone = await service.issue("ord_2", (VoucherDemand("lin_3", "CARD", 1),), NOON)
    assert len(all_codes(alone)) == 1


async def test_the_last_codes_are_given_once(service: VoucherCodes, database: Database) -> None:
    answers = await asyncio.gather(*(service.issue(f"ord_{n}", DEMANDS, NOON) for n in range(4)))
    assert sorted(type(answer).__name__ for answer in answers) == ["CodesIssued"] + ["CodesRefused"] * 3
    assert await left(database) == 1


async def test_one_order_that_asks_twice_at_once_gets_one_answer(service: VoucherCodes, database: Database) -> None:
    answers = await asyncio.gather(*(service.issue("ord_1", DEMANDS, NOON) for _ in range(4)))
    assert all(answer == answers[0] for answer in answers)
    assert await left(database) == 1


async def test_codes_are_cancelled_some_or_all_and_again(service: VoucherCodes, database: Database) -> None:
    codes = [code.code for code in all_codes(await service.issue("ord_1", DEMANDS, NOON))]
    cancelled = prepare(text("SELECT count(*) FROM services.voucher_codes WHERE cancelled_at IS NOT NULL"))
    for _ in range(2):
        await service.cancel("ord_1", codes[:1])
        assert await database.value(cancelled) == 1
    for _ in range(2):
        await service.cancel("ord_1")
        assert await database.value(cancelled) == 3
    await service.cancel("ord_unknown")
