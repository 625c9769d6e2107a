"""Pictures and colours of panic pages: addresses that name their content, so that a panel fetches each once.

No session and no cookie. A picture's address holds its file's id and 32 digits of its content's hash: who doesn't
have the page can't guess it.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, abort, g, request
from sqlalchemy import select

from webapp.core.access import PUBLIC, allow
from webapp.core.db import db
from webapp.core.files import File
from webapp.core.tenancy import unscoped
from webapp.printers.content.colours import sheet
from webapp.printers.models import PanicImage
from webapp.printers.panic.blueprint import bp

FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class PicturePath:
    """`@allow(PICTURE)`: the address itself is the right to see the picture."""

    def enforce(self) -> None:
        values = request.view_args or {}
        statement = (
            select(File)
            .join(PanicImage, PanicImage.file_id == File.id)
            .where(File.public_id == values["file_id"])
        )
        with unscoped("whose picture is this"):
            file = db.session.scalar(statement)
            if file is None or (file.sha256 or b"").hex()[:32] != values["name"].partition(".")[0]:
                abort(404)
            g.picture = (file.content, file.media_type)


PICTURE = PicturePath()


@bp.get("/pictures/<file_id>/<name>")
@allow(PICTURE)
def picture(file_id: str, name: str) -> Response:
    content, media_type = g.picture
    return _kept(Response(content, mimetype=media_type))


@bp.get("/colours/<name>.css")
@allow(PUBLIC)
def colours(name: str) -> Response:
    """A sheet made of its own name: four colours."""
    return _kept(Response(sheet(name) or abort(404), mimetype="text/css"))


def _kept(response: Response) -> Response:
    response.headers["Cache-Control"] = FOR_GOOD
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
