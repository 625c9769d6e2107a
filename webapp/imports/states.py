"""Which state may follow which; who comes too late is told so."""

from __future__ import annotations

from flask_babel import gettext as _

from webapp.core.errors import Refusal
from webapp.imports.models import Import
from webapp.imports.models import ImportState as S

MOVES: dict[S, frozenset[S]] = {
    S.UPLOADED: frozenset({S.MAPPED}),
    S.MAPPED: frozenset({S.CHECKED, S.UPLOADED}),
    S.CHECKED: frozenset({S.MAPPED, S.COMMITTING}),
    S.COMMITTING: frozenset({S.COMMITTED, S.UNDOING, S.FAILED}),
    S.COMMITTED: frozenset({S.UNDOING}),
    S.UNDOING: frozenset({S.UNDONE, S.FAILED, S.COMMITTED}),
    S.UNDONE: frozenset({S.MAPPED}),
    S.FAILED: frozenset({S.MAPPED}),
}
"""*Undoing* takes back what a commit made: on demand, or because the commit could not go through."""
RUNNING = frozenset({S.MAPPED, S.COMMITTING, S.UNDOING})
REMOVABLE = frozenset({S.UPLOADED, S.CHECKED, S.FAILED, S.UNDONE})
MAPPABLE = frozenset({S.UPLOADED, S.CHECKED, S.FAILED, S.UNDONE})


def move(row: Import, to: S) -> None:
    if to not in MOVES[S(row.state)]:
        raise conflict()
    row.state = to


def conflict() -> Refusal:
    return Refusal(
        _("Somebody was faster: this import has gone on meanwhile. This is how it stands now."),
        status=409,
    )
