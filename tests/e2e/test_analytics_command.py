"""`order-center analytics` and a server on DuckDB, as processes: the copy is loaded, served, kept and made anew."""

import re
import time
from pathlib import Path

import httpx
import pytest

from tests.fixtures.server_process import ServerProcess, environment, run, serving

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
            data = server.ask(QUESTION)["data"]["orderAnalytics"]
            answers.append((data["rows"], data["totals"]))
            if engine == "duckdb":
                refused = run("analytics", "status", env=environment(folder / "data", analytics_engine="duckdb"))
                assert (refused.returncode, refused.stdout) == (2, "")
                assert "cannot be opened" in refused.stderr
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][1][2] == "40"  # behind the SKU and the currency
