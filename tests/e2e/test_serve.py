"""The server as a process: starts, stops, restarts, recovers, and says clearly why it cannot."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures.server_process import ServerProcess, environment, free_port, run, serving

COUNT = "{ orders { totalCount } }"


def postmasters(data_dir: Path) -> list[int]:
    """The PostgreSQL servers that work on this data folder."""
    try:
        lines = (data_dir / "postgres" / "data" / "postmaster.pid").read_text().split()
    except FileNotFoundError:
        return []
    return [int(lines[0])] if lines and is_alive(int(lines[0])) else []


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def database_processes(data_dir: Path) -> list[int]:
    """The postmaster and all its children."""
    (postmaster,) = postmasters(data_dir)
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [postmaster, *map(int, children)]


def answered(ask: Callable[[], Any]) -> Any:
    """What it answers, as soon as that is something."""
    for _ in range(1200):
        with contextlib.suppress(httpx.TransportError):
            if answer := ask():
                return answer
        time.sleep(0.05)
    raise AssertionError("It was never answered.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_server_worker_and_database_and_the_next_start_keeps_the_data(
    tmp_path: Path, open_folder: Path, number: int
) -> None:
    data = open_folder / "data"
    with serving(data, tmp_path / "first.log") as server:
        placed = server.ask(COUNT)["data"]["orders"]["totalCount"]
        assert placed == 60
        assert postmasters(data)
        assert server.end(number) == 0
    assert postmasters(data) == []
    assert "Stopped." in server.output
    assert "Traceback" not in server.output
    with serving(data, tmp_path / "second.log") as server:
        assert server.ask(COUNT)["data"]["orders"]["totalCount"] == placed


def test_a_demo_server_prints_its_url_a_key_per_role_and_queries_that_answer(tmp_path: Path, open_folder: Path) -> None:
    with serving(open_folder / "data", tmp_path / "log") as server:
        lines = server.output.splitlines()
        keys = {line.split()[0]: line.split()[1] for line in lines if line.strip() and "demo-" in line}
        commands = [line.strip() for line in lines if line.strip().startswith("curl ")]
        assert f"{server.url}/graphql" in server.output
        assert list(keys) == ["buyer", "partner", "merchant", "support", "finance", "warehouse", "analyst", "admin"]
        assert len(commands) == 3
        for command in commands:
            answer = subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout  # noqa: S602
            assert '"data"' in answer
            assert '"errors"' not in answer
        for role, key in keys.items():
            viewer = server.ask("{ viewer { roles } }", key=key)["data"]["viewer"]
            assert viewer["roles"] == [role.upper()]
        assert (
            server.ask("{ viewer { id } }", key="demo-admin-wrong")["errors"][0]["extensions"]["code"]
            == "UNAUTHENTICATED"
        )


def test_after_sigkill_of_the_server_the_next_start_takes_over(tmp_path: Path, open_folder: Path) -> None:
    data = open_folder / "data"
    with serving(data, tmp_path / "first.log") as server:
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
    with serving(data, tmp_path / "second.log") as server:
        assert server.ask(COUNT)["data"]["orders"]["totalCount"] == 60
    assert postmasters(data) == []


def test_after_sigkill_of_server_and_database_the_next_start_recovers(tmp_path: Path, open_folder: Path) -> None:
    data = open_folder / "data"
    with serving(data, tmp_path / "first.log") as server:
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
        for pid in database_processes(data):
            os.kill(pid, signal.SIGKILL)
    with serving(data, tmp_path / "second.log") as server:
        assert server.ask(COUNT)["data"]["orders"]["totalCount"] == 60


@pytest.mark.parametrize("whom", ["the postmaster", "all its processes"])
def test_a_database_that_is_killed_is_started_again_and_requests_are_answered_as_before(
    tmp_path: Path, open_folder: Path, whom: str
) -> None:
    data = open_folder / "data"
    with serving(data, tmp_path / "log") as server:
        (killed,) = postmasters(data)
        for pid in [killed] if whom == "the postmaster" else database_processes(data):
            os.kill(pid, signal.SIGKILL)
        answered(lambda: killed not in postmasters(data) and postmasters(data) != [])
        answered(lambda: server.ask(COUNT).get("data") == {"orders": {"totalCount": 60}})
        assert answered(lambda: "PostgreSQL runs again." in server.output)
        assert server.output.count("PostgreSQL has ended unasked; it is started again.") == 1
        assert server.end() == 0
    assert postmasters(data) == []
    assert "Traceback" not in server.output


def test_a_database_that_does_not_start_again_is_away_and_then_ends_the_server_with_its_reason(
    tmp_path: Path, open_folder: Path
) -> None:
    data = open_folder / "data"
    cluster = data / "postgres" / "data"
    with serving(data, tmp_path / "log") as server:
        (cluster / "PG_VERSION").rename(cluster / "gone")
        for pid in database_processes(data):
            os.kill(pid, signal.SIGKILL)
        told = answered(lambda: server.ask(COUNT).get("errors"))[0]["extensions"]
        assert (told["code"], told["service"], told["retryable"]) == ("SERVICE_UNAVAILABLE", "database", True)
        assert server.process.wait() == 2
    assert [attempt for attempt in range(1, 7) if f"Attempt {attempt} of 5 failed: " in server.output] == [
        1,
        2,
        3,
        4,
        5,
    ]
    assert server.output.splitlines()[-1] == (
        f"order-center: The folder {cluster} is not a PostgreSQL cluster: remove it, or use another data folder."
    )
    assert "Traceback" not in server.output


def test_a_server_can_be_stopped_while_its_database_does_not_start(tmp_path: Path, open_folder: Path) -> None:
    data = open_folder / "data"
    cluster = data / "postgres" / "data"
    with serving(data, tmp_path / "log") as server:
        (cluster / "PG_VERSION").rename(cluster / "gone")
        for pid in database_processes(data):
            os.kill(pid, signal.SIGKILL)
        answered(lambda: "Attempt 1 of 5 failed: " in server.output)
        assert server.end() == 0
    assert "Stopped." in server.output
    assert "Traceback" not in server.output


def test_a_taken_port_is_one_clear_sentence(open_folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = run("serve", env=environment(open_folder / "data", port=port))
    assert ended.returncode == 2
    assert ended.stderr == (
        f"order-center: 127.0.0.1:{port} cannot be used: Address already in use. Set ORDER_CENTER_PORT to another port.\n"
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"database_url": "postgresql://nobody@127.0.0.1:1/none"}, "cannot be reached"),
        ({"database_url": "mysql://x"}, "ORDER_CENTER_DATABASE_URL"),
        ({"port": "eighty"}, "ORDER_CENTER_PORT"),
        ({"policies_dir": "/nonexistent"}, "/nonexistent"),
    ],
)
def test_a_wrong_setting_is_one_clear_sentence(open_folder: Path, settings: dict[str, str], sentence: str) -> None:
    ended = run("serve", env=environment(open_folder / "data", **{"port": str(free_port()), **settings}))
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_a_data_folder_of_another_version_is_one_clear_sentence(open_folder: Path) -> None:
    cluster = open_folder / "data" / "postgres" / "data"
    ended = run("migrate", env=environment(open_folder / "data"))
    assert ended.returncode == 0
    (cluster / "PG_VERSION").write_text("9\n")
    ended = run("serve", env=environment(open_folder / "data", port=str(free_port())))
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert "version" in ended.stderr


def test_a_second_server_on_one_data_folder_is_refused_but_commands_join_it(tmp_path: Path, open_folder: Path) -> None:
    data = open_folder / "data"
    with serving(data, tmp_path / "log"):
        second = run("serve", env=environment(data, port=str(free_port())))
        assert second.returncode == 2
        assert "in use by another running order center" in second.stderr
        doctor = run("doctor", env=environment(data))
        assert doctor.returncode == 0


def test_the_demo_does_not_leave_loopback(open_folder: Path) -> None:
    ended = run("serve", "--demo", env=environment(open_folder / "data", host="0.0.0.0"))  # noqa: S104
    assert ended.returncode == 2
    assert "loopback" in ended.stderr


def test_ctrl_c_while_it_starts_leaves_nothing_behind(tmp_path: Path, open_folder: Path) -> None:
    data = open_folder / "data"
    env = environment(data, port=str(free_port()), demo_orders="20000")
    server = ServerProcess(env, tmp_path / "log")
    while not postmasters(data):
        assert server.process.poll() is None
    assert server.end(signal.SIGINT) in {0, 130}
    assert postmasters(data) == []
    assert "Traceback" not in server.output
