"""`order-center analytics` and a server on DuckDB, as processes: the copy is loaded, served, kept and made anew."""

import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures.clickhouse import ClickHouseProcess
from tests.fixtures.server_process import ServerProcess, environment, free_port, run, serving

QUESTION = "{ orderAnalytics(input: {measures: [ORDERS, NET], dimensions: [SKU], totals: true}) { rows totals asOf } }"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engine")
    folder.chmod(0o755)
    assert run("seed", "--orders", "40", env=environment(folder / "data")).returncode == 0
    return folder / "data"


def test_the_copy_is_loaded_told_of_and_made_anew(data_dir: Path) -> None:
    env = environment(data_dir, analytics_engine="duckdb")
    before = run("analytics", "status", env=env)
    assert before.returncode == 0
    assert re.fullmatch(r"The copy is still being made: 0 of 40 orders; \d+ s behind\.\n", before.stdout)
    complete = "The copy is complete: 40 of 40 orders; 0 s behind.\n"
    for arguments, taken_in in (((), "40"), ((), "0"), (("--rebuild",), "40")):
        loaded = run("analytics", "load", *arguments, env=env)
        assert (loaded.returncode, loaded.stdout) == (0, f"{taken_in} orders were taken in.\n{complete}")
    assert (data_dir / "analytics.duckdb").exists()


def wait_until_fed(server: ServerProcess) -> None:
    """Until then PostgreSQL answers."""
    while "order_center_analytics_engine_lag_seconds 0.0" not in httpx.get(f"{server.url}/metrics").text:
        time.sleep(0.05)


def answer(server: ServerProcess) -> tuple[list[Any], list[Any]]:
    data = server.ask(QUESTION)["data"]["orderAnalytics"]
    return data["rows"], data["totals"]


def test_without_an_engine_there_is_nothing_to_load(data_dir: Path) -> None:
    ended = run("analytics", "load", env=environment(data_dir))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "PostgreSQL answers analytics itself" in ended.stderr


def test_a_server_on_duckdb_answers_as_one_on_postgresql_and_has_the_file_alone(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("serving")
    folder.chmod(0o755)
    answers = []
    for engine in ("postgresql", "duckdb", "duckdb"):
        with serving(folder / "data", folder / "log", demo_orders="40", analytics_engine=engine) as server:
            if engine == "duckdb":
                wait_until_fed(server)
            answers.append(answer(server))
            if engine == "duckdb":
                refused = run("analytics", "status", env=environment(folder / "data", analytics_engine="duckdb"))
                assert (refused.returncode, refused.stdout) == (2, "")
                assert "cannot be opened" in refused.stderr
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][1][2] == "40"  # behind the SKU and the currency


@pytest.mark.nightly
def test_a_copy_in_clickhouse_is_loaded_told_of_and_made_anew_beside_a_server(
    tmp_path_factory: pytest.TempPathFactory, clickhouse: ClickHouseProcess
) -> None:
    folder = tmp_path_factory.mktemp("clickhouse")
    folder.chmod(0o755)
    url = clickhouse.new_database()
    env = environment(folder / "data", analytics_engine="clickhouse", analytics_url=url)
    with serving(
        folder / "data", folder / "log", demo_orders="40", analytics_engine="clickhouse", analytics_url=url
    ) as server:
        wait_until_fed(server)
        answers = [answer(server)]
        complete = "The copy is complete: 40 of 40 orders; 0 s behind.\n"
        assert run("analytics", "status", env=env).stdout == complete
        loaded = run("analytics", "load", env=env)
        assert (loaded.returncode, loaded.stdout) == (0, f"0 orders were taken in.\n{complete}")
        anew = run("analytics", "load", "--rebuild", env=env)
        assert (anew.returncode, anew.stdout) == (0, f"0 orders were taken in.\n{complete}")
        answers.append(answer(server))
    with serving(folder / "data", folder / "log", demo_orders="40") as server:
        answers.append(answer(server))
    assert answers[0] == answers[1] == answers[2]


def test_a_clickhouse_that_does_not_answer_is_said_in_one_sentence(data_dir: Path) -> None:
    url = f"clickhouse://somebody:hidden@127.0.0.1:{free_port()}/copy"
    ended = run("analytics", "load", env=environment(data_dir, analytics_engine="clickhouse", analytics_url=url))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "ClickHouse at somebody@127.0.0.1:" in ended.stderr
    assert "it cannot be reached" in ended.stderr
    assert "hidden" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_clickhouse_needs_its_address(data_dir: Path) -> None:
    ended = run("analytics", "status", env=environment(data_dir, analytics_engine="clickhouse"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "ORDER_CENTER_ANALYTICS_URL is unset" in ended.stderr
