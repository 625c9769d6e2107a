"""`/technical-information`: open to everybody, since who runs the firewall has no account here."""

from __future__ import annotations

from flask import Blueprint, Response, current_app
from flask_babel import gettext as _

from webapp.core.access import PUBLIC, allow
from webapp.core.web import render
from webapp.devices.technical import Chapter, Flow, Portal, as_text, chapters, register

bp = Blueprint("technical", __name__)


@bp.get("/technical-information")
@allow(PUBLIC)
def technical_information() -> Response:
    found = chapters(current_app.extensions["settings"])
    return render("devices/technical.html", chapters=found, text=as_text(found))


@bp.get("/technical-information.txt")
@allow(PUBLIC)
def technical_text() -> Response:
    text = as_text(chapters(current_app.extensions["settings"]))
    return Response(text, mimetype="text/plain")


def browsers(portal: Portal) -> Chapter:
    """What people's own machines need, and how the portal's mails are known."""
    sender = current_app.extensions["settings"].mail_from
    return Chapter(
        _("People's browsers"),
        [
            Flow(
                _("each browser"),
                portal.host,
                portal.port,
                portal.protocol,
                _("pages of the portal"),
            )
        ],
        _("Nothing is loaded from other hosts. Mails come from %(sender)s.", sender=sender),
    )


register("browsers", browsers, order=10)
