"""JSON endpoints for devices and programs: msgspec structs check the input and describe it (`core.openapi`)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, wraps
from hashlib import sha256
from typing import Any, TypeVar

import msgspec
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

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
    """What an endpoint takes and answers; the OpenAPI document is made of these.

    `query` is a struct of the URL's parameters; a list is a parameter that may be repeated. `conditional`: the
    answer has an ETag, and If-None-Match is answered with 304. `gzip`: the body may be compressed; `max_bytes` holds
    for what it becomes.
    """

    summary: str
    answers: dict[int, type[msgspec.Struct]]
    body: type[msgspec.Struct] | None = None
    problems: dict[int, str] = field(default_factory=dict)
    security: str | None = None
    max_bytes: int = 64 * 1024
    query: type[msgspec.Struct] | None = None
    conditional: bool = False
    gzip: bool = False


@dataclass(frozen=True)
class Tagged:
    """An answer whose ETag is known without its content; `answer` None: whoever asks has it already."""

    tag: str
    answer: msgspec.Struct | None


def endpoint(description: Description) -> Callable[[View], View]:
    """Check the input, hand it to the view as `message` (body) and `query`, encode what the view returns.

    The view returns a struct (status 200) or `(struct, status)`. Bad input: 400 when it is no JSON,
    413 too long, 422 with the place in the message otherwise.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def speak(**kwargs: Any) -> Response:
            if description.query is not None:
                kwargs["query"] = _queried(description.query)
            if description.body is not None:
                kwargs["message"] = _decoded(
                    description.body, description.max_bytes, gzip=description.gzip
                )
            result = view(**kwargs)
            if isinstance(result, Tagged):
                return _tagged(result)
            answer = _encoded(result)
            return _conditional(answer) if description.conditional else answer

        speak.__description__ = description  # type: ignore[attr-defined]
        return speak

    return wrap


def _queried(struct: type[S]) -> S:
    """The URL's parameters; one that isn't known is refused, so that a mistyped filter is not overlooked."""
    repeated = _repeated(struct)
    values: dict[str, Any] = {}
    for name, given in request.args.lists():
        if name not in repeated and len(given) > 1:
            raise _invalid(name, "the parameter is given more than once")
        values[name] = given if name in repeated else given[0]
    try:
        return msgspec.convert(values, type=struct, strict=False)
    except msgspec.ValidationError as error:
        raise _misfit(error) from error


@cache
def _repeated(struct: type[msgspec.Struct]) -> frozenset[str]:
    """The names of the parameters that may be given several times."""
    described = msgspec.inspect.type_info(struct)
    assert isinstance(described, msgspec.inspect.StructType)  # noqa: S101 - a query is a struct
    return frozenset(f.encode_name for f in described.fields if _is_list(f.type))


def _is_list(described: msgspec.inspect.Type) -> bool:
    while isinstance(described, msgspec.inspect.Metadata):
        described = described.type
    return isinstance(described, msgspec.inspect.ListType)


def _decoded(struct: type[S], max_bytes: int, *, gzip: bool) -> S:
    encoding = request.content_encoding or "identity"
    if request.mimetype != "application/json" or encoding not in ("identity", "gzip")[: 1 + gzip]:
        raise Problem(415, "unsupported_media_type", "Send plain application/json.")
    body = _body(max_bytes)
    if encoding == "gzip":
        body = _inflated(body, max_bytes)
    try:
        message = msgspec.json.decode(body, type=struct)
    except msgspec.ValidationError as error:
        raise _misfit(error) from error
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


def _inflated(body: bytes, max_bytes: int) -> bytes:
    """Never more than `max_bytes`, whatever the few bytes that came would become."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        found = unpacker.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise Problem(400, "invalid_gzip", "The body is not gzip, as its header says.") from error
    if len(found) > max_bytes:
        raise _too_large(max_bytes)
    if not unpacker.eof:
        raise Problem(400, "invalid_gzip", "The body ends in the middle of its gzip stream.")
    return found


def _too_large(max_bytes: int) -> Problem:
    return Problem(
        413, "too_large", f"The message is longer than {max_bytes} bytes.", max_bytes=max_bytes
    )


def _misfit(error: msgspec.ValidationError) -> Problem:
    what, _, where = str(error).partition(" - at ")
    return _invalid(where.strip("`").removeprefix("$").removeprefix("."), what)


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


def _tagged(result: Tagged) -> Response:
    answer = Response(status=304) if result.answer is None else _encoded(result.answer)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(result.tag)
    return answer


def _conditional(answer: Response) -> Response:
    """With an ETag over the bytes; whoever has them already is answered 304."""
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(sha256(answer.get_data()).hexdigest()[:32])
    return answer.make_conditional(request)  # type: ignore[return-value]
