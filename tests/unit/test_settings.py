import stat
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from adapters.settings import (
    AnalyticsEngineKind,
    ExecutorKind,
    LogLevel,
    Settings,
    SettingsError,
    load_settings,
    settings_markdown,
    signing_key,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ORDER_CENTER_{name.upper()}", raising=False)


def test_the_page_of_settings_is_the_rendered_one() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings_markdown()


def test_every_setting_has_a_description_and_a_default() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description or field.is_required()] == []


def test_defaults() -> None:
    assert load_settings().model_dump() == {
        "data_dir": Path(".data"),
        "database_url": None,
        "host": "127.0.0.1",
        "port": 8000,
        "demo": False,
        "demo_orders": 2000,
        "seed": 1,
        "secret_key": None,
        "policies_dir": None,
        "pool_size": 10,
        "request_deadline_ms": 10_000,
        "executor": ExecutorKind.COMPILED,
        "max_body_bytes": 1_048_576,
        "worker": True,
        "worker_poll_ms": 1000,
        "idempotency_ttl_h": 24,
        "stripe_key": None,
        "stripe_callback_secret": None,
        "stripe_url": None,
        "quote_ttl_s": 900,
        "analytics_engine": AnalyticsEngineKind.POSTGRESQL,
        "analytics_path": None,
        "analytics_url": None,
        "blob_url": None,
        "blob_endpoint": None,
        "blob_region": None,
        "blob_key": None,
        "blob_secret": None,
        "export_ttl_h": 168,
        "export_link_ttl_s": 3600,
        "log_level": LogLevel.INFO,
    }


def test_variables_are_read_with_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDER_CENTER_PORT", "9001")
    monkeypatch.setenv("ORDER_CENTER_WORKER", "false")
    monkeypatch.setenv("ORDER_CENTER_LOG_LEVEL", "WARNING")
    settings = load_settings()
    assert (settings.port, settings.worker, settings.log_level) == (9001, False, LogLevel.WARNING)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDER_CENTER_DATABASE_URL", "")
    assert load_settings().database_url is None


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "abc", "input should be a valid integer, unable to parse string as an integer"),
        ("PORT", "70000", "input should be less than or equal to 65535"),
        ("DEMO", "perhaps", "input should be a valid boolean, unable to interpret input"),
        ("POOL_SIZE", "0", "input should be greater than or equal to 1"),
        ("LOG_LEVEL", "loud", "input should be 'debug', 'info', 'warning' or 'error'"),
        ("DATABASE_URL", "mysql://u:hidden@h/d", "it must begin with postgresql://"),
        ("SECRET_KEY", "hidden", "it needs at least 16 characters"),
        *(
            (
                "ANALYTICS_URL",
                url,
                "it must be clickhouse://user:password@host:port/name, the name of letters, digits and _",
            )
            for url in (
                "postgresql://u:hidden@h/d",
                "clickhouse://u:hidden@h:8123",
                "clickhouse://u:hidden@h/d-e",
                "clickhouse://u:hidden@h/d?secure=1",
                "clickhouse:///d",
            )
        ),
    ],
)
def test_a_bad_value_is_one_sentence_without_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(f"ORDER_CENTER_{name}", value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert str(raised.value) == f"ORDER_CENTER_{name} cannot be used: {sentence}."


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDER_CENTER_SECRET_KEY", "hidden-hidden-hidden")
    monkeypatch.setenv("ORDER_CENTER_DATABASE_URL", "postgresql://u:hidden@h/d")
    monkeypatch.setenv("ORDER_CENTER_ANALYTICS_URL", "clickhouse://u:hidden@h/d")
    assert "hidden" not in repr(load_settings())


def test_a_given_key_is_taken_as_it_is(tmp_path: Path) -> None:
    key = "0123456789abcdef"
    assert signing_key(Settings(data_dir=tmp_path, secret_key=SecretStr(key))) == key
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    key = signing_key(settings)
    assert signing_key(settings) == key
    assert len(key) == 43
    assert [path.name for path in settings.data_dir.iterdir()] == ["secret.key"]
    assert stat.S_IMODE((settings.data_dir / "secret.key").stat().st_mode) == 0o600


def test_two_data_folders_have_two_keys(tmp_path: Path) -> None:
    assert signing_key(Settings(data_dir=tmp_path / "a")) != signing_key(Settings(data_dir=tmp_path / "b"))


def test_a_damaged_key_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text("\n")
    with pytest.raises(SettingsError) as raised:
        signing_key(Settings(data_dir=tmp_path))
    assert str(raised.value) == (
        f"ORDER_CENTER_SECRET_KEY is unset and the key file {path} is damaged: remove it to get a new one."
    )


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "secret.key"
    with pytest.raises(SettingsError) as raised:
        signing_key(Settings(data_dir=tmp_path / "file"))
    assert str(raised.value) == f"ORDER_CENTER_SECRET_KEY is unset and the key file {path} cannot be used: File exists."
