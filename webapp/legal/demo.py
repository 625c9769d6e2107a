"""Short texts of our own for a demonstration. A production portal begins without any: they are not legal advice."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from webapp.core.db import db
from webapp.legal.markup import clean
from webapp.legal.models import LegalKind, LegalText
from webapp.settings import LANGUAGES

SAMPLES = Path(__file__).parent / "samples"


def seed(*, now: datetime) -> None:
    """Publish the first edition of each text, unless there is one of any kind."""
    if db.session.scalar(select(LegalText.id).limit(1)) is not None:
        return
    for language in LANGUAGES:
        for kind, body in samples(language).items():
            db.session.add(
                LegalText(
                    kind=kind,
                    language=language,
                    edition=1,
                    body=clean(body),
                    valid_from=now,
                    created_at=now,
                    published_at=now,
                    published_by="demo",
                )
            )


def samples(language: str) -> dict[LegalKind, str]:
    """The sections of the language's file, each begun by a comment that names its kind."""
    whole = (SAMPLES / f"{language}.html").read_text()
    _nothing, *parts = re.split(r"<!-- (\w+) -->\n", whole)
    return {LegalKind(kind): body for kind, body in zip(parts[::2], parts[1::2], strict=True)}
