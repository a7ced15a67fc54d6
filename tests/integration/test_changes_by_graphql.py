"""orderChanges as callers ask for it: who may, what of the orders comes along, and the wait for what is not there yet."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLError
from starlette.types import Message

from adapters.bootstrap import OrderCenter, ports_over
from adapters.db.change_signal import announcing, signalled
from adapters.db.queue import SqlQueue
from adapters.entrypoints.auth import DemoKeys
from adapters.entrypoints.http import application
from adapters.settings import Settings
from adapters.worker.loop import Worker
from domain.access.viewer import Viewer
from domain.actions.follow_orders import FOLLOWERS
from domain.ports.bundle import Terms
from domain.values.enums import ActorKind, Role
from domain.values.feed_positions import BEGINNING, cursor_of
from resolvers.context import RequestContext
from tests.fixtures.executing import COMPILED, CORE, answered_by, executed
from tests.fixtures.shop import ADMIN, ANNA, BOB, FINANCE, MINUTE, PARTNER, POLICIES, RIVAL, SECRET, START, Shop

pytestmark = pytest.mark.anyio

FEED = """query ($after: String, $first: Int! = 500, $filter: OrderFilter, $waitMs: Int! = 0) {
  orderChanges(after: $after, first: $first, filter: $filter, waitMs: $waitMs) {
    cursor hasMore lagSeconds changes { cursor orderId version kind at order { id status version member { id } } }
  }
}"""
BEFORE_ALL = cursor_of(BEGINNING)


def context_of(shop: Shop, viewer: Viewer = ADMIN, **more: Any) -> RequestContext:
    deadline = asyncio.get_running_loop().time() + 10
    return RequestContext.of(viewer, more.pop("ports", shop.ports), deadline=deadline, request_id="r", **more)


async def asked(shop: Shop, viewer: Viewer = ADMIN, ports: Any = None, **variables: Any) -> Any:
    context = context_of(shop, viewer, ports=ports or shop.ports)
    result = await executed(FEED, variables, context=context)
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data["orderChanges"]


async def refused(shop: Shop, viewer: Viewer = ADMIN, **variables: Any) -> tuple[str, str]:
    result = await executed(FEED, variables, context=context_of(shop, viewer))
    assert result.data is None
    (error,) = result.errors or [GraphQLError("no error")]
    fault: Any = error.original_error
    return fault.code, error.message


@pytest.mark.parametrize("executor", [COMPILED, CORE])
async def test_the_feed_tells_each_version_with_the_order_as_it_is_now(shop: Shop, executor: str) -> None:
    order_id = await shop.placed()
    await shop.paid(order_id)
    version = (await shop.order(order_id)).head.version
    with answered_by(executor):
        feed = await asked(shop, after=BEFORE_ALL)
    assert [change["version"] for change in feed["changes"]] == list(range(1, version + 1))
    status = (await shop.order(order_id)).head.status.value
    seen = {"id": order_id, "status": status, "version": version, "member": {"id": "mbr_anna"}}
    assert [change["order"] for change in feed["changes"]] == [seen] * version
    assert {change["kind"] for change in feed["changes"]} == {"UPSERT"}
    assert feed["changes"][0]["at"] == START.isoformat().replace("+00:00", "Z")
    assert (feed["hasMore"], feed["lagSeconds"]) == (False, 0.0)
    assert feed["cursor"] == feed["changes"][-1]["cursor"]


async def test_every_cursor_goes_on_where_it_was(shop: Shop) -> None:
    order_id = await shop.placed()
    await shop.paid(order_id)
    whole = (await asked(shop, after=BEFORE_ALL))["changes"]
    for number, change in enumerate(whole):
        rest = await asked(shop, after=change["cursor"])
        assert rest["changes"] == whole[number + 1 :]
    first = await asked(shop, after=BEFORE_ALL, first=1)
    assert (first["changes"], first["hasMore"]) == (whole[:1], True)


async def test_without_a_cursor_the_orders_come_first_as_they_are(shop: Shop) -> None:
    order_id = await shop.placed()
    await shop.paid(order_id)
    shop.clock.pass_(MINUTE)  # so that its id is greater
    other = await shop.placed(BOB, member_id="mbr_bob")
    start = await asked(shop, first=1)
    assert [(c["orderId"], c["version"] > 1) for c in start["changes"]] == [(order_id, True)]
    rest = await asked(shop, after=start["cursor"])
    assert [(c["orderId"], c["version"]) for c in rest["changes"]] == [(other, 1)]
    assert await asked(shop, after=rest["cursor"]) == {**rest, "changes": [], "hasMore": False}
    await shop.paid(other, viewer=BOB)
    assert [c["version"] for c in (await asked(shop, after=rest["cursor"]))["changes"]][:1] == [2]


async def test_a_page_of_many_orders_costs_two_statements(shop: Shop) -> None:
    for _ in range(3):
        await shop.placed()
    statements = []
    for first in (1, 500):
        before = shop.database.statement_count
        result = await executed(
            "query ($after: String, $first: Int!) { orderChanges(after: $after, first: $first) { changes { order { id } } } }",
            {"after": BEFORE_ALL, "first": first},
            context=context_of(shop),
        )
        assert result.errors is None
        statements.append(shop.database.statement_count - before)
    assert statements == [2, 2]


async def test_everybody_sees_the_changes_of_their_own_orders(shop: Shop) -> None:
    mine = await shop.placed()
    theirs = await shop.placed(PARTNER, channel="partner", member_id="mbr_bob")
    seen = {
        viewer.id: {change["orderId"] for change in (await asked(shop, viewer, after=BEFORE_ALL))["changes"]}
        for viewer in (ADMIN, FINANCE, ANNA, BOB, PARTNER, RIVAL)
    }
    assert seen == {
        ADMIN.id: {mine, theirs},
        FINANCE.id: {mine, theirs},
        ANNA.id: {mine},
        BOB.id: {theirs},
        PARTNER.id: {theirs},
        RIVAL.id: set(),
    }


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSTEM, Role.PROVIDER}))
async def test_only_those_who_work_with_figures_and_owners_may_follow(shop: Shop, role: Role) -> None:
    viewer = Viewer(ActorKind.STAFF, "v", "V", frozenset((role,)))
    if role in FOLLOWERS:
        assert (await asked(shop, viewer))["changes"] == []
    else:
        assert await refused(shop, viewer) == ("FORBIDDEN", "Your roles do not allow following the orders.")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"first": -1}, "BAD_REQUEST"),
        ({"first": 1001}, "BAD_REQUEST"),
        ({"waitMs": -1}, "BAD_REQUEST"),
        ({"waitMs": 30_001}, "BAD_REQUEST"),
        ({"after": "nonsense"}, "INVALID_CURSOR"),
        ({"filter": {"total": {"gte": "1"}}}, "BAD_REQUEST"),
    ],
)
async def test_what_is_outside_of_its_limits_is_refused(shop: Shop, given: dict[str, Any], code: str) -> None:
    assert (await refused(shop, **given))[0] == code


async def test_a_filter_holds_for_what_the_order_is_now(shop: Shop) -> None:
    paid = await shop.placed()
    await shop.paid(paid)
    unpaid = await shop.placed()
    feed = await asked(shop, after=BEFORE_ALL, filter={"paymentStatus": ["UNPAID"]})
    assert [(change["orderId"], change["version"]) for change in feed["changes"]] == [(unpaid, 1)]


async def test_who_waits_gets_what_comes(shop: Shop) -> None:
    async with announcing(shop.database) as tell, signalled(shop.database) as signal:
        ports = ports_over(
            shop.database, POLICIES, SECRET, Terms(), clock=shop.clock, signal=signal, tell_of_steps=tell
        )
        feed = await asked(shop, ports=ports)
        waiting = asyncio.create_task(asked(shop, ports=ports, after=feed["cursor"], waitMs=30_000))
        while signal.watch_count == 0:  # noqa: ASYNC110  it is counted, not told
            await asyncio.sleep(0.001)
        shop.ports = replace(shop.ports, unit_of_work=ports.unit_of_work)
        order_id = await shop.placed()
        assert [change["orderId"] for change in (await waiting)["changes"]] == [order_id]
        assert signal.watch_count == 0


async def test_who_waits_in_vain_is_told_so_when_the_time_is_over(shop: Shop) -> None:
    feed = await asked(shop)
    later = await asked(shop, after=feed["cursor"], waitMs=30)
    assert (later["changes"], later["cursor"]) == ([], feed["cursor"])


async def test_the_wait_does_not_count_against_the_deadline(shop: Shop) -> None:
    """The order is loaded after the wait."""
    context = context_of(shop)
    before = context.loaders.deadline
    result = await executed(FEED, {"waitMs": 40, "after": cursor_of(BEGINNING)}, context=context)
    assert result.errors is None
    assert context.loaders.deadline == before + 0.04


async def test_nothing_is_left_of_a_caller_who_hangs_up(shop: Shop) -> None:
    """By the application itself: the server says `http.disconnect` when the caller is gone."""
    async with signalled(shop.database) as signal:
        ports = replace(ports_over(shop.database, POLICIES, SECRET, Terms(), signal=signal))
        center = OrderCenter(Settings(demo=True), shop.database, ports, Worker(ports, SqlQueue(shop.database)))
        app = application(center, DemoKeys(SECRET, POLICIES))
        has_hung_up, sent = asyncio.Event(), []
        body = json.dumps({"query": "{ orderChanges(waitMs: 30000) { cursor } }"}).encode()
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if waiting:
                return waiting.pop()
            await has_hung_up.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message["type"])

        tasks = asyncio.all_tasks()
        scope = {
            "type": "http", "method": "POST", "path": "/graphql", "raw_path": b"/graphql", "query_string": b"", "http_version": "1.1",
            "scheme": "http", "root_path": "", "server": ("order-center", 80), "client": ("127.0.0.1", 1),
            "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
        }  # fmt: skip
        asking = asyncio.create_task(app(scope, receive, send))
        while signal.watch_count == 0:  # noqa: ASYNC110  it is counted, not told
            await asyncio.sleep(0.001)
        has_hung_up.set()
        await asking
        assert signal.watch_count == 0
        left = {getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks() - tasks}
        assert left == {"_Listener.keep"}  # for the next who waits
