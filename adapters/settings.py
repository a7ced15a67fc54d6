"""The settings, read from `ORDER_CENTER_*` environment variables. `docs/settings.md` is rendered from this file."""

import os
import re
import secrets
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import annotated_types
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.faults import OperatorFault

PREFIX = "ORDER_CENTER_"
SECRET_KEY_MIN_CHARS = 16
_CLICKHOUSE_URL = re.compile(
    r"(clickhouses?|https?)://([^@/?#\s]+@)?([\w.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?/[A-Za-z_][A-Za-z0-9_]{0,62}/?"
)


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class ExecutorKind(StrEnum):
    COMPILED = "compiled"
    CORE = "core"


class AnalyticsEngineKind(StrEnum):
    POSTGRESQL = "postgresql"
    DUCKDB = "duckdb"
    CLICKHOUSE = "clickhouse"


class SettingsError(OperatorFault):
    """A setting cannot be used. The message is one sentence that begins with the variable's name."""


class Settings(BaseSettings):
    # An empty variable counts as unset: compose files and CI pass optional settings that way.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    data_dir: Path = Field(
        default=Path(".data"),
        description="Folder of the embedded PostgreSQL and of the generated secret key; made when missing.",
    )
    database_url: str | None = Field(
        default=None,
        repr=False,
        description="A PostgreSQL of your own: `postgresql://user:password@host:5432/name`. Unset: the embedded one runs in the data folder.",
    )
    host: str = Field(default="127.0.0.1", description="Address the HTTP server listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port the HTTP server listens on.")
    demo: bool = Field(
        default=False,
        description="Seed demo data, print one key per role, and let requests without a key act as the demo admin (loopback only).",
    )
    demo_orders: int = Field(default=2000, ge=0, le=10_000_000, description="Number of demo orders seeded once.")
    seed: int = Field(default=1, ge=0, description="Seed number of the demo data: the same number gives the same data.")
    secret_key: SecretStr | None = Field(
        default=None,
        description="Key that signs cursors, quote tokens and demo keys; at least 16 characters, the same on every replica. "
        "Unset: a random one is made once in `secret.key` of the data folder.",
    )
    policies_dir: Path | None = Field(
        default=None, description="Folder with one TOML policy file per business unit. Unset: the packaged policies."
    )
    pool_size: int = Field(default=10, ge=1, le=1000, description="Most database connections one process opens.")
    request_deadline_ms: int = Field(
        default=10_000,
        ge=1,
        description="Time a request may take, in milliseconds, before it is answered with an error.",
    )
    executor: ExecutorKind = Field(
        default=ExecutorKind.COMPILED,
        description="What runs GraphQL operations: `compiled` plans, or graphql-core (`core`). The answers are the same.",
    )
    max_body_bytes: int = Field(default=1_048_576, ge=1, description="Largest request body accepted, in bytes.")
    worker: bool = Field(default=True, description="Whether `serve` runs the worker (timers) inside its own process.")
    worker_poll_ms: int = Field(
        default=1000, ge=1, description="Longest time, in milliseconds, between two looks of the worker for due timers."
    )
    idempotency_ttl_h: int = Field(
        default=24, ge=1, description="Hours an idempotency key and its stored outcome are kept."
    )
    stripe_key: SecretStr | None = Field(
        default=None, description="Secret key of Stripe, which then takes the payments. Unset: the test provider does."
    )
    stripe_callback_secret: SecretStr | None = Field(
        default=None,
        description="Secret with which Stripe signs what it sends to `/callbacks/payments/stripe`; needed beside the key.",
    )
    stripe_url: str | None = Field(
        default=None, description="Where Stripe's API is, when not at its own address: a twin of it, or a proxy."
    )
    quote_ttl_s: int = Field(default=900, ge=1, description="Seconds a quote token stays valid.")
    blob_url: str | None = Field(
        default=None,
        description="Where files of exports are kept: `s3://bucket/prefix` (S3 or what speaks like it; needs `order-center[s3]`). "
        "Unset: `exports` in the data folder.",
    )
    blob_endpoint: str | None = Field(
        default=None,
        description="Where the storage of `BLOB_URL` answers, when it is not Amazon's: `https://host:port`.",
    )
    blob_region: str | None = Field(default=None, description="The storage's region.")
    blob_key: str | None = Field(
        default=None, description="Access key of the storage. Unset: the machine's own credentials serve."
    )
    blob_secret: SecretStr | None = Field(default=None, description="The secret beside the access key.")
    export_ttl_h: int = Field(default=168, ge=1, description="Hours the file of an export is kept.")
    export_link_ttl_s: int = Field(
        default=3600, ge=1, description="Seconds the URL of an export is good for, from when it is asked for."
    )
    analytics_engine: AnalyticsEngineKind = Field(
        default=AnalyticsEngineKind.POSTGRESQL,
        description="What answers analytics: PostgreSQL, or a columnar copy that is kept from the change feed, in DuckDB or in ClickHouse"
        " (`docs/analytics-engines.md`). The answers are the same.",
    )
    analytics_path: Path | None = Field(
        default=None, description="File of the DuckDB copy. Unset: `analytics.duckdb` in the data folder."
    )
    analytics_url: str | None = Field(
        default=None,
        repr=False,
        description="Database of the ClickHouse copy: `clickhouse://user:password@host:8123/name`, or `clickhouses://…:8443/name` with TLS;"
        " made when missing. Needs `order-center[clickhouse]`.",
    )
    log_level: LogLevel = Field(default=LogLevel.INFO, description="Least severe level that is logged.")

    @field_validator("secret_key")
    @classmethod
    def _is_long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < SECRET_KEY_MIN_CHARS:
            raise ValueError(f"it needs at least {SECRET_KEY_MIN_CHARS} characters")
        return key

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("postgresql://", "postgres://", "postgresql+asyncpg://")):
            raise ValueError("it must begin with postgresql://")
        return url

    @field_validator("blob_url")
    @classmethod
    def _is_object_storage(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith("s3://"):
            raise ValueError("it must begin with s3://")
        return url

    @field_validator("analytics_url")
    @classmethod
    def _is_clickhouse(cls, url: str | None) -> str | None:
        if url is not None and not _CLICKHOUSE_URL.fullmatch(url):
            raise ValueError("it must be clickhouse://user:password@host:port/name, the name of letters, digits and _")
        return url

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_any_case(cls, level: Any) -> Any:
        return level.lower() if isinstance(level, str) else level


def load_settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(_sentence(error.errors(include_url=False)[0])) from None


def signing_key(settings: Settings) -> str:
    """The configured secret key, else the random one of the data folder, made on first use (mode 600)."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = settings.data_dir / "secret.key"
    try:
        if not path.exists():
            _create_key(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(f"{PREFIX}SECRET_KEY is unset and the key file {path} cannot be used: {reason}.") from error
    if len(key) < SECRET_KEY_MIN_CHARS:
        raise SettingsError(
            f"{PREFIX}SECRET_KEY is unset and the key file {path} is damaged: remove it to get a new one."
        )
    return key


def _create_key(path: Path) -> None:
    """Written aside, then linked: of two processes starting at once both read the same, complete key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def settings_markdown() -> str:
    """`docs/settings.md`."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | {_type_words(field)} | {_default_words(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join([_HEAD, *rows, ""])


_HEAD = f"""# Settings

Every setting is an environment variable. An empty variable counts as unset; a value that cannot be used stops the start with
one sentence and exit code 2. This page is rendered from `adapters/settings.py`; a test holds the two together.

The tests read one more variable, `TEST_DATABASE_URL`: a PostgreSQL on which they may create a database of their own. Unset, they start an embedded one.

| variable (prefix `{PREFIX}`) | type | default | meaning |
|---|---|---|---|"""

_WORDS: dict[Any, str] = {
    Path: "path",
    str: "text",
    bool: "true or false",
    int: "whole number",
    SecretStr: "secret text",
}


def _type_words(field: FieldInfo) -> str:
    kind = _plain_type(field)
    if issubclass(kind, StrEnum):
        return ", ".join(f"`{member}`" for member in kind)
    return _WORDS[kind] + _bounds(field)


def _plain_type(field: FieldInfo) -> Any:
    if get_origin(field.annotation) is UnionType:
        return next(kind for kind in get_args(field.annotation) if kind is not NoneType)
    return field.annotation


def _bounds(field: FieldInfo) -> str:
    low = next((f" ≥ {rule.ge}" for rule in field.metadata if isinstance(rule, annotated_types.Ge)), "")
    high = next((f" ≤ {rule.le}" for rule in field.metadata if isinstance(rule, annotated_types.Le)), "")
    return low + ("," if low and high else "") + high


def _default_words(field: FieldInfo) -> str:
    if field.default is None:
        return "unset"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def _sentence(problem: ErrorDetails) -> str:
    name = str(problem["loc"][0]).removeprefix(PREFIX)
    reason = problem["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{name.upper()} cannot be used: {reason[0].lower()}{reason[1:]}."
