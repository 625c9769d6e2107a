"""What a visitor is told when something can't be done.

`Refusal` is what the user can mend; `Problem` its sibling for machines; everything else rises, is logged
once with context and shows a page that says what to do.
"""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, render_template, request
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError, default_exceptions
from werkzeug.wrappers import Response as BaseResponse

log = structlog.get_logger(__name__)


class Refusal(Exception):
    """The user can mend it. `field` is the form's field it belongs to, if one."""

    def __init__(self, message: object, *, field: str | None = None, status: int = 422) -> None:
        super().__init__(str(message))
        self.message = str(message)
        self.field = field
        self.status = status


class Problem(HTTPException):
    """An answer for machines, RFC 9457 `application/problem+json`. `code` is ours and stable."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: object,
        *,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(str(detail))
        self.code = status
        self.problem_code = code
        self.extra = extra
        self.headers = headers or {}


class NotPermitted(Exception):
    """Signed in and at home here, but without the permission; the page names it and who could give it."""

    def __init__(self, permission: object, administrators: list[str]) -> None:
        super().__init__(str(permission))
        self.permission = permission
        self.administrators = administrators


class TooMany(Exception):
    """Throttled: 429 with the time to wait, in seconds."""

    def __init__(self, wait_seconds: int, message: object = "") -> None:
        super().__init__(str(message))
        self.wait_seconds = max(1, wait_seconds)
        self.message = str(message)


STATUS_CODES = {
    400: "bad_request",
    401: "credential_invalid",
    403: "not_permitted",
    404: "unknown",
    405: "method_not_allowed",
    409: "conflict",
    410: "gone",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_message",
    429: "too_many",
    500: "internal_error",
    503: "unavailable",
}


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Refusal, _answer_refusal)
    app.register_error_handler(NotPermitted, _answer_not_permitted)
    app.register_error_handler(TooMany, answer_too_many)
    app.register_error_handler(StaleDataError, _answer_conflict)
    app.register_error_handler(OperationalError, _answer_unavailable)
    app.register_error_handler(PoolTimeout, _answer_unavailable)


def forget_visitor() -> None:
    """For pages shown while the database is away: nobody is asked who is signed in."""
    g._login_user = AnonymousUserMixin()
    g.database_away = True


def speaks_json() -> bool:
    """Devices and API clients are answered in problem+json, whatever they say they accept."""
    return request.path.startswith(("/device/", "/api/"))


def _answer_http(error: HTTPException) -> BaseResponse:
    if error.response is not None:
        return error.get_response()
    status = error.code or 500
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        log.error("request_failed", endpoint=request.endpoint, exc_info=error.original_exception)
    if isinstance(error, Problem):
        return _problem(status, error.problem_code, error.description, error.headers, error.extra)
    if speaks_json():
        code = STATUS_CODES.get(status, "error")
        return _problem(status, code, _words(error), _allowed(error), {})
    return _page(status, headers=_allowed(error), message=_words(error))


def _allowed(error: HTTPException) -> dict[str, str]:
    """405 says which methods there are (RFC 9110)."""
    methods = getattr(error, "valid_methods", None)
    return {"Allow": ", ".join(sorted(methods))} if methods else {}


def _words(error: HTTPException) -> str:
    """Werkzeug's own English sentences stay out of pages; what a view said itself is shown."""
    standard = default_exceptions.get(error.code or 500)
    said = error.description or ""
    return "" if standard is not None and said == standard.description else said


def _answer_refusal(error: Refusal) -> BaseResponse:
    if speaks_json():
        return _problem(
            error.status, STATUS_CODES.get(error.status, "refused"), error.message, {}, {}
        )
    return _page(error.status, message=error.message)


def _answer_not_permitted(error: NotPermitted) -> BaseResponse:
    if speaks_json():
        return _problem(403, "not_permitted", f"needs {error.permission}", {}, {})
    return _page(403, permission=error.permission, administrators=error.administrators)


def answer_too_many(error: TooMany) -> Response:
    headers = {"Retry-After": str(error.wait_seconds)}
    if speaks_json():
        detail = error.message or f"Too many tries; wait {error.wait_seconds} s."
        return _problem(429, "too_many", detail, headers, {"wait_seconds": error.wait_seconds})
    return _page(429, headers=headers, wait_seconds=error.wait_seconds, message=error.message)


def _answer_conflict(_error: StaleDataError) -> BaseResponse:
    message = _(
        "Somebody changed this while you were editing. Load the page anew and repeat your change."
    )
    if speaks_json():
        return _problem(409, "conflict", message, {}, {})
    return _page(409, message=message)


def _answer_unavailable(error: Exception) -> BaseResponse:
    forget_visitor()
    log.error("database_unavailable", endpoint=request.endpoint, error=str(error).split("\n")[0])
    if speaks_json():
        return _problem(
            503, "unavailable", "The portal can't reach its database.", {"Retry-After": "5"}, {}
        )
    return _page(503, headers={"Retry-After": "5"})


def _problem(
    status: int, code: str, detail: str | None, headers: dict[str, str], extra: dict[str, Any]
) -> Response:
    body = {
        "type": f"/docs/problems#{code}",
        "title": code.replace("_", " "),
        "status": status,
        "detail": detail or code.replace("_", " "),
        "code": code,
        **extra,
    }
    answer = jsonify(body)
    answer.status_code = status
    answer.headers.extend(headers)
    answer.content_type = "application/problem+json"
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


PAGES = (400, 403, 404, 409, 410, 413, 422, 429, 500, 503)


def _page(status: int, *, headers: dict[str, str] | None = None, **context: Any) -> Response:
    name = status if status in PAGES else (400 if status < 500 else 500)
    g.error_status = status
    answer = Response(render_template(f"errors/{name}.html", status=status, **context), status)
    answer.headers.extend(headers or {})
    return answer
