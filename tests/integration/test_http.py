"""The endpoint in process: every status it answers with, and what stands in the answer."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from adapters.bootstrap import OrderCenter
from adapters.db.engine import Database
from adapters.db.queue import SqlQueue
from adapters.entrypoints.auth import DemoKeys
from adapters.entrypoints.http import application
from adapters.settings import ExecutorKind, Settings
from adapters.worker.loop import Worker
from domain.values.enums import Role
from schema.execution.executor import Executor
from tests.fixtures.shop import SECRET, Shop

pytestmark = pytest.mark.anyio

JSON = "application/json"
RESULT = "application/graphql-response+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
LIMIT = 50_000
PLACE = (
    "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input)"
    " { __typename ... on PlaceOrderSuccess { replayed order { id } }"
    " ... on InvalidInput { problems { path code } } ... on UserError { code } } }"
)
WISH = {
    "businessUnit": "acme",
    "channel": "web",
    "memberId": "mbr_anna",
    "lines": [{"sku": "MUG", "quantity": 1}],
    "shippingAddress": {
        "recipient": "Anna",
        "country": "DE",
        "city": "Berlin",
        "line1": "Allee 1",
        "postalCode": "10115",
    },
}


@pytest.fixture
def center(shop: Shop) -> OrderCenter:
    settings = Settings(max_body_bytes=LIMIT, demo=True)
    return OrderCenter(settings, shop.database, shop.ports, Worker(shop.ports, SqlQueue(shop.database)))


@asynccontextmanager
async def client_of(center: OrderCenter) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(center, DemoKeys(SECRET, center.ports.policies)))
    async with httpx.AsyncClient(transport=transport, base_url="http://order-center") as client:
        client.headers.clear()
        yield client


@pytest.fixture
async def client(center: OrderCenter) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(center) as client:
        yield client


async def post(client: httpx.AsyncClient, query: str, accept: str = RESULT, **more: Any) -> httpx.Response:
    return await client.post("/graphql", json={"query": query, **more}, headers={"accept": accept})


async def get(client: httpx.AsyncClient, headers: dict[str, str] | None = None, **parameters: Any) -> httpx.Response:
    return await client.get(f"/graphql?{urlencode(parameters)}", headers=headers or {"accept": RESULT})


def code_of(answer: httpx.Response) -> str:
    """Of an answer that is one error: well-formed, with the request's id, and nothing executed."""
    content = answer.json()
    assert list(content) == ["errors"]
    (error,) = content["errors"]
    assert error["message"]
    assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
    assert error["extensions"]["retryable"] is False
    code: str = error["extensions"]["code"]
    return code


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [(None, JSON), ("*/*", JSON), (JSON, JSON), (RESULT, RESULT), (f"{RESULT}, {JSON};q=0.9", RESULT)],
)
async def test_an_answer_has_the_media_type_that_was_asked_for(
    client: httpx.AsyncClient, accept: str | None, content_type: str
) -> None:
    headers = {"accept": accept} if accept else {}
    answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})
    assert answer.headers["content-type"] == f"{content_type}; charset=utf-8"
    assert (answer.headers["cache-control"], answer.headers["vary"]) == ("no-store", "accept")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_every_answer_has_an_id_of_its_own_whatever_the_caller_sends(client: httpx.AsyncClient) -> None:
    paths = ("/graphql?query={__typename}", "/livez", "/nowhere", "/graphql?query={nope}", "/schema.graphql")
    ids = [(await client.get(path, headers={"x-request-id": "mine"})).headers["x-request-id"] for path in paths]
    assert all(len(request_id) == 16 for request_id in ids)
    assert len(set(ids)) == len(paths)


@pytest.mark.parametrize(
    ("query", "more", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("", {}, "GRAPHQL_PARSE_FAILED"),
        ('{ order(ref: {number: "\\ud800"}) { id } }', {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { orders }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", {}, "OPERATION_NOT_FOUND"),
        ("query A { __typename }", {"operationName": "B"}, "OPERATION_NOT_FOUND"),
        ("query ($x: ID!) { node(id: $x) { id } }", {}, "BAD_USER_INPUT"),
        ("query ($x: ID!) { node(id: $x) { id } }", {"variables": {"x": None}}, "BAD_USER_INPUT"),
        ("query ($x: Int) { orders(first: $x) { totalCount } }", {"variables": {"x": 2**31}}, "BAD_USER_INPUT"),
        ("query ($x: OrderFilter) { orders(filter: $x) { totalCount } }",
         {"variables": {"x": {"status": ["NOT_A_STATUS"]}}}, "BAD_USER_INPUT"),
    ],
)  # fmt: skip
async def test_what_cannot_be_executed_is_400_and_200_for_clients_of_old(
    client: httpx.AsyncClient, query: str, more: dict[str, Any], code: str
) -> None:
    for accept, status in ((RESULT, 400), (JSON, 200)):
        answer = await post(client, query, accept, **more)
        assert (answer.status_code, code_of(answer)) == (status, code)
        assert answer.headers["content-type"] == f"{accept}; charset=utf-8"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{" + " id" * 5000 + "}", "DOCUMENT_TOO_LARGE"),
        ("{ member" * 1000 + "}" * 1000, "DOCUMENT_TOO_LARGE"),
        ("{ orders(first: 99999999999999999999) { totalCount } }", "NUMBER_OUT_OF_RANGE"),
        ("{ orders(first: 1e999) { totalCount } }", "NUMBER_OUT_OF_RANGE"),
    ],
)
async def test_what_is_absurd_is_400_for_everyone(client: httpx.AsyncClient, query: str, code: str) -> None:
    for accept in (RESULT, JSON):
        answer = await post(client, query, accept)
        assert (answer.status_code, code_of(answer)) == (400, code)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", {}, 400, "INVALID_JSON"),
        (b'{"query": "\xff"}', {}, 400, "INVALID_JSON"),
        (b'{"query": "{a}", "variables": {"x": "\\udfff"}}', {}, 400, "INVALID_JSON"),
        (b"[1]", {}, 400, "BATCHING_NOT_SUPPORTED"),
        (b"7", {}, 400, "BAD_REQUEST"),
        (b"{}", {}, 400, "BAD_REQUEST"),
        (b'{"query": "{a}", "variables": {"x": 1e19}}', {}, 400, "NUMBER_OUT_OF_RANGE"),
        (b'{"query": "{a}", "variables": {"x": ' + b"[" * 200 + b"]" * 200 + b"}}", {}, 400, "TOO_DEEP"),
        (b"{}", {"content-type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"{}", {"content-encoding": "gzip"}, 415, "UNSUPPORTED_ENCODING"),
        (b" " * (LIMIT + 1), {}, 413, "BODY_TOO_LARGE"),
        (b"{}", {"authorization": "Bearer nobody"}, 401, "UNAUTHENTICATED"),
        (b"{}", {"authorization": "Basic eDp5"}, 401, "UNAUTHENTICATED"),
        (b'{"query": "{a}"}', {"accept": "text/html"}, 406, "NOT_ACCEPTABLE"),
    ],
)
async def test_a_request_is_refused_before_it_is_executed(
    client: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await client.post("/graphql", content=body, headers={"content-type": JSON, **headers})
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert answer.headers["content-type"] == f"{JSON}; charset=utf-8"


@pytest.mark.parametrize(
    ("headers", "name", "value"),
    [
        ({"authorization": "Bearer nobody"}, "www-authenticate", "Bearer"),
        ({"content-encoding": "br"}, "accept-encoding", "identity"),
        ({"content-length": str(LIMIT + 1)}, "connection", "close"),
    ],
)
async def test_a_refusal_says_in_its_headers_what_to_do(
    client: httpx.AsyncClient, headers: dict[str, str], name: str, value: str
) -> None:
    answer = await client.post("/graphql", content=b"{}", headers={"content-type": JSON, **headers})
    assert answer.headers[name] == value


async def test_a_body_that_says_it_is_too_large_is_not_read(client: httpx.AsyncClient) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield b"{}"

    headers = {"content-type": JSON, "content-length": str(LIMIT + 1)}
    answer = await client.post("/graphql", content=body(), headers=headers)
    assert (answer.status_code, read) == (413, [])


async def test_a_body_that_does_not_say_its_size_is_read_up_to_the_limit(client: httpx.AsyncClient) -> None:
    async def body(size: int) -> AsyncIterator[bytes]:
        yield b'{"query": "{ __typename }"}'.ljust(size - 10)
        yield b" " * 10

    for size, status in ((LIMIT, 200), (LIMIT + 1, 413)):
        answer = await client.post("/graphql", content=body(size), headers={"content-type": JSON})
        assert answer.status_code == status


async def test_a_query_may_come_by_get(client: httpx.AsyncClient) -> None:
    answer = await get(
        client, query="query A($n: Int) { orders(first: $n) { totalCount } } query B { __typename }",
        operationName="A", variables='{"n": 0}', extensions="{}",
    )  # fmt: skip
    assert (answer.status_code, answer.json()) == (200, {"data": {"orders": {"totalCount": 0}}})
    head = await client.head("/graphql?query={__typename}", headers={"accept": JSON})
    assert (head.status_code, head.headers["content-type"]) == (200, f"{JSON}; charset=utf-8")


async def test_a_mutation_may_not_come_by_get(client: httpx.AsyncClient, shop: Shop) -> None:
    before = await shop.everything()
    answer = await get(client, query=PLACE, variables=json.dumps({"input": {**WISH, "idempotencyKey": "k"}}))
    assert (answer.status_code, answer.headers["allow"], code_of(answer)) == (405, "POST", "METHOD_NOT_ALLOWED")
    assert await shop.everything() == before


async def test_which_operation_a_get_means_decides_not_which_the_document_holds(client: httpx.AsyncClient) -> None:
    text = "query A { __typename } mutation B { __typename }"
    assert (await get(client, query=text, operationName="A")).status_code == 200
    assert (await get(client, query=text, operationName="B")).status_code == 405


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({}, 400, "BAD_REQUEST"),
        ({"query": "{a}", "variables": "{"}, 400, "INVALID_JSON"),
        ({"query": " " * 20_000}, 414, "URL_TOO_LONG"),
        ({"query": "{"}, 400, "GRAPHQL_PARSE_FAILED"),
    ],
)
async def test_a_get_is_refused(client: httpx.AsyncClient, parameters: dict[str, Any], status: int, code: str) -> None:
    answer = await get(client, **parameters)
    assert (answer.status_code, code_of(answer)) == (status, code)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_sites_page_cannot_make_a_browser_ask(client: httpx.AsyncClient, site: str) -> None:
    sent = {"accept": "*/*", "sec-fetch-site": site}
    answer = await get(client, sent, query="{ __typename }")
    assert (answer.status_code, code_of(answer)) == (403, "CROSS_SITE_REQUEST")
    assert (await get(client, {**sent, "x-requested-with": "app"}, query="{ __typename }")).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_another_sites_form_cannot_act(client: httpx.AsyncClient, content_type: str, shop: Shop) -> None:
    before = await shop.everything()
    body = json.dumps({"query": PLACE, "variables": {"input": {**WISH, "idempotencyKey": "k"}}})
    answer = await client.post("/graphql", content=body, headers={"content-type": content_type})
    assert answer.status_code == 415
    assert await shop.everything() == before


async def test_nobody_is_told_that_other_sites_may_ask(client: httpx.AsyncClient) -> None:
    sent = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    answer = await client.options("/graphql", headers=sent)
    assert (answer.status_code, code_of(answer)) == (405, "METHOD_NOT_ALLOWED")
    assert [name for name in answer.headers if name.startswith("access-control-")] == []


async def test_a_browser_gets_the_page_and_nothing_is_executed(client: httpx.AsyncClient) -> None:
    answer = await get(client, {"accept": BROWSER}, query="{ nope }")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!doctype html>")
    assert answer.headers["content-security-policy"].startswith("default-src 'self'; script-src 'self';")
    asset = await client.get("/console/assets/graphiql.js")
    assert (asset.status_code, asset.headers["cache-control"]) == (200, "no-cache")
    again = await client.get("/console/assets/graphiql.js", headers={"if-none-match": asset.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/graphql", {"GET", "HEAD", "POST"}),
        ("DELETE", "/graphql", {"GET", "HEAD", "POST"}),
        ("POST", "/livez", {"GET", "HEAD"}),
        ("POST", "/schema.graphql", {"GET", "HEAD"}),
        ("POST", "/console/assets/graphiql.js", {"GET", "HEAD"}),
    ],
)
async def test_a_method_that_is_not_handled_is_405(
    client: httpx.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, code_of(answer)) == (405, "METHOD_NOT_ALLOWED")
    assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/nowhere", "/console/assets/nothing.js", "/console/assets/..%2fpage.py"])
async def test_what_is_not_there_is_404(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, code_of(answer)) == (404, "NOT_FOUND")


async def test_the_schema_and_the_probes(client: httpx.AsyncClient) -> None:
    assert "type Order implements Node" in (await client.get("/schema.graphql")).text
    assert (await client.get("/livez")).json() == {"status": "live"}
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert (await client.get("/")).headers["location"] == "graphql"


async def test_without_its_database_it_lives_and_is_not_ready(center: OrderCenter, database_url: str) -> None:
    closed = await Database.open(database_url, pool_size=1)
    await closed.close()
    async with client_of(replace(center, database=closed)) as client:
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"status": "not ready"})
        assert (await client.get("/livez")).status_code == 200


async def test_an_operation_that_was_executed_is_200_also_with_errors(client: httpx.AsyncClient) -> None:
    for accept in (RESULT, JSON):
        answer = await post(client, "{ __typename orders(first: 101) { totalCount } }", accept)
        content = answer.json()
        assert (answer.status_code, content["data"]) == (200, None)
        assert [(error["path"], error["extensions"]["code"]) for error in content["errors"]] == [
            (["orders"], "BAD_REQUEST")
        ]


async def test_variables_that_nobody_asked_for_are_ignored(client: httpx.AsyncClient) -> None:
    answer = await post(client, "{ __typename }", variables={"other": 1})
    assert answer.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "query",
    [
        '{ order(ref: {number: "\\u0000"}) { id } }',
        '{ node(id: "ord_\\u0000") { id } }',
        '{ orders(search: "\\u0000") { totalCount } }',
        '{ orders(filter: {channel: ["\\u0000"]}) { totalCount } }',
        '{ product(sku: "\\u0000") { name } }',
        '{ member(id: "mbr_\\u0000") { name } }',
        '{ stock(skus: ["\\u0000"]) { available } }',
        '{ products(filter: {search: "\\u0000"}) { nodes { sku } } }',
    ],
)
async def test_a_nul_is_found_nowhere(client: httpx.AsyncClient, query: str) -> None:
    answer = await post(client, query)
    codes = {error["extensions"]["code"] for error in answer.json().get("errors", [])}
    assert (answer.status_code, codes <= {"BAD_REQUEST", "INVALID_CURSOR"}) == (200, True)


async def test_filters_nested_as_deep_as_variables_may_be_are_refused_not_broken(client: httpx.AsyncClient) -> None:
    asked: dict[str, Any] = {"status": ["PAID"]}
    for _ in range(60):
        asked = {"and": [asked]}
    answer = await post(client, "query ($f: OrderFilter) { orders(filter: $f) { totalCount } }", variables={"f": asked})
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["BAD_REQUEST"]


async def test_a_fault_of_ours_is_masked_and_logged_once(
    client: httpx.AsyncClient, center: OrderCenter, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(center.ports.order_views), "page", _broken)
    answer = await post(client, "{ a: orders { totalCount nodes { id } } b: orders { nodes { id } } }")
    content = answer.json()
    assert answer.status_code == 200
    assert {error["extensions"]["code"] for error in content["errors"]} == {"INTERNAL"}
    assert "secret" not in answer.text
    logged = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [(record.name, answer.headers["x-request-id"] in record.getMessage()) for record in logged] == [
        ("order_center.http", True)
    ]


async def test_what_was_executed_is_counted(center: OrderCenter, client: httpx.AsyncClient) -> None:
    def counted(text: str) -> dict[str, float]:
        samples = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in samples}

    before = counted((await client.get("/metrics")).text)
    for query in ("{ viewer { kind } }", "{ viewer { kind } }", "{ nope }"):
        await post(client, query)
    answer = await client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    after = counted(answer.text)
    is_compiling = center.settings.executor is ExecutorKind.COMPILED
    assert {name: after[name] - before[name] for name in after} == {
        'order_center_operations_total{executor="compiled"}': 2 * is_compiling,
        'order_center_operations_total{executor="core"}': 2 * (not is_compiling),
        "order_center_operation_parts_replayed_total": 0,
        'order_center_operation_cache_total{result="hit"}': 1,
        'order_center_operation_cache_total{result="miss"}': 2,
        "order_center_change_feed_lag_seconds": 0,
        "order_center_rollup_lag_seconds": 0,
    }


async def test_metrics_are_told_without_the_database_too(
    center: OrderCenter, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(center.database, "value", _broken)
    text = (await client.get("/metrics")).text
    assert "order_center_operations_total" in text
    assert "lag_seconds" not in text


async def test_a_fault_outside_of_graphql_is_json_and_logged_once(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Executor, "run", _broken)
    answer = await post(client, "{ __typename }")
    assert (answer.status_code, code_of(answer)) == (500, "INTERNAL")
    assert answer.headers["content-type"] == f"{JSON}; charset=utf-8"
    assert "secret" not in answer.text
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == ["order_center.http"]


@pytest.mark.parametrize(
    "query", ["{", "{ nope }", "query ($x: ID!) { node(id: $x) { id } }", "{ orders(first: -1) { totalCount } }"]
)
async def test_a_fault_of_the_caller_is_not_logged(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    await post(client, query)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def place(client: httpx.AsyncClient, header: str | None, **more: Any) -> Any:
    headers = {"accept": RESULT} | ({"idempotency-key": header} if header is not None else {})
    body = {"query": PLACE, "variables": {"input": {**WISH, **more}}}
    return (await client.post("/graphql", json=body, headers=headers)).json()


async def test_the_idempotency_key_header_is_the_default_of_the_input(client: httpx.AsyncClient) -> None:
    first = (await place(client, "K"))["data"]["placeOrder"]
    assert (first["__typename"], first["replayed"]) == ("PlaceOrderSuccess", False)
    assert (await place(client, '"K"'))["data"]["placeOrder"] == {**first, "replayed": True}
    assert (await place(client, "other", idempotencyKey="K"))["data"]["placeOrder"] == {**first, "replayed": True}
    assert (await place(client, "L"))["data"]["placeOrder"]["order"] != first["order"]


async def test_without_the_header_a_key_that_is_required_has_to_be_in_the_input(client: httpx.AsyncClient) -> None:
    (error,) = (await place(client, None))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_of_the_header_is_checked_like_one_of_the_input(client: httpx.AsyncClient, key: str) -> None:
    outcome = (await place(client, key))["data"]["placeOrder"]
    assert outcome["problems"] == [{"path": ["idempotencyKey"], "code": "INVALID_LENGTH"}]


async def test_the_header_does_not_serve_two_mutations(client: httpx.AsyncClient, shop: Shop) -> None:
    before = await shop.everything()
    query = "mutation ($in: OrderActionInput!) { a: holdOrder(input: $in) { __typename } b: releaseOrder(input: $in) { __typename } }"
    body = {"query": query, "variables": {"in": {"orderId": "ord_x"}}}
    answer = await client.post("/graphql", json=body, headers={"idempotency-key": "K"})
    assert (answer.status_code, code_of(answer)) == (400, "IDEMPOTENCY_KEY_AMBIGUOUS")
    assert await shop.everything() == before


async def test_a_key_of_a_role_acts_as_the_role(client: httpx.AsyncClient, center: OrderCenter) -> None:
    key = DemoKeys(SECRET, center.ports.policies).keys[Role.WAREHOUSE]
    headers = {"authorization": f"Bearer {key}"}
    answer = await client.post("/graphql", json={"query": "{ viewer { roles } }"}, headers=headers)
    assert answer.json() == {"data": {"viewer": {"roles": ["WAREHOUSE"]}}}


async def _broken(*_given: Any, **_named: Any) -> Any:
    raise RuntimeError("a secret")
