"""Every table says whether it leaves with an export; every column about a person says what becomes of it (Q-22)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import LargeBinary

from webapp.core.db import Base
from webapp.core.exports import all_exported, kept_back
from webapp.core.personal import declared, declared_columns
from webapp.core.tenancy import Global
from webapp.core.web import Portal

pytestmark = pytest.mark.feature("Q-22")

NEVER_LEAVES = re.compile(
    r"(digest|sealed|password|secret|salt|seal|wrapped|totp|token|code|raw)(?!.*_at$)"
)
CHAIN = {("audit_rows", "commitment"), ("audit_rows", "previous"), ("audit_rows", "hash")}
CHAIN |= {("audit_checkpoints", "hash")}
"""Hashes that are no secrets: with them the exported log can be verified."""

NAMES = {("devices", "code"), ("mail_outbox", "has_secret"), ("printer_readings", "decoded")}
"""A device's code is printed on it and names it; whether a mail had a secret is none; readings are."""

ABOUT_A_PERSON = re.compile(
    r"e?mails?$|phone|address$|user_agent|recipient|reply_to|sender|(^|_)by$|(^|_)name$|username|^via$"
)


def test_every_tenants_table_is_exported_or_says_why_not(portal: Portal) -> None:
    exported = {table.name for table in all_exported()}
    known = exported | set(kept_back())
    tenants = {
        m.local_table.name  # type: ignore[attr-defined]
        for m in Base.registry.mappers
        if not issubclass(m.class_, Global)
    }
    assert tenants - known == set(), "declare them in <package>/records.py: export() or keep_back()"
    assert exported & set(kept_back()) == set()
    assert all(kept_back().values())


def test_every_column_of_an_exported_table_leaves_or_says_why_not(portal: Portal) -> None:
    """What follows from others (sort names, versions, the machinery of jobs) may stay without a word."""
    machinery = {
        "organisation_id", "version", "sort_name", "due_at", "attempts", "claimed_until",
        "last_error", "first_due_at", "state",
    }  # fmt: skip
    for table in all_exported():
        columns = set(table.model.__table__.columns.keys())
        left = columns - set(table.columns) - machinery
        assert not left or table.withheld, (table.name, left)
        assert table.about
    assert all_exported()


def test_secrets_never_leave(portal: Portal) -> None:
    for table in all_exported():
        for name in table.columns:
            column = table.model.__table__.columns[name]
            where = (table.name, name)
            assert where in CHAIN or not isinstance(column.type, LargeBinary), where
            assert where in NAMES or not NEVER_LEAVES.search(name), where


def test_an_exported_table_has_an_id_to_go_on_after(portal: Portal) -> None:
    for table in all_exported():
        assert "id" in table.model.__table__.columns, table.name


def test_every_column_about_a_person_is_declared(portal: Portal) -> None:
    found = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if ABOUT_A_PERSON.search(column.name)
    }
    assert found - declared_columns() == set(), (
        "declare them in <package>/records.py: personal() or not_personal()"
    )


def test_what_a_person_gets_holds_no_secrets(portal: Portal) -> None:
    for row in declared():
        for name in row.gives:
            assert not NEVER_LEAVES.search(name), (row.model, name)
            assert not isinstance(row.model.__table__.columns[name].type, LargeBinary), name
