"""The state machine of conditions. Pure: rows, rules and the time go in, the next step comes out.

docs/alarms.md draws it. Nothing here asks the database or tells anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from webapp.alarms.calm import Calm
from webapp.alarms.kinds import kind_of
from webapp.alarms.models import Condition, ConditionState, Told

Tell = Callable[[Condition, Told], bool]
"""Tells people how far it has come; False when nobody could be reached, to try again in a minute."""

TRY_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Rules:
    """What holds for one condition."""

    calm: Calm = field(default_factory=Calm)
    escalate_after: timedelta | None = None
    debounce: timedelta | None = None
    """None: as the kind has it."""


def saw_bad(condition: Condition, *, now: datetime) -> None:
    """Evidence: it is still wrong."""
    condition.last_evidence_at = now
    condition.good_since = None
    condition.due_at = now


def saw_good(condition: Condition, *, now: datetime) -> bool:
    """It is right at this moment; True when the condition was never open and is to be forgotten."""
    if condition.state == ConditionState.PENDING:
        return True
    condition.good_since = condition.good_since or now
    condition.due_at = now
    return False


def switch_off(condition: Condition, *, now: datetime) -> None:
    """Nobody wants to hear of this kind any more: over, without a word."""
    condition.state, condition.closed_at = ConditionState.CLOSED, now
    condition.told, condition.due_at = Told.OVER, None


def advance(condition: Condition, rules: Rules, tell: Tell, *, now: datetime) -> None:
    """Make every step that is due now, and say in `due_at` when to look again (None: never by itself)."""
    condition.due_at = None
    if condition.state == ConditionState.PENDING and not _opened(condition, rules, now):
        return
    _close_if_over(condition, now)
    _tell_if_due(condition, rules, tell, now)
    if condition.is_open and condition.good_since is not None:
        _look_at(condition, condition.good_since + kind_of(condition.kind).clear)


def _opened(condition: Condition, rules: Rules, now: datetime) -> bool:
    usual = kind_of(condition.kind).debounce
    ripe = condition.first_seen_at + (usual if rules.debounce is None else rules.debounce)
    if now < ripe:
        _look_at(condition, ripe)
        return False
    maintained = rules.calm.maintained_until(now)
    if maintained is not None:
        _look_at(condition, maintained)
        return False
    condition.state, condition.opened_at = ConditionState.OPEN, now
    return True


def _close_if_over(condition: Condition, now: datetime) -> None:
    since = condition.good_since
    if not condition.is_open or since is None:
        return
    if now >= since + kind_of(condition.kind).clear:
        condition.state, condition.closed_at = ConditionState.CLOSED, now


def _tell_if_due(condition: Condition, rules: Rules, tell: Tell, now: datetime) -> None:
    step, at = next_telling(condition, rules)
    if step is None or at is None:
        return
    held = rules.calm.held_until(max(at, now))
    if at > now or held is not None:
        _look_at(condition, held or at)
    elif tell(condition, step):
        condition.told, condition.told_at = step, now
        _tell_if_due(condition, rules, tell, now)
    else:
        _look_at(condition, now + TRY_AGAIN)


def next_telling(condition: Condition, rules: Rules) -> tuple[Told | None, datetime | None]:
    """What is to be told next, and from when on.

    What opened and closed while everybody was to be left alone is told to nobody: it stands in the list.
    """
    told = Told(condition.told)
    if condition.state == ConditionState.CLOSED:
        waits = told in (Told.FIRST, Told.SECOND)
        return (Told.OVER, condition.closed_at) if waits else (None, None)
    if condition.state != ConditionState.OPEN:
        return None, None
    if told == Told.NOBODY:
        return Told.FIRST, condition.opened_at
    if told == Told.FIRST and rules.escalate_after is not None and condition.told_at is not None:
        return Told.SECOND, condition.told_at + rules.escalate_after
    return None, None


def acknowledge(condition: Condition, *, by: str, note: str, now: datetime) -> None:
    """Somebody has taken it on: nobody else is called. A second note replaces the first."""
    condition.state = ConditionState.ACKNOWLEDGED
    condition.acknowledged_at, condition.acknowledged_by = now, by
    condition.note = note
    condition.due_at = now if condition.good_since is not None else None


def _look_at(condition: Condition, moment: datetime) -> None:
    if condition.due_at is None or moment < condition.due_at:
        condition.due_at = moment
