"""What the tests of the import engine share: files, the desk of a person, and a worker at hand."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.cast import Person, World
from webapp.core.activities import Activity, run_activities
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.imports.models import Import, ImportFault, ImportRow


@dataclass
class Desk:
    """One person importing one kind of thing."""

    person: Person
    world: World
    subject: str = "printers"

    @property
    def base(self) -> str:
        return f"/o/{self.world.acme}/imports"

    def upload(self, content: bytes | str, name: str = "list.csv", **data: str) -> TestResponse:
        body = content.encode() if isinstance(content, str) else content
        sent = {"file": (io.BytesIO(body), name), "encoding": "", **data}
        return self.person.post(f"{self.base}/new/{self.subject}", sent)

    def map(self, content: bytes | str, **chosen: str) -> str:
        """Upload, map as recognised (or as chosen), check; the import's address."""
        answer = self.upload(content)
        assert answer.status_code == 303, answer.text
        url = answer.location.removesuffix("/mapping")
        row = self.row(url)
        data = {"version": str(row.version)}
        for field, source in row.mapping.items():
            data[f"column_{field}"] = str(source["column"])
        mapped = self.person.post(f"{url}/mapping", {**data, **chosen})
        assert mapped.status_code == 303, mapped.text
        return url

    def check(self, content: bytes | str, **chosen: str) -> str:
        url = self.map(content, **chosen)
        self.work()
        return url

    def commit(self, url: str, **data: str) -> TestResponse:
        return self.person.post(f"{url}/commits", {"version": str(self.row(url).version), **data})

    def bring_in(self, content: bytes | str, **data: str) -> str:
        url = self.check(content)
        assert self.commit(url, **data).status_code == 303
        self.work()
        return url

    def undo(self, url: str) -> None:
        assert self.person.post(f"{url}/undos").status_code == 303
        self.work()

    def work(self) -> None:
        work(self.world)

    def row(self, url: str) -> Import:
        public_id = url.rstrip("/").rsplit("/", 1)[-1]
        return self.one(select(Import).where(Import.public_id == public_id))  # type: ignore[no-any-return]

    def state(self, url: str) -> str:
        return self.row(url).state

    def staged(self) -> list[ImportRow]:
        return self.all(select(ImportRow).order_by(ImportRow.line))

    def faults(self) -> list[tuple[int, str | None, str]]:
        found = self.all(select(ImportFault).order_by(ImportFault.line, ImportFault.id))
        return [(f.line, f.field, f.words) for f in found]

    def all(self, statement: Any) -> list[Any]:
        with self.world.portal.app_context(), unscoped("looking at what was stored"):
            return list(db.session.scalars(statement).all())

    def one(self, statement: Any) -> Any:
        (found,) = self.all(statement)
        return found


def work(world: World) -> None:
    """The worker, until nothing is due."""
    for _again in range(20):
        with world.portal.app_context(), unscoped("as the worker does"):
            run_activities()
            waiting = db.session.scalar(select(Activity.id).where(Activity.ended_at.is_(None)))
        if waiting is None:
            return


def claims_run_out(world: World) -> None:
    """As after a worker's death: whoever comes next may take the work up."""
    with world.portal.app_context(), unscoped("as time passes"):
        past = utcnow() - timedelta(seconds=1)
        db.session.execute(update(Activity).values(claimed_until=past, due_at=past))
        commit()


@pytest.fixture
def desk(world: World, admin: Person) -> Desk:
    return Desk(admin, world)


@pytest.fixture
def users_desk(world: World, admin: Person) -> Desk:
    return Desk(admin, world, "users")


DeskOf = Callable[[Person, str], Desk]
