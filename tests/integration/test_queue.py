"""Jobs and timers: each is claimed by one worker only, leased, and claimed again when the lease has run out."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from adapters.db.engine import Database, prepare
from adapters.db.jobs import CHANNEL
from adapters.db.queue import SqlQueue
from adapters.db.unit_of_work import SqlUnitOfWork
from domain.orders.model import Errand, ErrandKind
from domain.ports.unit_of_work import DueTimer, Job, KeyScope, Queue
from domain.values.enums import MachineKind
from tests.fixtures.orders import START, World, confirmed, paid, physical_order

pytestmark = pytest.mark.anyio

REFUND = Errand(ErrandKind.REFUND, "ref_1", 500, (("code", "X"), ("note", "ü")))
RELEASE = Errand(ErrandKind.RELEASE_STOCK, "ord_1", delay_s=60)
LAST_ERRORS = prepare(text("SELECT last_error FROM jobs ORDER BY id"))


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


async def queued(database: Database, *errands: Errand, order_id: str = "ord_1", lease_s: int = 0) -> int:
    async with SqlUnitOfWork(database, {}) as unit:
        count = await unit.queue(order_id, errands, START, lease_s=lease_s)
        await unit.commit()
    return count


async def withdrawn(database: Database, errand: Errand) -> bool:
    async with SqlUnitOfWork(database, {}) as unit:
        is_withdrawn = await unit.withdraw("ord_1", errand.kind, errand.subject_id)
        await unit.commit()
    return is_withdrawn


def subjects(jobs: list[Job]) -> list[str]:
    return [job.errand.subject_id for job in jobs]


async def test_a_job_is_claimed_as_it_was_queued(database: Database) -> None:
    queue: Queue = SqlQueue(database)
    assert await queued(database, REFUND, RELEASE) == 2
    assert await queue.claim_jobs(at(-1), 10, 30) == []
    assert await queue.claim_jobs(START, 10, 30) == [Job(1, "ord_1", REFUND, 1)]
    assert await queue.claim_jobs(at(60), 10, 30) == [Job(1, "ord_1", REFUND, 2), Job(2, "ord_1", RELEASE, 1)]


async def test_an_errand_waits_once_per_order_kind_and_subject(database: Database) -> None:
    assert await queued(database, REFUND) == 1
    again = Errand(ErrandKind.REFUND, "ref_1", 700)
    assert await queued(database, again, RELEASE) == 1
    assert await queued(database, REFUND, order_id="ord_2") == 1
    claimed = await SqlQueue(database).claim_jobs(at(60), 10, 30)
    assert [(job.order_id, job.errand) for job in claimed] == [
        ("ord_1", REFUND),
        ("ord_2", REFUND),
        ("ord_1", RELEASE),
    ]


async def test_a_job_is_queued_again_once_it_is_finished(database: Database) -> None:
    await queued(database, REFUND)
    async with SqlUnitOfWork(database, {}) as unit:
        await unit.finish("ord_1", REFUND.kind, REFUND.subject_id)
        assert await unit.queue("ord_1", (REFUND,), START) == 1
        await unit.commit()
    assert subjects(await SqlQueue(database).claim_jobs(START, 10, 30)) == ["ref_1"]


async def test_a_finished_job_is_gone(database: Database) -> None:
    await queued(database, REFUND)
    async with SqlUnitOfWork(database, {}) as unit:
        await unit.finish("ord_1", REFUND.kind, REFUND.subject_id)
        await unit.finish("ord_1", REFUND.kind, "ref_unknown")
        await unit.commit()
    assert await SqlQueue(database).claim_jobs(START, 10, 30) == []


async def test_a_lease_holds_a_job_back_for_the_one_who_queued_it(database: Database) -> None:
    queue = SqlQueue(database)
    await queued(database, REFUND, lease_s=30)
    assert await queue.claim_jobs(at(29), 10, 30) == []
    assert subjects(await queue.claim_jobs(at(30), 10, 30)) == ["ref_1"]


async def test_a_claim_is_a_lease_that_runs_out(database: Database) -> None:
    queue = SqlQueue(database)
    await queued(database, REFUND)
    assert [job.attempts for job in await queue.claim_jobs(START, 10, 30)] == [1]
    assert await queue.claim_jobs(at(29), 10, 30) == []
    assert [job.attempts for job in await queue.claim_jobs(at(30), 10, 30)] == [2]


async def test_the_longest_due_come_first_and_no_more_than_asked_for(database: Database) -> None:
    queue = SqlQueue(database)
    errands = [Errand(ErrandKind.VOID, f"pay_{delay}", delay_s=delay) for delay in (3, 1, 2)]
    await queued(database, *errands)
    assert subjects(await queue.claim_jobs(at(9), 2, 30)) == ["pay_1", "pay_2"]
    assert subjects(await queue.claim_jobs(at(9), 2, 30)) == ["pay_3"]


async def test_two_claimants_never_get_the_same_and_never_wait(database: Database, database_url: str) -> None:
    errands = tuple(Errand(ErrandKind.VOID, f"pay_{number:02}") for number in range(40))
    await queued(database, *errands)
    other = await Database.open(database_url, pool_size=2)
    try:
        queues = (SqlQueue(database), SqlQueue(other))
        claims = await asyncio.gather(*(queue.claim_jobs(START, 5, 30) for queue in queues * 4))
    finally:
        await other.close()
    claimed = sorted(subject for claim in claims for subject in subjects(claim))
    assert len(claimed) == len(set(claimed))
    rest = await SqlQueue(database).claim_jobs(START, 100, 30)
    assert sorted(claimed + subjects(rest)) == [errand.subject_id for errand in errands]


async def test_a_job_that_is_being_claimed_is_passed_over(database: Database) -> None:
    await queued(database, REFUND, Errand(ErrandKind.VOID, "pay_1"))
    lock = prepare(text("SELECT id FROM jobs WHERE kind = 'REFUND' FOR UPDATE"))
    async with database.transaction() as transaction:
        await transaction.rows(lock)
        assert subjects(await SqlQueue(database).claim_jobs(START, 10, 30)) == ["pay_1"]


async def test_a_failed_job_comes_again_when_it_is_said(database: Database) -> None:
    queue = SqlQueue(database)
    await queued(database, REFUND)
    (job,) = await queue.claim_jobs(START, 10, 600)
    await queue.retry_job(job, at(20), "no answer\0 \ud800")
    assert await queue.claim_jobs(at(19), 10, 30) == []
    assert [job.attempts for job in await queue.claim_jobs(at(20), 10, 30)] == [2]
    assert await database.value(LAST_ERRORS) == "no answer? ?"


async def test_who_lost_the_lease_cannot_put_the_job_off(database: Database) -> None:
    queue = SqlQueue(database)
    await queued(database, REFUND)
    (lost,) = await queue.claim_jobs(START, 10, 30)
    await queue.claim_jobs(at(30), 10, 30)
    await queue.retry_job(lost, at(31), "late")
    assert await queue.claim_jobs(at(31), 10, 30) == []
    assert await database.value(LAST_ERRORS) is None


async def test_a_job_is_withdrawn_before_anybody_began_it(database: Database) -> None:
    await queued(database, REFUND)
    await queued(database, RELEASE, lease_s=30)
    assert await withdrawn(database, REFUND)
    assert await withdrawn(database, RELEASE)
    assert not await withdrawn(database, REFUND)
    assert await SqlQueue(database).claim_jobs(at(999), 10, 30) == []


async def test_a_job_that_was_begun_is_not_withdrawn(database: Database) -> None:
    await queued(database, REFUND)
    await SqlQueue(database).claim_jobs(START, 10, 30)
    assert not await withdrawn(database, REFUND)
    assert subjects(await SqlQueue(database).claim_jobs(at(30), 10, 30)) == ["ref_1"]


async def test_the_worker_is_woken_at_the_commit_and_not_for_what_is_leased(database: Database) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with database.listen(CHANNEL, heard.put_nowait):
        await queued(database, RELEASE, lease_s=30)
        async with SqlUnitOfWork(database, {}) as unit:
            await unit.queue("ord_2", (REFUND,), START)
        await queued(database, REFUND)
        assert await heard.get() == ""
        async with database.transaction() as transaction:
            await transaction.execute(prepare(text("SELECT pg_notify('order_center_jobs', 'last')")))
            await transaction.commit()
        assert await heard.get() == "last"


async def test_due_timers_are_claimed_once_and_again_after_the_lease(database: Database) -> None:
    world = World()
    unpaid = physical_order(world)
    order = confirmed(world.later(hours=1), paid(world, physical_order(world)))
    async with SqlUnitOfWork(database, {}) as unit:
        await unit.add(unpaid)
        await unit.add(order)
        await unit.commit()
    queue = SqlQueue(database)
    pay_timeout = DueTimer(unpaid.head.id, unpaid.head.id, "payTimeout", "payTimeout", MachineKind.ORDER)
    alerts = [
        DueTimer(order.head.id, part.id, "acceptTimeout", "acceptTimeout", MachineKind.FULFILLMENT)
        for part in order.fulfillments
    ]
    assert await queue.claim_timers(START + timedelta(minutes=29), 10, 30) == []
    assert await queue.claim_timers(START + timedelta(minutes=30), 10, 30) == [pay_timeout]
    assert await queue.claim_timers(START + timedelta(minutes=30), 10, 30) == []
    assert await queue.claim_timers(START + timedelta(hours=25), 10, 30) == [pay_timeout, *alerts]
    assert await queue.claim_timers(START + timedelta(hours=25, seconds=30), 2, 30) == [pay_timeout, alerts[0]]


async def test_a_resting_timer_is_never_due(database: Database) -> None:
    order = physical_order(World())
    async with SqlUnitOfWork(database, {}) as unit:
        await unit.add(order)
        await unit.commit()
    rest = prepare(text("UPDATE order_timers SET due_at = NULL, remaining_s = 5"))
    async with database.transaction() as transaction:
        await transaction.execute(rest)
        await transaction.commit()
    assert await SqlQueue(database).claim_timers(START + timedelta(days=999), 10, 30) == []


async def test_expired_keys_are_forgotten_a_few_at_a_time(database: Database) -> None:
    async with SqlUnitOfWork(database, {}) as unit:
        for number in range(4):
            await unit.keep_key(
                KeyScope("c", "o", f"k{number}"),
                "hash",
                outcome=None,
                subject_id=None,
                locked_until=None,
                now=START,
                expires_at=at(number),
            )
        await unit.commit()
    queue = SqlQueue(database)
    assert [await queue.forget_keys(at(2), 2) for _ in range(3)] == [2, 1, 0]
    assert await database.value(prepare(text("SELECT key FROM idempotency_keys"))) == "k3"
