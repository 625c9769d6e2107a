"""The web side: pages for people. What mails hold is hostile: HTML is shown only in a sandbox."""

import re
from collections.abc import Mapping

from flask import Flask, Response, abort, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as BaseResponse

from simulators.mailbox.api import create_api
from simulators.mailbox.behaviour import BadBehaviourError, Behaviour, Conduct, Mode, Stage
from simulators.mailbox.mails import Mail
from simulators.mailbox.store import Store

PAGE_SIZE = 100
VIEWS = ("html", "text", "headers", "source")
_LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
_ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 — names of "all addresses", compared with only
_URL = re.compile(r"https?://[^\s<>\"')\]]+")
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self';"
    " frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
    " style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'"
)


def create_pages(store: Store, conduct: Conduct, *, host: str) -> Flask:
    pages = Flask(__name__)
    pages.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    pages.jinja_env.filters["linked"] = linked
    pages.register_blueprint(create_api(store, conduct))
    _add_reading(pages, store, conduct)
    _add_files(pages, store)
    _add_acting(pages, store, conduct)
    pages.before_request(lambda: _refuse_strangers(host))
    pages.after_request(_harden)
    return pages


def linked(text: str) -> Markup:
    """Text with its web addresses as links, everything else escaped."""
    out, at = Markup(), 0
    for found in _URL.finditer(text):
        url = found[0].rstrip(".,;:!?")
        link = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>')
        out += escape(text[at : found.start()]) + link.format(url)
        at = found.start() + len(url)
    return out + escape(text[at:])


def _add_reading(pages: Flask, store: Store, conduct: Conduct) -> None:
    @pages.get("/")
    def index() -> str:
        found = store.find(text=request.args.get("q", "").strip())[::-1]
        page = max(request.args.get("page", 1, type=int) or 1, 1)
        return render_template(
            "index.html",
            mails=found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
            found=len(found),
            page=page,
            last_page=max(-(-len(found) // PAGE_SIZE), 1),
            kept=len(store),
            received=store.received,
            behaviour=conduct.now,
            modes=Mode,
            stages=Stage,
        )

    @pages.get("/messages/<mail_id>")
    def message(mail_id: str) -> str:
        mail = _mail(store, mail_id)
        views = [view for view in VIEWS if view != "html" or mail.html is not None]
        view = request.args.get("view", views[0])
        return render_template(
            "message.html", mail=mail, views=views, view=view if view in views else views[0]
        )

    @pages.get("/messages/<mail_id>/html")
    def html(mail_id: str) -> Response:
        answer = Response(_opening_outside(_mail(store, mail_id)), mimetype="text/html")
        answer.headers["Content-Security-Policy"] = _MAIL_POLICY
        return answer


def _add_files(pages: Flask, store: Store) -> None:
    @pages.get("/messages/<mail_id>/source.eml")
    def source(mail_id: str) -> Response:
        return _download(_mail(store, mail_id).source, f"{mail_id}.eml")

    @pages.get("/messages/<mail_id>/attachments/<int:at>")
    def attachment(mail_id: str, at: int) -> Response:
        attachments = _mail(store, mail_id).attachments
        if at >= len(attachments):
            abort(404)
        return _download(attachments[at].content, attachments[at].name)


def _add_acting(pages: Flask, store: Store, conduct: Conduct) -> None:
    @pages.post("/behaviour")
    def behave() -> tuple[str, int] | BaseResponse:
        try:
            conduct.become(Behaviour.from_json(_form_behaviour(request.form)))
        except (BadBehaviourError, ValueError) as error:
            return render_template("refused.html", why=str(error)), 422
        return redirect(url_for("index", _anchor="behaviour"))

    @pages.post("/clear")
    def clear() -> BaseResponse:
        store.clear()
        return redirect(url_for("index"))

    @pages.errorhandler(404)
    def missing(_error: Exception) -> tuple[str, int]:
        return render_template("refused.html", why="There is no such mail, or it is gone."), 404


def _form_behaviour(form: Mapping[str, str]) -> dict[str, object]:
    """The fields of the form as the API takes them; empty ones are absent."""
    given: dict[str, object] = {
        name: form[name] for name in ("mode", "stage", "to") if form.get(name)
    }
    try:
        if form.get("seconds"):
            given["seconds"] = float(form["seconds"])
        if form.get("count"):
            given["count"] = int(form["count"])
    except ValueError:
        raise BadBehaviourError("seconds and count are numbers") from None
    return given


def _mail(store: Store, mail_id: str) -> Mail:
    mail = store.get(mail_id)
    if mail is None:
        abort(404)
    return mail


def _opening_outside(mail: Mail) -> str:
    """The mail's HTML; its links open in a window of their own, since the frame shows nothing else."""
    base, html = '<base target="_blank">', mail.html_with_images()
    placed, count = re.subn(r"(?i)(<head(?:\s[^>]*)?>)", rf"\1{base}", html, count=1)
    return placed if count else base + html


def _download(content: bytes, name: str) -> Response:
    """Never shown by the browser, whatever it is."""
    answer = Response(content, mimetype="application/octet-stream")
    safe = re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII)[-100:] or "attachment"
    answer.headers["Content-Disposition"] = f'attachment; filename="{safe}"'
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def _refuse_strangers(host: str) -> tuple[str, int] | None:
    """No other site may read (DNS rebinding) or act (forged forms) through the visitor's browser."""
    named = re.sub(r":\d+$", "", request.host)
    if host not in _ANYWHERE and named not in _LOCAL_HOSTS | {host, f"[{host}]"}:
        return "This mailbox answers under its own address only.", 421
    acting = request.method not in ("GET", "HEAD", "OPTIONS")
    if acting and request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return "Another site sent this form: refused.", 403
    return None


def _harden(answer: Response) -> Response:
    answer.headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if not request.path.startswith("/static/"):
        answer.headers["Cache-Control"] = "no-store"
    return answer
