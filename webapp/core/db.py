"""The database: base class, column types, and the unit of work.

One commit a request or job. `commit()` runs the last steps (the audit chain), commits, and lets go the
effects registered meanwhile: wake-ups, doorbells. What must not be lost is a row; an effect is only its wake-up.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import structlog
from flask import Flask, current_app
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    DateTime,
    Engine,
    Identity,
    MetaData,
    Numeric,
    SmallInteger,
    Text,
    create_engine,
    event,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column, registry

log = structlog.get_logger(__name__)

Effect = Callable[[], object]
Step = Callable[[Session], None]

# Without 0/O, 1/I/L, 5/S, 8/B, 2/Z, U/V: what is read aloud or copied from paper stays what it was.
UNAMBIGUOUS = "ACDEFGHJKMNPQRTWXY34679"
MOST_DRAWN = 4096
_LETTERS = bytes(ord(UNAMBIGUOUS[value % len(UNAMBIGUOUS)]) for value in range(256))
_UNFAIR = bytes(range(256 - 256 % len(UNAMBIGUOUS), 256))


def random_code(length: int) -> str:
    """`length` characters that can't be mistaken for one another (4.5 bits each)."""
    return next(random_codes(1, length))


def random_codes(number: int, length: int) -> Iterator[str]:
    """Many at once: random bytes are drawn by the thousand. Bytes that would favour some letters are thrown away."""
    signs = b""
    for left in range(number, 0, -1):
        while len(signs) < length:
            drawn = secrets.token_bytes(min(left * length * 5 // 4 + 8, MOST_DRAWN))
            signs += drawn.translate(_LETTERS, _UNFAIR)
        yield signs[:length].decode("ascii")
        signs = signs[length:]


def new_public_id() -> str:
    """12 lower-case characters, 54 bits: names a thing in a URL, is no secret."""
    return random_code(12).lower()


def new_public_ids(number: int) -> list[str]:
    return [code.lower() for code in random_codes(number, 12)]


Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
BigInt = Annotated[int, mapped_column(BigInteger)]
SmallInt = Annotated[int, mapped_column(SmallInteger)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
PublicId = Annotated[str, mapped_column(Text, unique=True, default=new_public_id)]
Bytes = Annotated[bytes, mapped_column()]
Texts = Annotated[list[str], mapped_column(ARRAY(Text))]
SmallInts = Annotated[list[int], mapped_column(ARRAY(SmallInteger))]
Json = Annotated[dict[str, Any], mapped_column(JSONB)]

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table's base. Text is text, times are aware, ids are big."""

    metadata = MetaData(naming_convention=CONVENTION)
    registry = registry(
        metadata=metadata,
        type_annotation_map={
            str: Text,
            datetime: DateTime(timezone=True),
            Decimal: Numeric,
            dict[str, Any]: JSONB,
            list[str]: ARRAY(Text),
        },
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()


class Versioned:
    """Optimistic concurrency: a flush over a row that somebody changed meanwhile raises StaleDataError.

    A form carries the version it was filled from; `check_version` compares it before anything is set.
    """

    version: Mapped[int] = mapped_column(default=1, server_default="1")

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - SQLAlchemy hands in the class
        return {"version_id_col": cls.version}


def init_app(app: Flask) -> None:
    """Bind the database; a second, small engine serves `aside()`."""
    settings = app.extensions["settings"]
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings.web_threads)
    db.init_app(app)
    migrate.init_app(app, db, compare_type=True, compare_server_default=True)
    aside_engine = create_engine(settings.database_url, **_engine_options(2))
    app.extensions["aside_engine"] = aside_engine
    with app.app_context():
        for engine in (db.engine, aside_engine):
            event.listen(engine, "connect", _prepare_connection)


def _engine_options(pool_size: int) -> dict[str, Any]:
    return {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": 10,
        "pool_pre_ping": True,
        "connect_args": {"application_name": "outpost", "connect_timeout": 5},
    }


def _prepare_connection(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET timezone TO 'UTC'; SET lock_timeout TO '10s'; SET jit TO off")
    connection.commit()


def dispose_engines(app: Flask) -> None:
    """Called in a freshly forked child: connections must not be shared with the parent."""
    with app.app_context():
        db.engine.dispose(close=False)
    engine: Engine = app.extensions["aside_engine"]
    engine.dispose(close=False)


_last_steps: list[Step] = []


def last_before_commit(step: Step) -> Step:
    """Register a step whose statements are the last of every transaction."""
    if step not in _last_steps:
        _last_steps.append(step)
    return step


def after_commit(effect: Effect) -> None:
    """Let `effect` happen once the transaction is safe; a rollback drops it."""
    _effects(db.session()).append(effect)


def commit() -> None:
    """The one commit of a request or job: last steps, commit, effects."""
    session = db.session()
    _commit(session)


def rollback() -> None:
    """Take back everything, effects included."""
    session = db.session()
    session.rollback()
    session.info.clear()


@contextmanager
def aside() -> Iterator[Session]:
    """A second, short transaction that stands whatever becomes of the first.

    For throttle counters, security audit and form drafts only. It has a pool of its own: a thread that
    holds a connection never waits here for one that another such thread holds.
    """
    with Session(current_app.extensions["aside_engine"], expire_on_commit=False) as session:
        yield session
        _commit(session)


def _commit(session: Session) -> None:
    session.flush()
    for step in _last_steps:
        step(session)
    session.commit()
    effects = _effects(session)
    session.info.clear()
    for effect in effects:
        _let_go(effect)


def _let_go(effect: Effect) -> None:
    """An effect that fails is logged: the row it stands for is found by the next sweep."""
    try:
        effect()
    except Exception:
        log.warning("effect_failed", effect=repr(effect), exc_info=True)


def _effects(session: Session) -> list[Effect]:
    effects: list[Effect] = session.info.setdefault("effects", [])
    return effects


@contextmanager
def statement_timeout(milliseconds: int) -> Iterator[None]:
    """Statements of the block that take longer are cancelled by PostgreSQL."""
    db.session.execute(text(f"SET LOCAL statement_timeout = {int(milliseconds)}"))
    yield
    db.session.execute(text("SET LOCAL statement_timeout = 0"))


def ping() -> None:
    """Raise unless the database answers."""
    db.session.execute(select(1))
