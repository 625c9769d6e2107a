"""Pages and fragments: one template serves both. Every URL answers a plain browser with a whole page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from htmx_flask import Htmx
from jinja2_fragments.flask import render_block
from werkzeug.wrappers import Response as BaseResponse

from webapp.core import db as database

htmx = Htmx()


class Portal(Flask):
    """Flask with one commit a request: the answer leaves only when the work is safe."""

    def dispatch_request(self) -> ResponseReturnValue:
        response = self.make_response(super().dispatch_request())
        if response.status_code < 400:
            database.commit()
        else:
            database.rollback()
        return response


def init_app(app: Flask) -> None:
    htmx.init_app(app)
    app.before_request(_refuse_nul)


def is_fragment() -> bool:
    """True when htmx asks for a part of a page. htmx 4 says so in `HX-Request-Type`."""
    return request.headers.get("HX-Request-Type") == "partial"


def render(
    template: str, *, block: str | None = None, status: int = 200, **context: Any
) -> Response:
    """The whole page, or for htmx only `block` of the same template."""
    if block is not None and is_fragment():
        body = render_block(template, block, **context)
    else:
        body = render_template(template, **context)
    response = Response(body, status)
    response.headers["Vary"] = "HX-Request-Type, Cookie"
    return response


def see_other(url: str) -> BaseResponse:
    """303: the action is done, look there. A fragment is told to load the whole page."""
    if is_fragment():
        return Response(status=200, headers={"HX-Redirect": url})
    return redirect(url, 303)


def address_of(endpoint: str, **values: Any) -> str:
    """A page's whole address, from the settings and not from the request's `Host`; also in jobs."""
    return f"{current_app.extensions['settings'].base_url}{path_of(endpoint, **values)}"


def path_of(endpoint: str, **values: Any) -> str:
    """A page's path, also in jobs and commands, where there is no request."""
    return current_app.url_map.bind("portal").build(endpoint, values)


def local_target(value: str | None, default: str) -> str:
    """A path of this portal from a form or query, never another site."""
    if not value or not value.startswith("/") or value.startswith(("//", "/\\")):
        return default
    parts = urlsplit(value)
    return default if parts.scheme or parts.netloc or "\\" in value else value


def _refuse_nul() -> None:
    """PostgreSQL can't store NUL in text, and nobody types it."""
    values = [request.path]
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        for key, items in request.form.lists():
            values.extend((key, *items))
    if any("\x00" in value for value in values) or b"%00" in request.query_string:
        abort(400)
