"""What the import engine is told about meters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.tenancy import unscoped
from webapp.imports.models import Import
from webapp.imports.subjects import Context, Fault, Row, Same, Sealing, Subject, Values
from webapp.meters import keyring
from webapp.meters.envelope import NONCE_BYTES, Binding, DataKey
from webapp.meters.events import MeterEvent
from webapp.meters.imports import making, weakness
from webapp.meters.imports.checks import MAKER, Types, check, mbus_key
from webapp.meters.imports.columns import FIELDS, is_like_a_key
from webapp.meters.models import ClaimState, Delivery, KeyOrigin
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission

MOST_KEYS: Final = 3
_ID_BYTES: Final = 8
_OPTIONS = {"synchronize_session": False}


class MeterFile(Subject):
    """What both kinds of files of meters share."""

    permission = Permission.METERS_EDIT
    fields = FIELDS
    named_by = "serial"
    state: ClaimState
    origin: KeyOrigin

    @abstractmethod
    def receiver_id(self, context: Context) -> int:
        """Whose the devices become."""

    def stock_id(self, context: Context) -> int | None:
        """Where equal keys are looked for: in one organisation, or everywhere."""
        return self.receiver_id(context)

    def look_at_heading(self, header: Sequence[str]) -> None:
        if any(is_like_a_key(name) for name in header):
            words = _("The first line holds a key. It must name the columns: add such a line.")
            raise Refusal(words, field="file")

    def check(self, rows: Sequence[Row], context: Context) -> Iterator[Fault]:
        faults = list(check(rows, Types.all_active()))
        faulty = {fault.line for fault in faults if not fault.is_warning}
        yield from faults
        sound = [row for row in rows if row.line not in faulty]
        yield from weakness.warn(sound, organisation_id=self.stock_id(context))

    def make(self, rows: Sequence[Row], context: Context) -> Sequence[int]:
        return making.make(
            rows,
            Types.all_active(),
            organisation_id=self.receiver_id(context),
            now=context.now,
            delivery_id=self.delivery_id(context),
            state=self.state,
            origin=self.origin,
        )

    def delivery_id(self, context: Context) -> int | None:
        return None

    def used(self, ids: Sequence[int], context: Context) -> Mapping[int, str]:
        return making.used(ids, organisation_id=self.receiver_id(context), state=self.state)

    def unmake(self, ids: Sequence[int], context: Context) -> None:
        making.unmake(ids)

    @cached_property
    def sames(self) -> tuple[Same, ...]:
        words = _l("The same key stands in line %(line)s already.")
        shared = [Same(None, _nth_print(n), is_warning=True, words=words) for n in range(MOST_KEYS)]
        return (
            Same("serial", _serial_key),
            Same("dev_eui", lambda values: values.get("dev_eui")),
            Same("mbus_id", lambda values: mbus_key(dict(values))),
            *shared,
        )

    @property
    def keeper(self) -> str:
        return keyring.KEEPER

    def sealer(self, context: Context) -> Sealing:
        data_key_id, data_key = keyring.active_data_key(context.organisation_id)
        beginning = data_key_id.to_bytes(_ID_BYTES, "big")

        def seal(plain: bytes, bound: str) -> bytes:
            nonce, sealed = data_key.seal(_binding(bound), plain)
            return beginning + nonce + sealed

        return seal

    def unsealer(self, context: Context) -> Sealing:
        known: dict[int, DataKey] = {}

        def unseal(sealed: bytes, bound: str) -> bytes:
            data_key_id = int.from_bytes(sealed[:_ID_BYTES], "big")
            if data_key_id not in known:
                known.update(keyring.data_keys([data_key_id]))
            nonce, rest = sealed[_ID_BYTES:][:NONCE_BYTES], sealed[_ID_BYTES + NONCE_BYTES :]
            return known[data_key_id].unseal(_binding(bound), nonce, rest)

        return unseal


def _binding(bound: str) -> Binding:
    return Binding(bound, "import", "staged")


def _serial_key(values: Values) -> str | None:
    """Unique per maker."""
    return f"{values[MAKER]}/{values['serial']}" if values.get(MAKER) else None


def _nth_print(n: int) -> Any:
    def of(values: Values) -> str | None:
        prints: list[str] = sorted(set(values.get(weakness.PRINTS) or ()))
        return prints[n] if n < len(prints) else None

    return of


class OwnMeters(MeterFile):
    """Devices with keys that an organisation has already: claimed at once."""

    name = "meters"
    label = _l("Meters with keys")
    state = ClaimState.CLAIMED
    origin = KeyOrigin.IMPORT

    def receiver_id(self, context: Context) -> int:
        return context.organisation_id

    def committed(self, row: Import, context: Context) -> None:
        _note(MeterEvent.IMPORTED, row, row.organisation_id)

    def place(self) -> tuple[str, dict[str, Any]]:
        return "meters.meters", {}


class Deliveries(MeterFile):
    """From the maker to an organisation, by the operator: unclaimed until somebody there claims them."""

    name = "deliveries"
    label = _l("Factory delivery")
    for_operator = True
    state = ClaimState.UNCLAIMED
    origin = KeyOrigin.DELIVERY

    def receiver_id(self, context: Context) -> int:
        return int(context.parameters["receiver"])

    def stock_id(self, context: Context) -> int | None:
        return None

    def delivery_id(self, context: Context) -> int | None:
        """The delivery's row comes with its first devices; a receiver that has closed meanwhile gets none."""
        row = _delivery_of(context.import_id)
        if row is not None:
            return row.id
        receiver = _organisation(self.receiver_id(context))
        if receiver.closed_at is not None:
            raise Refusal(_("%(name)s was closed meanwhile.", name=receiver.name), status=409)
        with unscoped("a delivery of the operator's"):
            row = Delivery(
                public_id=context.import_id,
                from_organisation_id=context.organisation_id,
                to_organisation_id=receiver.id,
                format=context.parameters["format"],
                file_name=context.file_name,
                state="arriving",
                committed_at=context.now,
                by=context.parameters["by"],
            )
            db.session.add(row)
            db.session.flush()
        return row.id

    def committed(self, row: Import, context: Context) -> None:
        self._settle(row, {"state": "committed", "committed_at": context.now, "devices": row.made})
        for organisation_id in (self.receiver_id(context), row.organisation_id):
            _note(MeterEvent.DELIVERED, row, organisation_id)

    def taken_back(self, row: Import, context: Context) -> None:
        """What came into use in between stays, and the delivery with it."""
        delivery = _delivery_of(row.public_id)
        if delivery is None:
            return
        if row.kept:
            self._settle(row, {"state": "committed", "devices": row.kept})
        else:
            self._settle(row, {"state": "undone", "undone_at": context.now})
        if row.committed_at is not None:
            for organisation_id in (delivery.to_organisation_id, row.organisation_id):
                _note(MeterEvent.DELIVERY_UNDONE, row, organisation_id)

    def _settle(self, row: Import, values: dict[str, Any]) -> None:
        with unscoped("a delivery of the operator's"):
            db.session.execute(
                update(Delivery)
                .where(Delivery.public_id == row.public_id)
                .values(import_id=row.id, **values),
                execution_options=_OPTIONS,
            )

    def place(self) -> tuple[str, dict[str, Any]]:
        return "deliveries.deliveries", {}

    def page(self, row: Import) -> tuple[str, dict[str, Any]]:
        return "deliveries.delivery", {"public_id": row.public_id}


def _delivery_of(import_id: str) -> Delivery | None:
    with unscoped("a delivery of the operator's"):
        return db.session.scalars(
            select(Delivery).where(Delivery.public_id == import_id),
            execution_options={"populate_existing": True},
        ).one_or_none()


def _organisation(organisation_id: int) -> Organisation:
    with unscoped("the receiver of a delivery"):
        return db.session.scalars(
            select(Organisation).where(Organisation.id == organisation_id)
        ).one()


def _note(event: MeterEvent, row: Import, organisation_id: int) -> None:
    audit.record(
        event,
        organisation_id=organisation_id,
        kind="delivery" if row.subject == Deliveries.name else "import",
        id=row.public_id,
        label=row.file_name,
        detail={"devices": row.made or row.rows - row.faulty},
    )
