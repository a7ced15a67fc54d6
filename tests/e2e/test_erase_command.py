"""`order-center erase` as a process: who is asked, what goes, what is said of what stays."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.server_process import COMMAND, environment, run

NOWHERE = f"ord_{0:032x}"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("erasing")
    folder.chmod(0o755)
    env = environment(folder / "data")
    assert run("seed", "--orders", "120", env=env).returncode == 0
    return env


def exported(env: dict[str, str], path: Path, **chosen: list[str]) -> dict[str, str]:
    """Order id → number."""
    path.unlink(missing_ok=True)
    ended = run("export", "orders", "--filter", json.dumps(chosen), "--output", str(path), env=env)
    assert ended.returncode == 0, ended.stderr
    rows = map(json.loads, path.read_text().splitlines())
    return {row["order_id"]: row["order_number"] for row in rows}


def answered(said: str, *arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """By a person at a terminal."""
    ours, theirs = os.openpty()
    try:
        os.write(ours, f"{said}\n".encode())
        return subprocess.run(  # noqa: S603
            [COMMAND, *arguments], env=env, stdin=theirs, capture_output=True, text=True, check=False
        )
    finally:
        os.close(ours)
        os.close(theirs)


def test_orders_that_are_over_go_and_others_hold_all_of_them(seeded: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    before = exported(seeded, path)
    first, second, third = sorted(exported(seeded, path, status=["CANCELLED"]))[:3]
    live = min(exported(seeded, path, status=["PENDING_PAYMENT", "CONFIRMED", "SHIPPED", "DELIVERED"]))

    unasked = run("erase", first, env=seeded)
    assert (unasked.returncode, unasked.stdout) == (2, "")
    assert unasked.stderr.endswith("Nobody can be asked whether it is meant: say --yes. Nothing was erased.\n")
    unknown = run("erase", first, "ORD-0000-000000", "--yes", env=seeded)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr == "order-center: There is no order ORD-0000-000000. Nothing was erased.\n"
    mixed = run("erase", first, live, NOWHERE, "--yes", env=seeded)
    assert (mixed.returncode, mixed.stdout) == (2, "")
    assert mixed.stderr.startswith(f"order-center: Nothing was erased.\n{live} stays: it is ")
    assert mixed.stderr.endswith(f"\n{NOWHERE} stays: there is no such order.\n")
    refused = answered("n", "erase", first, env=seeded)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"{first} will be gone for good. Erase? [y/N]: ")
    assert exported(seeded, path) == before

    done = run("erase", first, before[second], second, "--yes", env=seeded)
    assert (done.returncode, done.stdout) == (0, f"{first} is erased.\n{second} is erased.\n")
    assert done.stderr.count(" order_center.audit: ") == 2
    assert f"order_center.audit: {first} of " in done.stderr
    again = run("erase", first, "--yes", env={**seeded, "ORDER_CENTER_LOG_LEVEL": "ERROR"})
    assert (again.returncode, again.stdout, again.stderr) == (0, f"{first} was erased before.\n", "")
    agreed = answered("y", "erase", third, env={**seeded, "ORDER_CENTER_LOG_LEVEL": "ERROR"})
    assert agreed.stderr.count(" order_center.audit: ") == 1
    assert (agreed.returncode, agreed.stdout) == (0, f"{third} is erased.\n")
    assert exported(seeded, path) == {name: before[name] for name in before.keys() - {first, second, third}}
    assert run("doctor", env=seeded).returncode == 0
