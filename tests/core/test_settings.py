"""Settings refuse nonsense and say everything that is wrong at once (Q-23)."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.settings import SettingsError, from_environment

pytestmark = pytest.mark.feature("Q-23")

GOOD = {
    "OUTPOST_ENV": "development",
    "BASE_URL": "http://127.0.0.1:8000",
    "DATABASE_URL": "postgresql://outpost@db/outpost",
    "REDIS_URL": "redis://cache:6379/0",
    "SECRET_KEY": "a-long-random-secret-0123456789-abcdef",
    "CODE_PEPPER": "a-long-random-pepper-0123456789-abcdef",
}
PRODUCTION = {
    **GOOD,
    "OUTPOST_ENV": "production",
    "BASE_URL": "https://portal.example",
    "SUPPORT_EMAIL": "help@portal.example",
    "MAIL_FROM": "portal@portal.example",
    "OPERATOR_NAME": "Portal Ltd",
    "OPERATOR_ADDRESS": "1 Main Street, Dublin",
    "OPERATOR_VAT": "IE6388047V",
}


def fault(**changes: str) -> str:
    with pytest.raises(SettingsError) as refused:
        from_environment({**GOOD, **changes})
    return str(refused.value)


def test_good_settings_are_read() -> None:
    settings = from_environment(GOOD)
    assert settings.database_url == "postgresql+psycopg://outpost@db/outpost"
    assert settings.web_threads == 8
    assert not settings.secure_cookies


def test_production_starts_with_good_settings() -> None:
    assert from_environment(PRODUCTION).secure_cookies


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OUTPOST_ENV", "staging"),
        ("BASE_URL", "portal.example"),
        ("DATABASE_URL", "sqlite:///outpost.db"),
        ("REDIS_URL", "http://cache"),
        ("SECRET_KEY", "changeme"),
        ("SECRET_KEY", "a" * 64),
        ("CODE_PEPPER", "short"),
        ("MAIL_PORT", "smtp"),
        ("MAIL_PORT", "70000"),
        ("MAIL_TIMEOUT_SECONDS", "0"),
        ("MAIL_FROM", "Portal <portal@example.com>"),
        ("MAIL_FROM", "a@b\nBcc: c@d"),
        ("WEB_THREADS", "-1"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    assert name in fault(**{name: value})


def test_a_missing_secret_is_named() -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY is not set"):
        from_environment({k: v for k, v in GOOD.items() if k != "SECRET_KEY"})


def test_all_faults_are_told_at_once() -> None:
    words = fault(BASE_URL="x", MAIL_PORT="y", LOG_FORMAT="z")
    assert all(name in words for name in ("BASE_URL", "MAIL_PORT", "LOG_FORMAT"))


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("from-a-file-0123456789-abcdefghijklmnop\n")
    environment = {k: v for k, v in GOOD.items() if k != "SECRET_KEY"}
    settings = from_environment({**environment, "SECRET_KEY_FILE": str(path)})
    assert settings.secret_key.startswith("from-a-file")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    words = fault(SECRET_KEY="", SECRET_KEY_FILE=str(tmp_path / "none"))
    assert "SECRET_KEY_FILE" in words


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"BASE_URL": "http://portal.example"}, "BASE_URL"),
        (
            {"DATABASE_URL": "postgresql://outpost@/outpost?host=/tmp/outpost-embedded"},
            "DATABASE_URL",
        ),
        ({"REDIS_URL": "unix:///tmp/outpost-embedded/redis"}, "REDIS_URL"),
        ({"OPERATOR_NAME": "Outpost Demo Operator"}, "OPERATOR_NAME"),
        ({"SUPPORT_EMAIL": "support@outpost.test"}, "SUPPORT_EMAIL"),
    ],
)
def test_production_refuses_what_is_only_for_a_desk(change: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        from_environment({**PRODUCTION, **change})
