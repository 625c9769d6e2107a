"""The page that explains the API, made of the OpenAPI document itself: it can't say anything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.core.access import PUBLIC, allow
from webapp.core.openapi import openapi
from webapp.core.web import render
from webapp.orgs.permissions import Permission

bp = Blueprint("api_reference", __name__)

Schema = dict[str, Any]
_REF = "#/components/schemas/"


@dataclass(frozen=True)
class Field:
    """A parameter, or a member of a body. `type` names what it is; `target` is the part that describes it further."""

    name: str
    type: str
    target: str | None
    required: bool
    words: str
    default: str | None = None


@dataclass(frozen=True)
class Answer:
    status: str
    words: str
    target: str | None


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str
    summary: str
    shows: str | None
    permissions: list[str]
    parameters: list[Field]
    body: str | None
    answers: list[Answer]
    problems: list[Answer]


@dataclass(frozen=True)
class Part:
    """A named shape that bodies are made of."""

    name: str
    words: str
    fields: list[Field]


@bp.get("/api")
@allow(PUBLIC)
def page() -> Response:
    document = openapi(current_app)
    return render(
        "api/reference.html",
        groups=_groups(document),
        parts=[_part(name, schema) for name, schema in document["components"]["schemas"].items()],
        schemes=document["components"]["securitySchemes"],
        base_url=document["servers"][0]["url"],
    )


def _groups(document: Schema) -> dict[str, list[Operation]]:
    """Programs' endpoints first, then the devices', each by what it is about."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, its in methods.items():
            groups.setdefault(its["tags"][0], []).append(_operation(path, method, its))
    return groups


def _operation(path: str, method: str, its: Schema) -> Operation:
    security: Schema = next(iter(its.get("security", [{}])))
    answers = list(_answers(its["responses"]))
    return Operation(
        id=its["operationId"],
        method=method.upper(),
        path=path,
        summary=_said(its["summary"]),
        shows=next(iter(security), None),
        permissions=[_permission(role) for roles in security.values() for role in roles],
        parameters=[_parameter(p) for p in its.get("parameters", []) if p["in"] == "query"],
        body=_target(_content(its.get("requestBody") or {})),
        answers=[one for one in answers if one.status < "400"],
        problems=[one for one in answers if one.status >= "400"],
    )


def _said(words: str) -> str:
    """The document is English; the page speaks the reader's language. `bin/_translations.py` finds the texts."""
    return str(_(words)) if words else ""


def _answers(responses: Schema) -> Iterator[Answer]:
    for status, its in responses.items():
        words = _("Nothing has changed.") if status == "304" else its["description"]
        yield Answer(status, str(words), _target(_content(its)))


def _content(its: Schema) -> Schema:
    media: list[Schema] = list(its.get("content", {}).values())
    return media[0]["schema"] if media else {}


def _permission(value: str) -> str:
    return next((p.label for p in Permission if p.value == value), value)


def _parameter(its: Schema) -> Field:
    schema = its["schema"]
    default = schema.get("default")
    return Field(
        its["name"],
        _type(schema),
        _target(schema),
        its["required"],
        _said(its.get("description", "")),
        None if default in (None, "", []) else str(default),
    )


def _part(name: str, schema: Schema) -> Part:
    required = schema.get("required", [])
    fields = [
        Field(
            member, _type(its), _target(its), member in required, _said(its.get("description", ""))
        )
        for member, its in schema.get("properties", {}).items()
    ]
    values = [Field(str(v), _("value"), None, False, "") for v in schema.get("enum", [])]
    return Part(name, _said(schema.get("description", "")), fields or values)


def _target(schema: Schema) -> str | None:
    """The named part that a schema is, or is a list of."""
    for one in (schema, _items(schema), *schema.get("anyOf", ())):
        ref = one.get("$ref") or _items(one).get("$ref")
        if ref:
            return str(ref).removeprefix(_REF)
    return None


def _items(schema: Schema) -> Schema:
    """What a list is of; of one with fixed places its first."""
    its = schema.get("items") or next(iter(schema.get("prefixItems", ())), None)
    return its if isinstance(its, dict) else {}


def _type(schema: Schema) -> str:
    """In words: `text, at most 60 characters`."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    if "anyOf" in schema:
        return str(_(" or ")).join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return str(_("one of: %(values)s", values=", ".join(map(str, schema["enum"]))))
    kind = schema.get("type")
    if kind == "array":
        return str(_("list of %(what)s", what=_type(_items(schema))))
    return ", ".join([_kind(kind, schema.get("format")), *_bounds(schema)])


def _kind(kind: str | None, form: str | None) -> str:
    if form in ("date-time", "uuid"):
        return str(_("time")) if form == "date-time" else "UUID"
    words: dict[str, str] = {
        "string": _("text"),
        "integer": _("whole number"),
        "number": _("number"),
        "boolean": _("yes or no"),
        "object": _("object"),
        "null": "null",
    }
    return str(words.get(kind or "", _("anything")))


def _bounds(schema: Schema) -> Iterator[str]:
    if "minimum" in schema and "maximum" in schema:
        yield str(_("%(low)s to %(high)s", low=schema["minimum"], high=schema["maximum"]))
    elif "minimum" in schema:
        yield str(_("at least %(low)s", low=schema["minimum"]))
    if "maxLength" in schema:
        number = schema["maxLength"]
        yield ngettext("at most %(num)s character", "at most %(num)s characters", number)
