"""Faults of the database layer. Each message is one sentence for the person at the terminal; no password is ever part of it.

- `DatabaseUnavailable`: the server of the given URL does not answer, or refuses us.
- `EmbeddedServerError`: the embedded PostgreSQL cannot be set up or started.
- `MigrationError`: the database's revision is not one that this program knows.
"""

from adapters.faults import OperatorFault
from adapters.sql import DatabaseUnavailable

__all__ = ["DatabaseUnavailable", "EmbeddedServerError", "MigrationError"]


class EmbeddedServerError(OperatorFault):
    code = "EMBEDDED_SERVER"


class MigrationError(OperatorFault):
    code = "MIGRATION"
