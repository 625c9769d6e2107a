"""A flood from one address is answered 429; with Redis away as well."""

from __future__ import annotations

from dataclasses import replace

import pytest

from webapp import create_app
from webapp.core.web import Portal
from webapp.settings import Settings


@pytest.mark.parametrize("redis_url", [None, "unix:///nowhere/redis.sock"])
def test_a_flood_is_refused_and_health_is_not(
    settings: Settings, portal: Portal, redis_url: str | None
) -> None:
    small = replace(settings, flood_per_minute=5, redis_url=redis_url or settings.redis_url)
    client = create_app(small).test_client()
    statuses = [client.get("/sign-in").status_code for _ in range(8)]
    assert statuses == [200] * 5 + [429] * 3
    refused = client.get("/sign-in")
    assert refused.headers["Retry-After"] == "60"
    assert client.get("/healthz").status_code == 200
    machine = client.get("/device/v1/ping")
    assert machine.status_code == 429
    assert machine.json
    assert machine.json["code"] == "too_many"


def test_another_address_is_not_held_up(settings: Settings, portal: Portal) -> None:
    client = create_app(replace(settings, flood_per_minute=2)).test_client()
    for _ in range(4):
        client.get("/sign-in")
    answer = client.get("/sign-in", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert answer.status_code == 200
