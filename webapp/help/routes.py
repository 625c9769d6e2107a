"""`/help`: public. Each page asks whether it was helpful; `/operator/help` shows what readers said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from sqlalchemy import delete, func, select
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import Length

from webapp.accounts.access import OPERATOR
from webapp.accounts.sessions import address_here
from webapp.core.access import PUBLIC, allow
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.forms import PortalForm, stripped
from webapp.core.jobs import sweep
from webapp.core.preferences import LANGUAGE_NAMES, language
from webapp.core.throttle import Limit, take
from webapp.core.web import render, see_other
from webapp.help.models import HelpVote
from webapp.help.topics import Article, article, articles, search, topic_of

bp = Blueprint("help", __name__)

VOTES = Limit("help-votes", tries=20, window_seconds=3600)
KEPT = timedelta(days=400)
NOTES_SHOWN = 50


class VoteForm(PortalForm):
    note = TextAreaField(
        _("What is missing or wrong?"),
        [Length(max=500, message=_("At most %(max)d characters, please."))],
        filters=[stripped],
    )


@bp.get("/help")
@allow(PUBLIC)
def index() -> ResponseReturnValue:
    query = request.args.get("q", "").strip()[:100]
    found = search(query, language()) if query else articles(language())
    return render("help/index.html", block="hits", articles=found, query=query)


@bp.get("/help/<topic>")
@allow(PUBLIC)
def page(topic: str) -> ResponseReturnValue:
    return _page(_article(topic), VoteForm(formdata=None))


@bp.post("/help/<topic>/votes")
@allow(PUBLIC)
def vote(topic: str) -> ResponseReturnValue:
    found, form = _article(topic), VoteForm()
    answer = request.form.get("helpful")
    if answer not in ("yes", "no"):
        abort(400)
    if not form.validate():
        return _page(found, form, status=422)
    take(VOTES, address_here())
    db.session.add(
        HelpVote(
            page=topic,
            language=found.language,
            helpful=answer == "yes",
            note=form.note.data or None,
            at=utcnow(),
        )
    )
    cookie["judged"] = [*_judged(), topic][-len(articles("en")) :]
    return see_other(f"{url_for('help.page', topic=topic)}#vote")


def _page(found: Article, form: VoteForm, *, status: int = 200) -> Response:
    return render(
        "help/page.html",
        article=found,
        others=[one for one in articles(language()) if one.topic != found.topic],
        form=form,
        has_voted=found.topic in _judged(),
        status=status,
    )


def _article(topic: str) -> Article:
    return article(topic, language()) or abort(404)


def _judged() -> list[str]:
    return list(cookie.get("judged", []))


@bp.get("/operator/help")
@allow(OPERATOR)
def votes() -> ResponseReturnValue:
    """By page and language, the least helpful first; the latest notes."""
    yes = func.count().filter(HelpVote.helpful)
    no = func.count().filter(~HelpVote.helpful)
    rows = db.session.execute(
        select(HelpVote.page, HelpVote.language, yes.label("yes"), no.label("no"))
        .group_by(HelpVote.page, HelpVote.language)
        .order_by(no.desc(), HelpVote.page, HelpVote.language)
    ).all()
    notes = db.session.scalars(
        select(HelpVote)
        .where(HelpVote.note.is_not(None))
        .order_by(HelpVote.at.desc(), HelpVote.id.desc())
        .limit(NOTES_SHOWN)
    ).all()
    return render("help/votes.html", rows=rows, notes=notes, title_of=_title, names=LANGUAGE_NAMES)


def _title(topic: str) -> str:
    found = article(topic, language())
    return found.title if found else topic


def help_url() -> str:
    """Where "Help" leads from the present page: its topic, else the index."""
    topic = topic_of(request.endpoint or "")
    target: dict[str, Any] = {"topic": topic} if topic else {}
    return url_for("help.page" if topic else "help.index", **target)


@sweep("help_votes_retention", every_seconds=24 * 3600)
def forget_old() -> None:
    db.session.execute(delete(HelpVote).where(HelpVote.at < utcnow() - KEPT))
    commit()
