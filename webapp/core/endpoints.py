"""JSON endpoints for devices and programs: msgspec structs check the input and write the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from flask import Blueprint, Flask, Response, current_app, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.core.access import PUBLIC, allow
from webapp.core.errors import Problem

S = TypeVar("S", bound=msgspec.Struct)
View = Callable[..., Any]

_encoder = msgspec.json.Encoder()


class ProblemBody(msgspec.Struct, rename={"kind": "type"}):
    """RFC 9457 problem details; `code` is stable, `detail` is for people."""

    kind: str
    title: str
    status: int
    detail: str
    code: str


@dataclass(frozen=True)
class Description:
    """What an endpoint takes and answers; the OpenAPI document is made of these."""

    summary: str
    answers: dict[int, type[msgspec.Struct]]
    body: type[msgspec.Struct] | None = None
    problems: dict[int, str] = field(default_factory=dict)
    security: str | None = None
    max_bytes: int = 64 * 1024


def endpoint(description: Description) -> Callable[[View], View]:
    """Decode and check the body, hand it to the view as `message`, encode what the view returns.

    The view returns a struct (status 200) or `(struct, status)`. Bad input: 400 when it is no JSON,
    413 too long, 422 with the place in the message otherwise.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def speak(**kwargs: Any) -> Response:
            if description.body is not None:
                kwargs["message"] = _decoded(description.body, description.max_bytes)
            return _encoded(view(**kwargs))

        speak.__description__ = description  # type: ignore[attr-defined]
        return speak

    return wrap


def _decoded(struct: type[S], max_bytes: int) -> S:
    if request.mimetype != "application/json" or request.content_encoding not in (None, "identity"):
        raise Problem(415, "unsupported_media_type", "Send plain application/json.")
    body = _body(max_bytes)
    try:
        message = msgspec.json.decode(body, type=struct)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        raise _invalid(where.strip("`").removeprefix("$").removeprefix("."), what) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "invalid_json", f"The body is not JSON: {error}.") from error
    if b"\\u0000" in body and any("\x00" in s for s in _strings(msgspec.to_builtins(message))):
        raise _invalid("", "a text holds a NUL character")
    return message


def _body(max_bytes: int) -> bytes:
    if (request.content_length or 0) > max_bytes:
        raise _too_large(max_bytes)
    request.max_content_length = max_bytes
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise _too_large(max_bytes) from error


def _too_large(max_bytes: int) -> Problem:
    return Problem(
        413, "too_large", f"The message is longer than {max_bytes} bytes.", max_bytes=max_bytes
    )


def _invalid(where: str, message: str) -> Problem:
    detail = f"{message} at {where}" if where else message
    return Problem(422, "invalid_message", detail, errors=[{"where": where, "message": message}])


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(key)
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)


def _encoded(result: Any) -> Response:
    answer, status = result if isinstance(result, tuple) else (result, 200)
    response = Response(_encoder.encode(answer), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


bp = Blueprint("api", __name__)


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)


@bp.get("/api/openapi.json")
@allow(PUBLIC)
def openapi_document() -> Response:
    return jsonify(openapi(current_app))


def openapi(app: Flask) -> dict[str, Any]:
    """The OpenAPI 3.1 document of every described endpoint."""
    described = sorted(_described(app), key=lambda item: item[0])
    structs: list[Any] = [ProblemBody]
    for _path, _method, description in described:
        structs.extend(description.answers.values())
        structs.extend([description.body] if description.body else [])
    schemas, components = msgspec.json.schema_components(
        structs, ref_template="#/components/schemas/{name}"
    )
    refs = dict(zip(structs, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for path, method, description in described:
        paths.setdefault(path, {})[method] = _operation(description, refs, path)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Outpost",
            "version": "1",
            "description": "What devices and programs say to the portal, and what it answers.",
        },
        "servers": [{"url": current_app.extensions["settings"].base_url}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SECURITY},
    }


_SECURITY = {
    "enrolment": {
        "type": "http",
        "scheme": "bearer",
        "description": "Enrolment token of the organisation, `op_enrol_<id>_<secret>`.",
    },
    "device": {
        "type": "http",
        "scheme": "bearer",
        "description": "The device's own credential, `op_<kind>_<id>_<secret>`.",
    },
}


def _described(app: Flask) -> Iterator[tuple[str, str, Description]]:
    for rule in app.url_map.iter_rules():
        description = getattr(app.view_functions[rule.endpoint], "__description__", None)
        if description is None:
            continue
        path = rule.rule.replace("<", "{").replace(">", "}")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield path, method.lower(), description


def _operation(description: Description, refs: dict[Any, Any], path: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": description.summary,
        "operationId": path.strip("/").replace("/", "_"),
        "responses": {
            **{
                str(status): _response(HTTPStatus(status).phrase, "application/json", refs[struct])
                for status, struct in description.answers.items()
            },
            **{
                str(status): _response(words, "application/problem+json", refs[ProblemBody])
                for status, words in sorted(_all_problems(description).items())
            },
        },
    }
    if description.body is not None:
        content = {"application/json": {"schema": refs[description.body]}}
        operation["requestBody"] = {"required": True, "content": content}
    if description.security is not None:
        operation["security"] = [{description.security: []}]
    return operation


def _all_problems(description: Description) -> dict[int, str]:
    problems = dict(description.problems)
    if description.body is not None:
        problems |= {400: "invalid_json", 413: "too_large", 422: "invalid_message"}
    if description.security is not None:
        problems[401] = "credential_invalid"
    return problems


def _response(words: str, media_type: str, schema: Any) -> dict[str, Any]:
    return {"description": words, "content": {media_type: {"schema": schema}}}
