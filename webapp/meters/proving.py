"""Proving keys (K-25): whose telegram is it, and does the stored key open it? The key itself is never shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.audit import log as audit
from webapp.core.db import commit, db
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.throttle import Limit, take
from webapp.meters import notes, opening
from webapp.meters.events import MeterEvent
from webapp.meters.kinds import KeyKind
from webapp.meters.models import ClaimState, Meter
from webapp.meters.sentences import Sentence
from webapp.meters.telegrams import (
    JoinRequest,
    Proof,
    Telegram,
    TelegramError,
    Verdict,
    describe,
    fitting,
    prove,
    read,
    read_upload,
)

MOST = 200
"""Telegrams in one go."""
LARGEST_FILE = 1 << 20
BY_PERSON = Limit("prove-key", tries=60, window_seconds=600)


@dataclass(frozen=True)
class Tried:
    """One telegram and what came of it. `fault`: it could not be read; `meter`: the device of ours it is from."""

    number: int
    fault: Sentence | None = None
    header: Sequence[tuple[str, str]] = ()
    meter: Meter | None = None
    kind: KeyKind | None = None
    proof: Proof | None = field(default=None, repr=False)

    @property
    def words(self) -> str:
        """The verdict in a sentence."""
        if self.fault is not None:
            return str(self.fault)
        if self.meter is None:
            return str(_("This is none of your claimed devices."))
        if self.proof is None:
            return str(_("The device has no key that could belong to this telegram."))
        return str(self.proof.reason)


def telegrams_in(text: str, upload: bytes = b"") -> list[Telegram | TelegramError]:
    """One telegram, or one a line; a file may also hold the bytes of one."""
    lines = [line for line in text.splitlines() if line.strip()]
    if upload:
        lines += _lines_of(upload)
    if len(lines) > MOST:
        raise Refusal(_("At most %(most)s telegrams in one go.", most=MOST), field="telegrams")
    if not lines and not upload:
        raise Refusal(str(Sentence("telegram_empty")), field="telegrams")
    found: list[Telegram | TelegramError] = [_read(line) for line in lines]
    if len(found) > 1 and all(isinstance(each, TelegramError) for each in found):
        found = (
            [whole] if not isinstance(whole := _read("\n".join(lines)), TelegramError) else found
        )
    if upload and not _lines_of(upload):
        found.append(_read_bytes(upload))
    return found


def _lines_of(upload: bytes) -> list[str]:
    """Nothing for a file of raw bytes."""
    if len(upload) > LARGEST_FILE:
        raise Refusal(_("The file is too large: at most %(number)s MB.", number=1), field="file")
    try:
        text = upload.decode("utf-8-sig")
    except UnicodeDecodeError:
        return []
    if not all(character.isprintable() or character.isspace() for character in text):
        return []
    return [line for line in text.splitlines() if line.strip()]


def _read(line: str) -> Telegram | TelegramError:
    try:
        return read(line)
    except TelegramError as error:
        return error


def _read_bytes(raw: bytes) -> Telegram | TelegramError:
    try:
        return read_upload(raw)
    except TelegramError as error:
        return error


def try_all(found: Sequence[Telegram | TelegramError], *, organisation_id: int) -> list[Tried]:
    """Each telegram with the claimed device that it is from; written to the log before anything is shown."""
    take(BY_PERSON, acting().kind, acting().id)
    meters = _meters_of([t for t in found if not isinstance(t, TelegramError)])
    values = opening.current_values({m.id for some in meters.values() for m in some})
    tried = [
        Tried(number, fault=telegram.sentence)
        if isinstance(telegram, TelegramError)
        else _try(number, telegram, meters.get(_identity(telegram), []), values)
        for number, telegram in enumerate(found, 1)
    ]
    _note(tried, organisation_id)
    commit()
    return tried


def _try(
    number: int,
    telegram: Telegram,
    meters: Sequence[Meter],
    values: opening.Values,
) -> Tried:
    """The first device and key that opens it, else the first that was tried."""
    header = describe(telegram)
    first: Tried | None = None
    for meter in meters:
        keys = values.get(meter.id, {})
        for kind in fitting(telegram, list(keys)):
            tried = Tried(number, None, header, meter, kind, prove(telegram, keys[kind]))
            if tried.proof and tried.proof.verdict is not Verdict.WRONG_KEY:
                return tried
            first = first or tried
    return first or Tried(number, None, header, meters[0] if meters else None)


Identity = tuple[str, str]


def _identity(telegram: Telegram) -> Identity:
    if isinstance(telegram, JoinRequest):
        return "", telegram.dev_eui
    return telegram.address.maker, telegram.address.id


def _meters_of(found: Sequence[Telegram]) -> dict[Identity, list[Meter]]:
    """The claimed devices in scope with these addresses; the same version first."""
    euis = {t.dev_eui for t in found if isinstance(t, JoinRequest)}
    numbers = {t.address.id for t in found if not isinstance(t, JoinRequest)}
    rows = db.session.scalars(
        select(Meter)
        .where(Meter.claim_state == ClaimState.CLAIMED)
        .where(Meter.dev_eui.in_(euis) | Meter.mbus_id.in_(numbers))
        .order_by(Meter.id)
    )
    by_identity: dict[Identity, list[Meter]] = {}
    for meter in rows:
        if meter.dev_eui in euis:
            by_identity.setdefault(("", str(meter.dev_eui)), []).append(meter)
        if meter.mbus_id in numbers:
            key = (str(meter.mbus_maker), str(meter.mbus_id))
            by_identity.setdefault(key, []).append(meter)
    return by_identity


def _note(tried: Sequence[Tried], organisation_id: int) -> None:
    """Which devices, and how often the key fitted. Neither the telegram nor its readings."""
    serials = {t.meter.serial for t in tried if t.meter is not None}
    if not serials:
        return
    audit.record(
        MeterEvent.KEY_PROVED,
        organisation_id=organisation_id,
        kind="meters",
        id=len(serials),
        label=min(serials) if len(serials) == 1 else "",
        detail={
            "telegrams": len(tried),
            "opened": sum(1 for t in tried if t.proof is not None and t.proof.opens),
            **notes.of_many(serials),
        },
    )
