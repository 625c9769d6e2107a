"""The demonstration's printers: buttons, three weeks of readings and requests, a token for the simulated apps.

Everything is made by the services with the time passed in. No mail is written for a request of the past: the
demonstration's outbox begins with what its visitor does.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import select

from webapp.accounts.models import User
from webapp.core.clock import utcnow
from webapp.core.db import after_commit, db
from webapp.core.principal import Actor, Principal, acting, acting_as
from webapp.core.tenancy import scope
from webapp.devices.access import ENROLMENT
from webapp.devices.models import Credential, DeviceState
from webapp.devices.services import create_enrolment_token
from webapp.orgs.models import Organisation
from webapp.printers import demo_agent, demo_content, demo_past, work
from webapp.printers import demo_data as data
from webapp.printers.demo_data import Machine
from webapp.printers.facts import merge
from webapp.printers.launches import keep_answers, launch_printer, start
from webapp.printers.messages import CounterFacts, Launch, LaunchFacts, SupplyFacts
from webapp.printers.models import PanicButton, PanicRequest, Printer
from webapp.printers.queries import people_who_work_here
from webapp.printers.readings import keep_reading, set_state
from webapp.printers.requests import open_request
from webapp.printers.services import add_printer, create_button

DAYS = 21
ACME_REQUESTS = 40
GLOBEX_REQUESTS = 4
TOKEN_NAME = "Demo apps"  # noqa: S105 - the name of a token
TOKEN_FILE = "demo/enrol-token"  # noqa: S105 - where it lies below DATA_DIR


class Program(TypedDict):
    """A simulator: its name in the launcher's output, and its command line."""

    name: str
    argv: list[str]


def seed(acme: Organisation, globex: Organisation, now: datetime | None = None) -> None:
    """Make what is missing; what is there stays as it is."""
    now = now or utcnow()
    with scope(acme.id):
        if _has_no_button():
            _Past(acme, now).fill(_acme_buttons(acme, now), ACME_REQUESTS)
        _token_for_apps(acme, now)
        demo_agent.seed(acme, now)
    with scope(globex.id):
        if _has_no_button():
            _Past(globex, now).fill(_globex_buttons(globex, now), GLOBEX_REQUESTS)


def fleet() -> list[Program]:
    """The printers that answer SNMP, from PORT + 100 upwards."""
    port = (urlsplit(current_app.extensions["settings"].base_url).port or 8000) + 100
    living = [m for m in (*data.ALLIANCE, *data.HEAD_OFFICE) if m.living]
    found = [
        Program(name=f"printer-{number + 1}", argv=_command(machine, port + number))
        for number, machine in enumerate(living)
    ]
    if demo_agent.config_file().is_file():
        found.append(Program(name="site-agent", argv=demo_agent.command()))
    return found


def token_file() -> Path:
    directory: Path = current_app.extensions["settings"].data_dir
    return directory / TOKEN_FILE


def _command(machine: Machine, port: int) -> list[str]:
    options = {
        "--model": machine.living,
        "--serial": machine.serial,
        "--name": machine.name,
        "--location": machine.location,
        "--port": str(port),
        "--seed": str(port),
        "--speed": "30",
    }
    words = [word for pair in options.items() for word in pair]
    return ["python", "-m", "simulators", "printer", *words]


def _has_no_button() -> bool:
    return db.session.scalar(select(PanicButton.id).limit(1)) is None


def _acme_buttons(acme: Organisation, now: datetime) -> list[tuple[PanicButton, Sequence[Machine]]]:
    began = now - timedelta(days=DAYS + 9)
    alliance = create_button(
        "Alliance building",
        organisation_id=acme.id,
        technician_emails=["technicians@acme.test"],
        language="fr",
        languages=["fr", "en", "de"],
        phone="+32 2 555 12 34",
        now=began,
    )
    head_office = create_button(
        "Head office",
        organisation_id=acme.id,
        technician_emails=["helpdesk@acme.test"],
        language="it",
        languages=["it", "en"],
        phone="+39 0444 555 120",
        now=began,
    )
    demo_content.word(alliance, now=began)
    return [(alliance, data.ALLIANCE), (head_office, data.HEAD_OFFICE)]


def _globex_buttons(
    globex: Organisation, now: datetime
) -> list[tuple[PanicButton, Sequence[Machine]]]:
    button = create_button(
        "Berlin",
        organisation_id=globex.id,
        technician_emails=["technik@globex.test"],
        language="de",
        languages=["de", "en"],
        phone="+49 30 5550 123",
        now=now - timedelta(days=DAYS + 9),
    )
    return [(button, data.GLOBEX)]


def _token_for_apps(acme: Organisation, now: datetime) -> None:
    """The file and the row belong together; where one is missing, a new token is made."""
    path = token_file()
    said = path.read_text().strip() if path.is_file() else ""
    known = db.session.scalars(
        select(Credential.public_id).where(
            Credential.kind == ENROLMENT,
            Credential.name == TOKEN_NAME,
            Credential.revoked_at.is_(None),
        )
    )
    if any(f"_{public_id}_" in said for public_id in known):
        return
    _row, text = create_enrolment_token(TOKEN_NAME, organisation_id=acme.id, by=acting(), now=now)
    after_commit(lambda: _write_private(path, text))


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text + "\n")


@dataclass(frozen=True)
class _Stage:
    machine: Machine
    printer: Printer
    button: PanicButton


class _Past:
    """Three weeks of one organisation. The same seed tells the same story."""

    def __init__(self, organisation: Organisation, now: datetime) -> None:
        self.organisation, self.now = organisation, now
        self.chance = random.Random(organisation.name)  # noqa: S311 - a story, no secret
        self.people = people_who_work_here(organisation)

    def fill(self, buttons: Sequence[tuple[PanicButton, Sequence[Machine]]], requests: int) -> None:
        stages = [self._put_up(m, button) for button, machines in buttons for m in machines]
        for stage in stages:
            if stage.machine.is_bound:
                demo_past.read(stage.printer, partial(self._known, stage), self.now)
        happenings = [*self._readings(stages), *self._calls(stages, requests)]
        credential = self._credential()
        for number, (at, stage, is_call) in enumerate(sorted(happenings, key=lambda h: h[0])):
            if is_call:
                self._call(stage, credential, at=at, number=number)
            else:
                keep_reading(stage.printer, self._known(stage, at), None, source="poll", now=at)
        for stage in stages:
            if stage.machine.silent_days:
                set_state(stage.printer, DeviceState.OFFLINE, None)
        db.session.flush()
        demo_past.close_months(self.organisation, self.now)

    def _put_up(self, machine: Machine, button: PanicButton) -> _Stage:
        began = self.now - timedelta(days=demo_past.DAYS + 8)
        printer = add_printer(
            machine.name,
            organisation_id=self.organisation.id,
            button=button,
            serial=machine.serial,
            maker=machine.maker,
            model=machine.model,
            location=machine.location,
            customer=f"{button.name} SpA",
            large_counts_double=bool(machine.large),
            now=began,
        )
        printer.bound_at = began if machine.is_bound else None
        return _Stage(machine, printer, button)

    def _readings(self, stages: Sequence[_Stage]) -> list[tuple[datetime, _Stage, bool]]:
        """One a day, the last one some minutes ago."""
        return [
            (self.now - timedelta(days=day, minutes=self.chance.randint(2, 50)), stage, False)
            for stage in stages
            if stage.machine.is_bound
            for day in range(stage.machine.silent_days, DAYS)
        ]

    def _calls(
        self, stages: Sequence[_Stage], requests: int
    ) -> list[tuple[datetime, _Stage, bool]]:
        """More at some printers than at others; none while a printer was silent."""
        able = [s for s in stages if s.machine.is_bound]
        weights = [3 if s.machine.faults else 1 for s in able]
        found = []
        for stage in self.chance.choices(able, weights, k=requests):
            minutes = self.chance.randint(stage.machine.silent_days * 1440 + 70, DAYS * 1440)
            found.append((self._in_office_hours(minutes), stage, True))
        return found

    def _in_office_hours(self, minutes_ago: int) -> datetime:
        """6 to 16 o'clock UTC, and never in the last hour."""
        at = self.now - timedelta(minutes=minutes_ago)
        at = at.replace(hour=6 + at.hour % 10)
        return at if at < self.now - timedelta(hours=1) else at - timedelta(days=1)

    def _credential(self) -> Credential:
        row, _text = create_enrolment_token(
            "App roll-out",
            organisation_id=self.organisation.id,
            by=acting(),
            now=self.now - timedelta(days=DAYS + 9),
        )
        return row

    def _facts(self, stage: _Stage, at: datetime) -> LaunchFacts:
        machine = stage.machine
        days = DAYS - (self.now - at).total_seconds() / 86_400
        total = machine.pages + round(days * machine.a_day)
        colour = round(total * machine.colour)
        troubled = at > self.now - timedelta(days=2)
        return LaunchFacts(
            serial=machine.serial,
            model=machine.model,
            name=machine.name,
            location=machine.location,
            ip=f"192.0.2.{machine.last_octet}",
            counters=CounterFacts(
                total=total,
                black=total - colour,
                colour=colour if machine.colour else None,
                large=round(total * machine.large) if machine.large else None,
            ),
            faults=list(machine.faults) if troubled else [],
            supplies=self._supplies(machine, days),
        )

    def _supplies(self, machine: Machine, days: float) -> list[SupplyFacts]:
        names = data.SUPPLIES if machine.colour else (data.SUPPLIES[0], data.SUPPLIES[-1])
        found = []
        for number, name in enumerate(names):
            level = (machine.pages // (7 + number) + 97 - round(days * 3)) % 97 + 3
            found.append(SupplyFacts(name, level, "low" if level <= 10 else "ok"))
        return found

    def _known(self, stage: _Stage, at: datetime) -> dict[str, Any]:
        known = merge(self._facts(stage, at), {})
        return {**known, "maker": stage.machine.maker, "warning": stage.machine.warning}

    def _call(self, stage: _Stage, credential: Credential, *, at: datetime, number: int) -> None:
        """Somebody presses the button, and a technician may have dealt with it since."""
        language = self.chance.choice(stage.button.languages)
        email, ticked, message = self.chance.choice(data.CALLS[language])
        launch_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.organisation.public_id}/{number}")
        message_sent = Launch(launch_id=launch_id, badge_email=email, facts=self._facts(stage, at))
        launch = launch_printer(message_sent, credential, now=at).launch
        start(launch, now=at)
        launch.language = language
        offered = [reason.public_id for reason in stage.button.reasons]
        keep_answers(launch, email=email, message=message, reasons=[offered[n] for n in ticked])
        person = Principal(Actor.PERSON_AT_PRINTER, launch.id, email, org=self.organisation.id)
        with acting_as(person):
            request = open_request(launch, stage.button, stage.printer, now=at, mails=False)
        self._deal_with(request, at)

    def _deal_with(self, request: PanicRequest, at: datetime) -> None:
        """Older ones are done, some of this week's are in progress, the latest are new."""
        age_days = (self.now - at).total_seconds() / 86_400
        if not self.people or age_days < 1 or (age_days < 4 and self.chance.random() < 0.3):
            return
        user: User = self.chance.choice(self.people)
        by = Principal(Actor.USER, user.id, user.name, org=self.organisation.id)
        at += timedelta(minutes=self.chance.randint(10, 180))
        work.take(request, user, by=by, now=at)
        if self.chance.random() < 0.4:
            at += timedelta(minutes=self.chance.randint(5, 90))
            work.add_note(request, self.chance.choice(data.NOTES), by=by, now=at)
        if age_days > 4 or self.chance.random() < 0.4:
            at += timedelta(minutes=self.chance.randint(30, 900))
            work.complete(request, by=by, now=min(at, self.now))
