"""Batches that are being put together: what was typed and the files that were read, kept through every error (K-11).

A hundred thousand serials don't travel with the form: each file, and a paste too long for a text field, is a list on
the server. Drafts are written aside, so that a refused form keeps them; a week after the last change they go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import IO, Any

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import ARRAY, ForeignKey, Index, LargeBinary, Text, delete, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, deferred, mapped_column, relationship

from webapp.core.clock import utcnow
from webapp.core.db import Base, BigInt, Id, Instant, Json, PublicId, aside, commit, db
from webapp.core.drains import sweep
from webapp.core.exports import keep_back
from webapp.core.personal import DELETE, not_personal, personal
from webapp.core.tenancy import Owned, unscoped
from webapp.meters import batches, serials
from webapp.meters.batches import MOST_SERIALS, Report
from webapp.meters.reading.rows import FileError
from webapp.meters.reading.serial_files import ALL_CELLS, ColumnNeeded, read_serials
from webapp.meters.sentences import Sentence
from webapp.meters.serials import SerialList

KEPT = timedelta(days=7)
MOST_TYPED = 1_000
"""More serials than these don't stay in the text field."""
MOST_FILES = 20
MOST_FILE_BYTES = 12 * 1024 * 1024
MOST_FAULTS = 500


class BatchDraft(Owned, Base):
    """The form as it was sent last. `chosen`: serial → maker's code, where several have one of that serial."""

    __tablename__ = "batch_drafts"
    __table_args__ = (Index(None, "changed_at"), Index(None, "user_id", "id"))

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    reference: Mapped[str] = mapped_column(default="")
    receiver: Mapped[str] = mapped_column(default="")
    needs_confirmation: Mapped[bool] = mapped_column(default=False)
    label: Mapped[str] = mapped_column(default="")
    typed: Mapped[str] = mapped_column(default="")
    chosen: Mapped[Json] = mapped_column(default=dict)
    batch_public_id: Mapped[str | None]
    changed_at: Mapped[Instant]

    lists: Mapped[list[BatchDraftList]] = relationship(
        order_by="BatchDraftList.id", cascade="all, delete-orphan", passive_deletes=True
    )


class BatchDraftList(Owned, Base):
    """A file or a long paste. While its column must be chosen it has `columns` and its `content`."""

    __tablename__ = "batch_draft_lists"
    __table_args__ = (Index(None, "draft_id", "id"),)

    id: Mapped[Id]
    draft_id: Mapped[BigInt] = mapped_column(ForeignKey("batch_drafts.id", ondelete="CASCADE"))
    name: Mapped[str]
    number: Mapped[int] = mapped_column(default=0)
    serials: Mapped[list[str]] = deferred(mapped_column(ARRAY(Text), default=list))
    faults: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    more_faults: Mapped[int] = mapped_column(default=0)
    columns: Mapped[list[Any] | None] = mapped_column(JSONB)
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))

    @property
    def needs_column(self) -> bool:
        return self.columns is not None

    @property
    def sentences(self) -> list[tuple[int, str]]:
        """Line and what is wrong there, in the present language."""
        return [(line, str(Sentence.from_json(stored))) for line, stored in self.faults]

    def fill(self, read: SerialList) -> None:
        self.serials = [*read.serials, *read.duplicates]
        self.number = len(read.serials)
        self.faults = [[f.line, f.sentence.as_json()] for f in read.faults[:MOST_FAULTS]]
        self.more_faults = max(0, len(read.faults) - MOST_FAULTS)
        self.columns = self.content = None


keep_back(
    BatchDraft, why="half-filled forms of at most a week; what was made of them is in batches"
)
keep_back(BatchDraftList, why="serial numbers of half-filled forms of at most a week")
personal(
    BatchDraft,
    "user_id",
    gives="reference changed_at",
    of=lambda who: BatchDraft.user_id == who.id,
    erase=DELETE,
)
not_personal(BatchDraftList, "name", why="a file's name")


@dataclass(kw_only=True)
class Sent:
    """What came with the form; `columns`: list id → column, `remove`: the list to take away."""

    reference: str
    receiver: str
    needs_confirmation: bool
    label: str
    typed: str
    one: str = ""
    files: Sequence[tuple[str, IO[bytes]]] = ()
    columns: dict[int, int] = field(default_factory=dict)
    remove: int | None = None
    problems: dict[str, list[str]] = field(default_factory=dict)
    """Filled by `stage`: field → what is wrong with what was sent."""

    def refuse(self, name: str, words: str) -> None:
        self.problems.setdefault(name, []).append(words)


def stage(
    sent: Sent, draft_id: str | None, *, organisation_id: int, user_id: int, now: datetime
) -> str:
    """Keep what came, whatever becomes of the request; the draft's public id."""
    with aside() as session:
        draft = _locked(session, draft_id, user_id) if draft_id else None
        if draft is None:
            draft = BatchDraft(organisation_id=organisation_id, user_id=user_id, changed_at=now)
            session.add(draft)
        draft.reference, draft.receiver = sent.reference[:100], sent.receiver[:40]
        draft.label, draft.needs_confirmation = sent.label[:100], sent.needs_confirmation
        draft.changed_at = now
        _keep_typed(draft, sent)
        _choose_columns(draft, sent)
        _keep_files(draft, sent)
        _remove(draft, sent)
        session.flush()
        return draft.public_id


def _locked(session: Session, public_id: str, user_id: int) -> BatchDraft | None:
    wanted = select(BatchDraft).where(
        BatchDraft.public_id == public_id, BatchDraft.user_id == user_id
    )
    return session.scalars(wanted.with_for_update()).one_or_none()


def _keep_typed(draft: BatchDraft, sent: Sent) -> None:
    typed = sent.typed.strip()
    if sent.one.strip():
        try:
            one = serials.normalise(sent.one, single=True)
        except serials.SerialError as error:
            sent.refuse("one", str(error))
        else:
            typed = f"{typed}\n{one}" if typed else one
            sent.one = ""
    if sum(1 for _piece in serials.split(typed)) > MOST_TYPED:
        _add(draft, _("Pasted"), serials.read_list(typed), sent, "serials")
        typed = ""
    draft.typed = sent.typed = typed


def _keep_files(draft: BatchDraft, sent: Sent) -> None:
    for name, stream in sent.files[:MOST_FILES]:
        try:
            _add(draft, name, read_serials(stream), sent, "files")
        except ColumnNeeded as needed:
            stream.seek(0)
            draft.lists.append(
                BatchDraftList(
                    organisation_id=draft.organisation_id,
                    name=name,
                    columns=[column[:60] for column in needed.columns],
                    content=stream.read(),
                )
            )
        except FileError as error:
            sent.refuse("files", f"{name}: {error}")
    if len(sent.files) > MOST_FILES:
        sent.refuse("files", _("At most %(most)s files at once.", most=MOST_FILES))


def _add(draft: BatchDraft, name: str, read: SerialList, sent: Sent, source: str) -> None:
    """A list with more than a batch can hold is not kept."""
    if len(read.serials) > MOST_SERIALS:
        words = _(
            "%(name)s holds %(number)s serial numbers; a batch holds at most %(most)s.",
            name=name,
            number=len(read.serials),
            most=MOST_SERIALS,
        )
        sent.refuse(source, words)
        return
    if not read.serials and not read.faults:
        sent.refuse(source, _("%(name)s holds no serial number.", name=name))
        return
    row = BatchDraftList(organisation_id=draft.organisation_id, name=name)
    row.fill(read)
    draft.lists.append(row)


def _choose_columns(draft: BatchDraft, sent: Sent) -> None:
    for row in draft.lists:
        column = sent.columns.get(row.id)
        if not row.needs_column or column is None:
            continue
        if not ALL_CELLS <= column < len(row.columns or ()):
            continue
        try:
            read = read_serials(BytesIO(row.content or b""), column=column)
        except FileError as error:
            sent.refuse("files", f"{row.name}: {error}")
            continue
        if len(read.serials) > MOST_SERIALS:
            words = _(
                "%(name)s holds more than %(most)s serial numbers.",
                name=row.name,
                most=MOST_SERIALS,
            )
            sent.refuse("files", words)
            continue
        row.fill(read)


def _remove(draft: BatchDraft, sent: Sent) -> None:
    if sent.remove is not None:
        draft.lists[:] = [row for row in draft.lists if row.id != sent.remove]


def get(public_id: str, *, user_id: int, lock: bool = False) -> BatchDraft:
    """One's own draft; 404 for anybody else's."""
    wanted = select(BatchDraft).where(
        BatchDraft.public_id == public_id, BatchDraft.user_id == user_id
    )
    found: BatchDraft | None = db.session.scalar(
        wanted.with_for_update() if lock else wanted,
        execution_options={"populate_existing": True},
    )
    if found is None:
        abort(404)
    return found


@dataclass(frozen=True)
class Contents:
    """All serials of a draft in their order, with their repetitions, and the pieces that are no serials."""

    serials: list[str]
    faults: list[tuple[str, int, str]]
    """Source, line, what is wrong."""
    more_faults: int
    columns_missing: list[str]

    @property
    def number(self) -> int:
        return len(set(self.serials))


def contents(draft: BatchDraft) -> Contents:
    typed = serials.read_list(draft.typed)
    faults = [("", fault.line, str(fault.sentence)) for fault in typed.faults]
    for row in draft.lists:
        faults += [(row.name, line, words) for line, words in row.sentences]
    return Contents(
        [*typed.serials, *typed.duplicates, *_of_lists(draft.lists)],
        faults,
        sum(row.more_faults for row in draft.lists),
        [row.name for row in draft.lists if row.needs_column],
    )


def count(draft: BatchDraft) -> int:
    """How many different serials."""
    return contents(draft).number


def _of_lists(rows: Iterable[BatchDraftList]) -> list[str]:
    return [serial for row in rows for serial in row.serials]


def check(draft: BatchDraft, held: Contents) -> Report:
    return batches.check(held.serials, chosen=draft.chosen)


def choose_makers(draft: BatchDraft, chosen: dict[str, str]) -> None:
    draft.chosen = {**draft.chosen, **chosen}
    draft.changed_at = utcnow()


def done(draft: BatchDraft, batch_public_id: str) -> None:
    """The batch is made: sent again, the form leads to it; the lists are not needed any more."""
    draft.batch_public_id, draft.typed = batch_public_id, ""
    draft.lists.clear()


def discard(draft: BatchDraft) -> None:
    db.session.delete(draft)


@sweep("batch_drafts", every_seconds=3600)
def remove_old() -> None:
    """Drafts that nobody touched for a week."""
    with unscoped("sweep of drafts of batches"):
        db.session.execute(delete(BatchDraft).where(BatchDraft.changed_at < utcnow() - KEPT))
        commit()
