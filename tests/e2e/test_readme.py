"""What the README prints works as printed."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.server_process import ServerProcess, serving

README = Path(__file__).parents[2] / "README.md"
PRINTED_URL = "http://127.0.0.1:8000"


@pytest.fixture(scope="module", params=["compiled", "core"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("readme")
    folder.chmod(0o755)
    with serving(folder / "data", folder / "log", demo_orders="500", executor=request.param) as running:
        yield running


def bash_blocks() -> list[str]:
    return re.findall(r"```bash\n(.*?)```", README.read_text(), flags=re.DOTALL)


def answers(script: str, server: ServerProcess) -> list[dict[str, object]]:
    script = script.replace(PRINTED_URL, server.url)
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, check=True)  # noqa: S603, S607
    return [
        json.loads(part) for part in re.findall(r"^\{.*?\}$", done.stdout.replace("}{", "}\n{"), flags=re.MULTILINE)
    ]


def test_the_three_queries_answer(server: ServerProcess) -> None:
    found = answers(bash_blocks()[0], server)
    assert len(found) == 3
    assert all(answer.get("data") and "errors" not in answer for answer in found)


def test_the_life_of_an_order_runs_and_its_history_tells_it_back(server: ServerProcess) -> None:
    *steps, told = answers(bash_blocks()[1], server)
    outcomes = [next(iter(answer["data"].values()))["__typename"] for answer in steps]  # type: ignore[attr-defined]
    assert outcomes == [
        "PayOrderSuccess",
        "OrderActionSuccess",
        "FulfillmentActionSuccess",
        "FulfillmentActionSuccess",
        "FulfillmentActionSuccess",
        "FulfillmentActionSuccess",
        "OrderActionSuccess",
        "OrderActionSuccess",
    ]
    order = told["data"]["order"]  # type: ignore[index]
    assert order["status"] == "COMPLETED"
    assert order["version"] == 18
    steps_told = [(node["machine"], node["action"], node["to"]) for node in order["history"]["nodes"]]
    assert steps_told == [
        ("ORDER", "placeOrder", "PENDING_PAYMENT"),
        ("PAYMENT", "payOrder", "CREATED"),
        ("PAYMENT", "startPayment", "PROCESSING"),
        ("PAYMENT", "paymentCaptured", "CAPTURED"),
        ("ORDER", "payOrder", "PAID"),
        ("ORDER", "split", "PAID"),
        ("FULFILLMENT", "split", "CREATED"),
        ("FULFILLMENT", "allocate", "ALLOCATED"),
        ("ORDER", "confirmOrder", "CONFIRMED"),
        ("FULFILLMENT", "acceptFulfillment", "ACCEPTED"),
        ("ORDER", "startFulfillment", "IN_FULFILLMENT"),
        ("FULFILLMENT", "packFulfillment", "READY"),
        ("FULFILLMENT", "shipFulfillment", "SHIPPED"),
        ("ORDER", "shipAll", "SHIPPED"),
        ("FULFILLMENT", "deliverFulfillment", "DELIVERED"),
        ("ORDER", "deliverAll", "DELIVERED"),
        ("ORDER", "confirmReceipt", "RECEIVED"),
        ("ORDER", "completeOrder", "COMPLETED"),
    ]
