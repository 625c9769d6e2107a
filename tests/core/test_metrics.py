"""`/metrics`: counted in every process, answered by any, and never a tenant's name (P-35)."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from tests import make
from tests.cast import Person, World
from webapp.core import metrics
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.drains import run
from webapp.core.heartbeats import beat
from webapp.core.metrics import Tally
from webapp.core.runs import last_runs, note_run
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.devices.models import Device

pytestmark = pytest.mark.feature("P-35", "P-36")

TOKEN = "metrics-0123456789-abcdefghijklmnopqrstuv"


@pytest.fixture(autouse=True)
def _nothing_counted(portal: Portal) -> None:
    portal.extensions["request_tally"] = Tally()


def scrape(person: Person) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = person.client.get("/metrics")
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def requests(found: dict[tuple[str, frozenset[tuple[str, str]]], float], **labels: str) -> float:
    return found.get(("outpost_http_requests_total", frozenset(labels.items())), 0.0)


def test_requests_are_counted_by_the_routes_template(
    admin: Person, visitor: Person, world: World
) -> None:
    for _ in range(3):
        admin.get(f"/o/{world.acme}/")
    admin.get(f"/o/{world.globex}/")
    visitor.get("/no/such/page")
    found = scrape(visitor)
    assert requests(found, route="/o/<org>/", method="GET", status="200") == 3
    assert requests(found, route="/o/<org>/", method="GET", status="404") == 1
    assert requests(found, route="(none)", method="GET", status="404") == 1
    took = frozenset({"route": "/o/<org>/", "method": "GET"}.items())
    assert found["outpost_http_request_duration_seconds_count", took] == 4
    assert found["outpost_http_request_duration_seconds_sum", took] > 0
    whole = frozenset({"route": "/o/<org>/", "method": "GET", "le": "+Inf"}.items())
    assert found["outpost_http_request_duration_seconds_bucket", whole] == 4


def test_buckets_grow(visitor: Person, portal: Portal) -> None:
    for _ in range(5):
        visitor.get("/healthz")
    labels = {"route": "/healthz", "method": "GET"}
    found = scrape(visitor)
    counts = [
        found[
            "outpost_http_request_duration_seconds_bucket", frozenset({**labels, "le": le}.items())
        ]
        for le in [*map(str, metrics.BOUNDS), "+Inf"]
    ]
    assert counts == sorted(counts)
    assert counts[-1] == 5


def test_two_processes_add_up(ground: Portal) -> None:
    first, second = Tally(), Tally()
    first.add("/x", "GET", 200, 0.02)
    second.add("/x", "GET", 200, 0.02)
    second.add("/x", "GET", 200, 99.0)
    first.write()
    second.write()
    second.write()
    took, ended = metrics._requests()
    assert [s.value for s in ended.samples] == [3]
    count = [s.value for s in took.samples if s.name.endswith("_count")]
    assert count == [3]
    commit()


def test_counts_wait_for_a_lost_database(ground: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally()
    tally.add("/x", "GET", 200, 0.1)

    def away(_counts: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the server is gone"))

    with monkeypatch.context() as broken:
        broken.setattr(metrics, "_add", away)
        tally.write()
    tally.add("/x", "GET", 200, 0.1)
    tally.write()
    _took, ended = metrics._requests()
    assert [s.value for s in ended.samples] == [2]
    commit()


def test_invented_methods_are_one_label(visitor: Person) -> None:
    for method in ("FOO", "BAR"):
        visitor.client.open("/healthz", method=method)
    found = scrape(visitor)
    assert (
        sum(
            v
            for (name, labels), v in found.items()
            if ("method", "OTHER") in labels and name.endswith("_total")
        )
        == 2
    )


def test_work_processes_and_devices_are_measured(
    world: World, visitor: Person, portal: Portal
) -> None:
    with portal.app_context(), unscoped("something to measure"):
        device = Device(
            kind="printer",
            name="P",
            organisation_id=world.acme_id,
            created_at=utcnow(),
            state="online",
        )
        db.session.add(device)
        commit()
        beat("worker")
        note_run("mail", began_at=utcnow(), ended_at=utcnow(), failed="ValueError")
    found = scrape(visitor)
    devices = frozenset({"kind": "printer", "state": "online"}.items())
    assert found["outpost_devices", devices] == 1
    assert (
        found["outpost_due_rows", frozenset({"table": "mail_outbox", "state": "failed"}.items())]
        == 0
    )
    assert found["outpost_drain_last_failed", frozenset({("drain", "mail")})] == 1
    assert any(name == "outpost_process_beat_age_seconds" for name, _labels in found)
    assert found["outpost_mails", frozenset({("state", "failed")})] == 0


def test_no_label_names_a_tenant(admin: Person, visitor: Person, world: World) -> None:
    admin.get(f"/o/{world.acme}/")
    with world.portal.app_context(), unscoped("a device with a telling name"):
        make.organisation("Secretive Ltd")
        commit()
    text = visitor.client.get("/metrics").text
    for word in (world.acme, world.globex, "Acme", "Globex", "Secretive", "admin@"):
        assert word not in text
    assert not re.search(r"ORG-[A-Z0-9]{10}", text)


def test_without_a_token_only_this_machine_may_ask(visitor: Person) -> None:
    assert visitor.client.get("/metrics").status_code == 200
    far = {"REMOTE_ADDR": "203.0.113.7"}
    assert visitor.client.get("/metrics", environ_base=far).status_code == 403
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        asked = visitor.client.get("/metrics", headers={header: "127.0.0.1"})
        assert asked.status_code == 403, f"{header}: a proxy on this machine asks for somebody else"


def test_with_a_token_only_its_holders_may(
    visitor: Person, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(portal.extensions["settings"], metrics_token=TOKEN)
    monkeypatch.setitem(portal.extensions, "settings", settings)
    assert visitor.client.get("/metrics").status_code == 401
    for wrong in ("Bearer nonsense", f"Basic {TOKEN}", "Bearer ", "Bearer ümlaut"):
        asked = visitor.client.get("/metrics", headers={"Authorization": wrong})
        assert asked.status_code == 401, wrong
    right = {"Authorization": f"Bearer {TOKEN}"}
    far = {"REMOTE_ADDR": "203.0.113.7"}
    assert visitor.client.get("/metrics", headers=right, environ_base=far).status_code == 200


def test_a_run_of_a_drain_is_noted(ground: Portal) -> None:
    run("rate budgets")
    noted = last_runs()["rate budgets"]
    assert noted.error is None
    assert noted.failed_at is None
    commit()


def test_a_failure_is_remembered_after_the_next_good_run(ground: Portal) -> None:
    now = utcnow()
    note_run("mail", began_at=now, ended_at=now, failed="ValueError")
    note_run("mail", began_at=now, ended_at=now, failed=None)
    noted = last_runs()["mail"]
    assert noted.error is None
    assert noted.failed_at == now
    commit()
