"""Status notices: what the operator tells everybody on the status page (P-35)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.cast import Person, World
from tests.operator.desk import events, notice, version_in
from webapp.core.clock import utcnow
from webapp.operator.models import Notice, NoticeState

pytestmark = pytest.mark.feature("P-35", "P-36")


def at(moment: datetime) -> str:
    """As a browser writes it; the operator's organisation lives in Rome, a day's distance hides that."""
    return moment.strftime("%Y-%m-%dT%H:%M")


def told(operator: Person, **more: str) -> str:
    answer = operator.post("/operator/notices/new", notice(**more))
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def states(visitor: Person) -> dict[str, str]:
    return {n["title"]: n["state"] for n in visitor.get("/status.json").json["notices"]}  # type: ignore[index]


def test_everybody_reads_them_without_signing_in(operator: Person, visitor: Person) -> None:
    told(operator)
    page = visitor.get("/status").text
    assert "Mail is slow" in page
    assert "We are on it." in page
    found = visitor.get("/status.json").json
    assert found
    assert found["notices"][0] | {"id": ""} == {
        "id": "",
        "state": "open",
        "component": "mail",
        "title": "Mail is slow",
        "body": "We are on it.",
        "begins_at": "2026-01-01T07:00:00+00:00",
        "ends_at": None,
    }


def test_planned_work_opens_and_ends_by_time(operator: Person, visitor: Person) -> None:
    now = utcnow()
    before, after, later = (now + timedelta(days=n) for n in (-2, 2, 4))
    told(operator, state="planned", title_en="Soon", begins_at=at(after), ends_at=at(later))
    told(operator, state="planned", title_en="Now", begins_at=at(before), ends_at=at(after))
    long_ago = now - timedelta(days=3)
    told(operator, state="planned", title_en="Past", begins_at=at(long_ago), ends_at=at(before))
    assert list(states(visitor).items()) == [
        ("Now", "open"),
        ("Soon", "planned"),
        ("Past", "resolved"),
    ]


def test_what_is_over_is_told_for_a_week(operator: Person, visitor: Person) -> None:
    told(operator, state="resolved", title_en="Old", ends_at="2026-01-02T08:00")
    assert states(visitor) == {}
    assert "Old" in operator.get("/operator/notices").text


def test_resolving_says_when(operator: Person, visitor: Person, world: World) -> None:
    url = told(operator)
    assert operator.post(f"{url}/resolutions").status_code == 303
    assert states(visitor) == {"Mail is slow": "resolved"}
    assert events(world) == ["operator:notice:created", "operator:notice:resolved"]


def test_what_has_not_begun_cannot_be_over(operator: Person) -> None:
    url = told(operator, state="planned", begins_at="2199-01-01T08:00")
    assert operator.post(f"{url}/resolutions").status_code == 422


def test_editing_and_deleting(operator: Person, visitor: Person, world: World) -> None:
    url = told(operator)
    version = version_in(operator.get(f"{url}/edit").text)
    saved = operator.post(f"{url}/edit", notice(title_en="Mail is quick", version=version))
    assert saved.status_code == 303
    assert operator.post(f"{url}/edit", notice(version=version)).status_code == 409
    assert list(states(visitor)) == ["Mail is quick"]
    assert "Delete this notice?" in operator.get(f"{url}/deletion").text
    operator.post(f"{url}/deletion")
    assert states(visitor) == {}
    assert events(world)[1:] == ["operator:notice:changed", "operator:notice:deleted"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title_en", ""),
        ("state", "over"),
        ("component", "coffee"),
        ("begins_at", ""),
        ("ends_at", "2025-01-01T08:00"),
    ],
)
def test_bad_input_is_told_at_its_field(operator: Person, field: str, value: str) -> None:
    answer = operator.post("/operator/notices/new", notice(**{field: value}))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


def test_resolved_needs_its_end(operator: Person) -> None:
    answer = operator.post("/operator/notices/new", notice(state="resolved"))
    assert answer.status_code == 422
    assert 'id="ends_at-error"' in answer.text


def test_an_open_one_stays_open_whatever_the_time() -> None:
    row = Notice(state="open", begins_at=datetime(2026, 1, 1, tzinfo=UTC), ends_at=None)
    assert row.state_at(datetime(2027, 1, 1, tzinfo=UTC)) is NoticeState.OPEN
