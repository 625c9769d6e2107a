"""Keys of many devices: a file written by long work, sealed under the organisation's data key, for its maker (K-23)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, delete, select

from webapp.activities.kinds import DownloadKind, register
from webapp.core.activities import LEASE_SECONDS, Activity, activity, start
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.drains import sweep
from webapp.core.errors import NotPermitted, Refusal
from webapp.core.files import MIB, File
from webapp.core.jobs import prolong
from webapp.core.large_files import append, begin, complete
from webapp.core.tenancy import unscoped
from webapp.meters import keyring
from webapp.meters.downloads import devices, leaving, receivers
from webapp.meters.downloads.choices import Choice
from webapp.meters.downloads.models import KeyExport
from webapp.meters.formats import FORMATS, Device, Options
from webapp.meters.models import ReceiverKey
from webapp.meters.sentences import Sentence
from webapp.orgs.access import administrators_of, current_organisation, permissions_here
from webapp.orgs.permissions import Permission

KIND = "download_keys"
OFFERED = timedelta(hours=24)
KEPT = timedelta(days=30)
MOST_IN_ONE_JWE = 200_000
"""One encrypted file is made in memory: 200 bytes a device."""
SEALED_STEP = 1_000
"""Half a millisecond for each JWE."""
MOST_NAMED = 1_000
SHOWN = 20


def begin_download(
    meter_ids: Sequence[int], choice: Choice, *, organisation_id: int, now: datetime
) -> Activity:
    """Have the keys of these claimed meters written into a file of whoever acts."""
    if choice.receiver and not choice.per_device and len(meter_ids) > MOST_IN_ONE_JWE:
        raise Refusal(
            _(
                "One encrypted file holds at most %(most)s devices. Choose one message a device.",
                most=MOST_IN_ONE_JWE,
            ),
            field="protection",
        )
    export = KeyExport(
        organisation_id=organisation_id,
        meter_ids=devices.in_order(meter_ids),
        form=choice.form.id,
        options=asdict(choice.options),
        receiver_key_id=choice.receiver.id if choice.receiver else None,
        per_device=choice.per_device,
        left_ids=[],
        left_out=[],
        created_at=now,
    )
    db.session.add(export)
    db.session.flush()
    return start(
        KIND,
        title=_("Download keys"),
        organisation_id=organisation_id,
        now=now,
        total=len(export.meter_ids),
        parameters={"export": export.id},
    )


def _export_of(work: Activity) -> Select[KeyExport]:
    return select(KeyExport).where(KeyExport.id == work.parameters["export"])


def _drop(work: Activity) -> None:
    """A half-written file goes."""
    export = db.session.scalar(_export_of(work))
    if export is not None and export.file_id is not None:
        db.session.execute(delete(File).where(File.id == export.file_id))
        export.file_id = None


@activity(KIND, cancelled=_drop)
def write_some(work: Activity) -> bool:
    """Devices sealed one by one take a step a thousand; any other file is written in one go, with progress.

    Its format has a beginning and an end (a heading, a directory), so whoever takes over begins anew.
    """
    export = db.session.scalars(_export_of(work)).one()
    choice = _choice(export)
    if choice.per_device:
        return _seal_some(work, export, choice)
    return _write_all(work, export, choice)


def _seal_some(work: Activity, export: KeyExport, choice: Choice) -> bool:
    file = _file(export) or _new_file(work, export, choice)
    some = export.meter_ids[work.finished : work.finished + SEALED_STEP]
    append(file, b"".join(choice.write(_opened(some, export, choice), _ignore)))
    work.finished += len(some)
    if work.finished < len(export.meter_ids):
        return False
    return _complete(work, export, file)


def _write_all(work: Activity, export: KeyExport, choice: Choice) -> bool:
    _drop(work)
    work.finished, export.left_ids, export.left_out = 0, [], []
    file = _new_file(work, export, choice)
    buffer = bytearray()
    for chunk in choice.write(_with_progress(work, export, choice), _ignore):
        buffer += chunk
        if len(buffer) >= MIB:
            append(file, bytes(buffer))
            buffer.clear()
    append(file, bytes(buffer))
    return _complete(work, export, file)


def _with_progress(work: Activity, export: KeyExport, choice: Choice) -> Iterator[Device]:
    """All devices; what is written so far is committed after each step."""
    for begun in range(0, len(export.meter_ids), devices.STEP):
        some = export.meter_ids[begun : begun + devices.STEP]
        yield from _opened(some, export, choice)
        work.finished = begun + len(some)
        prolong(work, seconds=LEASE_SECONDS, now=utcnow())
        commit()
        asked = select(Activity.cancel_asked_at).where(Activity.id == work.id)
        if db.session.scalar(asked) is not None:
            _drop(work)
            commit()
            raise Refusal(_("Cancelled"))


def _opened(ids: Sequence[int], export: KeyExport, choice: Choice) -> Iterator[Device]:
    """Those that are still claimed and that the format can carry, keys open; the others are noted."""
    found = devices.claimed(ids)
    reasons = [(meter, choice.form.refusal(meter.with_kinds)) for meter in found]
    carried = [meter for meter, reason in reasons if reason is None]
    left = set(ids) - {meter.id for meter in carried}
    if left:
        export.left_ids = [*export.left_ids, *sorted(left)]
        named = [[m.device.serial, *reason.as_json()] for m, reason in reasons if reason]
        export.left_out = [*export.left_out, *named][:MOST_NAMED]
    return devices.with_values(carried)


def _ignore(_device: Device, _why: Sentence) -> None:
    """What a format can't carry was left out before its keys were opened."""


def _complete(work: Activity, export: KeyExport, file: File) -> bool:
    if len(export.left_ids) == len(export.meter_ids):
        reason = _reasons(export)
        db.session.execute(delete(File).where(File.id == file.id))
        commit()
        raise Refusal(" ".join([_("The format can carry none of these devices."), *reason[:1]]))
    complete(file)
    file.expires_at = utcnow() + OFFERED
    work.file_id = file.id
    work.result = {"lines": _lines(export)}
    return True


def _lines(export: KeyExport) -> list[str]:
    left = len(export.left_ids)
    carried = len(export.meter_ids) - left
    lines = [
        ngettext("%(num)s device is in the file.", "%(num)s devices are in the file.", carried)
    ]
    if left:
        lines.append(
            ngettext("%(num)s device was left out.", "%(num)s devices were left out.", left)
        )
    return [*lines, *_reasons(export)]


def _reasons(export: KeyExport) -> list[str]:
    """The first ones by serial number."""
    named = [
        f"{serial}: {Sentence.from_json([code, params])}"
        for serial, code, params in export.left_out[:SHOWN]
    ]
    more = len(export.left_ids) - len(named)
    if named and more:
        named.append(ngettext("and %(num)s more", "and %(num)s more", more))
    return named


def _new_file(work: Activity, export: KeyExport, choice: Choice) -> File:
    now = utcnow()
    file = begin(
        kind=KIND,
        name=choice.file_name("keys", now),
        media_type=choice.media_type.partition(";")[0],
        organisation_id=work.organisation_id,
        created_by=work.by,
        now=now,
        for_user_id=work.user_id,
        expires_at=now + OFFERED,
        keeper=keyring.KEEPER,
    )
    export.file_id = file.id
    return file


def _file(export: KeyExport) -> File | None:
    return db.session.scalar(select(File).where(File.id == export.file_id))


def _choice(export: KeyExport) -> Choice:
    receiver = None
    if export.receiver_key_id is not None:
        receiver = db.session.scalars(
            select(ReceiverKey).where(ReceiverKey.id == export.receiver_key_id)
        ).one()
    options = Options(**export.options)
    return Choice(FORMATS[export.form], options, receiver, per_device=export.per_device)


def fetched(file: File) -> None:
    """Asked for each fetch, before the first byte: may this person still, and are the devices still here?"""
    if Permission.KEYS_DOWNLOAD not in permissions_here():
        raise NotPermitted(Permission.KEYS_DOWNLOAD, administrators_of(current_organisation()))
    export = db.session.scalars(select(KeyExport).where(KeyExport.file_id == file.id)).one_or_none()
    if export is None:
        raise Refusal(_("This file is no longer offered. Make a new download."), status=410)
    if export.receiver_key_id is None and receivers.required():
        raise Refusal(
            _("Your organisation requires that keys leave encrypted. Make a new download."),
            status=409,
        )
    ids = export.carried_ids
    leaving.check_still_ours(ids)
    leaving.note(
        ids,
        _choice(export).shown_form,
        organisation_id=file.organisation_id,
        now=utcnow(),
        activity_id=_activity_of(file),
    )


def _activity_of(file: File) -> int | None:
    return db.session.scalar(select(Activity.id).where(Activity.file_id == file.id))


register(DownloadKind(KIND, _l("Keys of meters"), fetched))


@sweep("key_exports", every_seconds=3600)
def remove_old() -> None:
    """What was asked for goes with the activity that it belonged to."""
    with unscoped("sweep of old downloads"):
        db.session.execute(delete(KeyExport).where(KeyExport.created_at < utcnow() - KEPT))
        commit()
