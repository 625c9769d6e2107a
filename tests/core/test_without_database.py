"""The database is away: pages say so, nothing hangs, nothing is a bare 500 (Q-14)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from webapp import create_app
from webapp.core.web import Portal
from webapp.settings import Settings


@pytest.fixture
def stranded(
    settings: Settings, portal: Portal, tmp_path_factory: pytest.TempPathFactory
) -> FlaskClient:
    """A browser with a session cookie at a portal whose database can't be reached."""
    nowhere = f"postgresql+psycopg://outpost@/outpost?host={tmp_path_factory.mktemp('nowhere')}"
    client = create_app(replace(settings, database_url=nowhere)).test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "x" * 43
        cookie["_fresh"] = True
    return client


@pytest.mark.parametrize("path", ["/", "/o/ORG-ACDEFGHJKM/", "/me/profile"])
def test_pages_say_that_they_can_not_be_loaded(stranded: FlaskClient, path: str) -> None:
    answer = stranded.get(path)
    assert answer.status_code == 503
    assert "<h1>" in answer.text
    assert answer.headers["Retry-After"]


def test_devices_are_told_to_come_again(stranded: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer op_enrol_acdefghjkmnp_{'x' * 43}"}
    answer = stranded.post("/device/v1/printers/launch", json={}, headers=headers)
    assert answer.status_code == 503
    assert answer.json
    assert answer.json["code"] == "unavailable"


@pytest.mark.feature("P-35")
def test_alive_but_not_ready(stranded: FlaskClient) -> None:
    assert stranded.get("/healthz").status_code == 200
    assert stranded.get("/readyz").status_code == 503
    status = stranded.get("/status")
    assert status.status_code == 200
    assert stranded.get("/status.json").json["state"] == "alarm"  # type: ignore[index]
