"""One commit a request; effects after it; aside stands whatever happens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Response, abort
from sqlalchemy import func, select

from webapp import create_app
from webapp.core.access import PUBLIC, allow
from webapp.core.clock import utcnow
from webapp.core.db import after_commit, aside, commit, db, last_before_commit, rollback
from webapp.core.errors import Refusal
from webapp.core.throttle import ThrottleHit
from webapp.core.web import Portal
from webapp.settings import Settings

happened: list[str] = []


@pytest.fixture
def small(settings: Settings, portal: Portal) -> Iterator[Portal]:
    """A portal with a few routes that write and then end in different ways."""
    app = create_app(settings)
    endings = {
        "ok": lambda: Response("ok"),
        "redirect": lambda: Response(status=303),
        "refused": lambda: (_ for _ in ()).throw(Refusal("no")),
        "not-found": lambda: abort(404),
        "answered-422": lambda: Response("form", 422),
        "defect": lambda: 1 / 0,
    }
    for name, end in endings.items():
        app.add_url_rule(f"/try/{name}", name, allow(PUBLIC)(_writer(end)))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    happened.clear()
    return app


def _writer(end):  # type: ignore[no-untyped-def]
    def view() -> Response:
        write()
        after_commit(lambda: happened.append("effect"))
        return end()  # type: ignore[no-any-return]

    return view


def write() -> None:
    db.session.add(ThrottleHit(bucket=b"x", at=utcnow()))


def rows(app: Portal) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(ThrottleHit)) or 0


@pytest.mark.parametrize("ending", ["ok", "redirect"])
def test_a_good_answer_commits_and_lets_the_effects_go(small: Portal, ending: str) -> None:
    small.test_client().get(f"/try/{ending}")
    assert rows(small) == 1
    assert happened == ["effect"]


@pytest.mark.parametrize("ending", ["refused", "not-found", "answered-422", "defect"])
def test_a_bad_answer_takes_back_everything(small: Portal, ending: str) -> None:
    answer = small.test_client().get(f"/try/{ending}")
    assert answer.status_code >= 400
    assert rows(small) == 0
    assert happened == []


def test_a_defect_shows_a_page_that_says_what_to_do(small: Portal) -> None:
    answer = small.test_client().get("/try/defect")
    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text
    assert "<h1>" in answer.text


def test_an_effect_that_fails_is_not_the_visitors_trouble(ground: Portal) -> None:
    write()
    after_commit(lambda: 1 / 0)
    after_commit(lambda: happened.append("next"))
    happened.clear()
    commit()
    assert happened == ["next"]


def test_aside_stands_when_the_request_is_taken_back(ground: Portal) -> None:
    write()
    with aside() as session:
        session.add(ThrottleHit(bucket=b"aside", at=utcnow()))
    rollback()
    assert db.session.scalars(select(ThrottleHit.bucket)).all() == [b"aside"]


def test_aside_needs_no_connection_of_the_main_pool(ground: Portal) -> None:
    """All threads may hold a connection and still each write aside."""
    size = db.engine.pool.size()  # type: ignore[attr-defined]
    held = [db.engine.connect() for _ in range(size)]
    try:
        with aside() as session:
            session.add(ThrottleHit(bucket=b"aside", at=utcnow()))
    finally:
        for connection in held:
            connection.close()


def test_last_steps_run_within_the_transaction(ground: Portal) -> None:
    seen: list[int] = []
    step = last_before_commit(
        lambda session: seen.append(session.scalar(select(func.count()).select_from(ThrottleHit)))
    )
    try:
        write()
        commit()
    finally:
        from webapp.core import db as database

        database._last_steps.remove(step)
    assert seen == [1]
