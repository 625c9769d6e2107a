"""P-42: secret values are sealed from upload to commit, shown nowhere, then gone with their file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import select

from tests.cast import Person, World
from tests.imports.conftest import Desk
from webapp.core.errors import Refusal
from webapp.core.files import File
from webapp.core.large_files import FileChunk
from webapp.imports import subjects
from webapp.imports.models import ImportFault
from webapp.imports.subjects import BadSubject, Context, Fault, Field, MadeRow, Row, Subject
from webapp.orgs.permissions import Permission

pytestmark = pytest.mark.feature("P-42")
KEY = "00112233445566778899AABBCCDDEEFF"


def _key(text: str) -> str:
    if len(text) != 32:
        raise Refusal("A key has 32 digits.")
    return text


class Vault(Subject):
    """Makes nothing but notes of what it was handed."""

    name, label, permission = "test_vault", "Vault", Permission.USERS_EDIT
    fields = (
        Field("serial", "Serial", required=True, same=str),
        Field("key", "Key", required=True, secret=True, parse=_key),
    )

    def __init__(self) -> None:
        self.made: list[dict[str, Any]] = []
        self.finished: list[dict[str, Any]] = []

    def check(self, rows: Sequence[Row], context: Context) -> Iterable[Fault]:
        return [Fault(r.line, "Odd.", "key", is_warning=True) for r in rows if r.line == 2]

    def make(self, rows: Sequence[Row], context: Context) -> Sequence[int]:
        self.made += [row.values for row in rows]
        return [row.line for row in rows]

    def finish(self, rows: Sequence[MadeRow], context: Context) -> None:
        self.finished += [row.values for row in rows]

    def used(self, ids: Sequence[int], context: Context) -> Mapping[int, str]:
        return {}

    def unmake(self, ids: Sequence[int], context: Context) -> None:
        self.made.clear()

    def place(self) -> tuple[str, dict[str, Any]]:
        return "orgs.users", {}


@pytest.fixture
def vault() -> Iterator[Vault]:
    subject = Vault()
    subjects.register(subject)
    yield subject
    del subjects._subjects[subject.name]


@pytest.fixture
def vault_desk(world: World, admin: Person, vault: Vault) -> Desk:
    return Desk(admin, world, vault.name)


def test_secrets_are_sealed_handed_over_and_wiped(vault_desk: Desk, vault: Vault) -> None:
    url = vault_desk.check(f"serial;key\nA;{KEY}\nB;{KEY[:-1]}\n")
    good, bad = vault_desk.staged()
    assert good.values == {"serial": "A"}
    assert KEY.encode() not in good.values_sealed
    assert (bad.values, bad.values_sealed) == ({"serial": "B"}, None)
    assert [f.value for f in vault_desk.all(select(ImportFault))] == ["", ""]
    for chunk in vault_desk.all(select(FileChunk)):
        assert KEY.encode() not in chunk.content
    for page in (url, f"{url}/mapping", f"{url}?format=csv"):
        assert KEY[:8] not in vault_desk.person.get(page).text
    vault_desk.commit(url, faulty="skip")
    vault_desk.work()
    assert vault.made == vault.finished == [{"serial": "A", "key": KEY}]
    assert [row.values_sealed for row in vault_desk.staged()] == [None, None]
    assert vault_desk.all(select(File)) == vault_desk.all(select(FileChunk)) == []
    vault_desk.undo(url)
    assert vault_desk.state(url) == "undone"
    assert vault.made == []


def test_a_secret_can_not_be_compared() -> None:
    class Bad(Vault):
        name = "test_bad"
        fields = (Field("key", "Key", secret=True, same=str),)

    with pytest.raises(BadSubject, match="can't be compared"):
        subjects.register(Bad())
