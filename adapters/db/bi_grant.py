"""The role with which BI tools read the views of `bi`, and nothing else.

The views read the tables with the rights of their owner, so the role needs none on them. What PostgreSQL gives to everybody
(a connection, temporary tables, the catalog's names) is not taken away here: other roles of the database live by it.
"""

import secrets
from dataclasses import dataclass
from typing import Final

import asyncpg

from adapters.db.bi_views import SCHEMA
from adapters.db.connection import connect
from adapters.faults import OperatorFault

MAX_NAME_BYTES: Final = 63
PASSWORD_BYTES: Final = 24
_ROLE: Final = "SELECT rolsuper, rolname = current_user AS is_own FROM pg_roles WHERE rolname = $1"
_NEW: Final = "CREATE ROLE {role} NOSUPERUSER NOCREATEDB NOCREATEROLE {login}"
_READ_ONLY: Final = "ALTER ROLE {role} SET default_transaction_read_only = on"
_GRANTS: Final = (
    "GRANT CONNECT ON DATABASE {database} TO {role}",
    f"GRANT USAGE ON SCHEMA {SCHEMA} TO {{role}}",
    f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {{role}}",
    f"ALTER DEFAULT PRIVILEGES IN SCHEMA {SCHEMA} GRANT SELECT ON TABLES TO {{role}}",  # views of later versions
)


class GrantRefused(OperatorFault):
    """The role cannot be granted the views; one sentence."""


@dataclass(frozen=True, slots=True)
class Granted:
    """`password`: of a role that was made now and may log in; it is kept nowhere."""

    is_new: bool
    password: str | None


async def grant(url: str, role: str, *, may_login: bool = True) -> Granted:
    """Makes the role where there is none. Doing it again changes nothing. Raises GrantRefused."""
    _check_name(role)
    connection = await connect(url)
    try:
        async with connection.transaction():
            return await _granted(connection, role, may_login=may_login)
    except asyncpg.InsufficientPrivilegeError as error:
        raise GrantRefused(f"The user of ORDER_CENTER_DATABASE_URL may not do this: {error}.") from error
    finally:
        await connection.close()


def _check_name(role: str) -> None:
    if not role or "\0" in role or len(role.encode()) > MAX_NAME_BYTES:
        raise GrantRefused(f"A role's name has 1 to {MAX_NAME_BYTES} bytes, and no NUL.")
    if role.startswith("pg_") or role in {"public", "none"}:
        raise GrantRefused(f"{role} is a name of PostgreSQL's own: choose another one.")


async def _granted(connection: asyncpg.Connection, role: str, *, may_login: bool) -> Granted:
    found = await connection.fetchrow(_ROLE, role)
    if found is not None and (found["rolsuper"] or found["is_own"]):
        raise GrantRefused(f"{role} reads everything: name a role of its own for the BI tools.")
    password = secrets.token_urlsafe(PASSWORD_BYTES) if found is None and may_login else None
    names = {"role": _quoted(role), "database": _quoted(await connection.fetchval("SELECT current_database()"))}
    if found is None:
        # A password of our own letters: none of them ends the text. CREATE ROLE takes no parameters.
        names["login"] = "NOLOGIN" if password is None else f"LOGIN PASSWORD '{password}'"
        await connection.execute(_NEW.format(**names))
        await connection.execute(_READ_ONLY.format(**names))
    for statement in _GRANTS:
        await connection.execute(statement.format(**names))
    return Granted(found is None, password)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
