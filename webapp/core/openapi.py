"""The OpenAPI 3.1 document, made of the endpoints' descriptions and of what their access says of itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Blueprint, Flask, Response, current_app, jsonify
from werkzeug.routing import Rule

from webapp.core.access import PUBLIC, access_of, allow
from webapp.core.endpoints import Description, ProblemBody

JSON = "application/json"
PROBLEM = "application/problem+json"
PUBLIC_ID = {"type": "string", "pattern": "^[a-z0-9]{12}$"}

SECURITY = {
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
    "setup": {
        "type": "http",
        "scheme": "bearer",
        "description": "Enrolment token of one site agent, `op_agentsetup_<id>_<secret>`, good once.",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "API token of the organisation, `op_api_<id>_<secret>`.",
    },
}

bp = Blueprint("openapi", __name__)


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)


@bp.get("/api/openapi.json")
@allow(PUBLIC)
def document() -> Response:
    return jsonify(openapi(current_app))


def openapi(app: Flask) -> dict[str, Any]:
    """The document of every described endpoint."""
    described = sorted(_described(app), key=lambda one: one.path)
    structs = _structs(described)
    schemas, components = msgspec.json.schema_components(
        structs, ref_template="#/components/schemas/{name}"
    )
    refs = dict(zip(structs, schemas, strict=True))
    queries = {one.description.query for one in described if one.description.query}
    paths: dict[str, dict[str, Any]] = {}
    for one in described:
        paths.setdefault(one.path, {})[one.method] = one.operation(refs, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Outpost",
            "version": "1",
            "description": "What devices and programs say to the portal, and what it answers.",
        },
        "servers": [{"url": app.extensions["settings"].base_url}],
        "paths": paths,
        "components": {
            "schemas": {
                name: _cleaned(schema)
                for name, schema in components.items()
                if name not in {query.__name__ for query in queries}
            },
            "securitySchemes": SECURITY,
        },
    }


def _cleaned(schema: dict[str, Any]) -> dict[str, Any]:
    """A docstring of several lines without the indentation of its source."""
    words = schema.get("description")
    return {**schema, "description": inspect.cleandoc(words)} if words else schema


@dataclass(frozen=True)
class _Described:
    """One method of one path."""

    rule: Rule
    method: str
    description: Description
    access: object

    @property
    def path(self) -> str:
        return re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", self.rule.rule)

    @property
    def scheme(self) -> str | None:
        """An access may name the scheme itself, as API tokens do."""
        return getattr(self.access, "scheme", None) or self.description.security

    def operation(self, refs: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
        description = self.description
        operation: dict[str, Any] = {
            "summary": description.summary,
            "operationId": self.rule.endpoint.replace(".", "_"),
            "tags": [_tag(self.path)],
            "responses": {**self._answers(refs), **self._problems(refs[ProblemBody])},
        }
        parameters = [*self._in_path(), *self._in_query(refs, components)]
        if parameters:
            operation["parameters"] = parameters
        if description.body is not None:
            content = {JSON: {"schema": refs[description.body]}}
            operation["requestBody"] = {"required": True, "content": content}
        if self.scheme is not None:
            roles = [str(role) for role in getattr(self.access, "roles", ())]
            operation["security"] = [{self.scheme: roles}]
        return operation

    def _in_path(self) -> Iterator[dict[str, Any]]:
        for name in sorted(self.rule.arguments):
            yield {"name": name, "in": "path", "required": True, "schema": PUBLIC_ID}

    def _in_query(
        self, refs: dict[Any, Any], components: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        if self.description.query is None:
            return
        schema = components[self.description.query.__name__]
        for name, its in schema["properties"].items():
            its = dict(its)
            found = {"name": name, "in": "query", "required": name in schema["required"]}
            words = its.pop("description", None)
            yield {**found, **({"description": words} if words else {}), "schema": its}

    def _answers(self, refs: dict[Any, Any]) -> dict[str, Any]:
        etag = {"ETag": {"description": "For If-None-Match.", "schema": {"type": "string"}}}
        headers = {"headers": etag} if self.description.conditional else {}
        answers: dict[str, Any] = {
            str(status): {**_response(HTTPStatus(status).phrase, JSON, refs[struct]), **headers}
            for status, struct in self.description.answers.items()
        }
        if self.description.conditional:
            answers["304"] = {"description": HTTPStatus.NOT_MODIFIED.phrase}
        return answers

    def _problems(self, body: Any) -> dict[str, Any]:
        found = {
            str(status): _response(code, PROBLEM, body)
            for status, code in sorted(self._all_problems().items())
        }
        if "429" in found:
            wait = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
            found["429"]["headers"] = {"Retry-After": wait}
        return found

    def _all_problems(self) -> dict[int, str]:
        problems = dict(self.description.problems)
        if self.rule.arguments:
            problems |= {400: "bad_request", 404: "unknown"}
        if self.description.query is not None:
            problems |= {400: "bad_request", 422: "invalid_message"}
        if self.description.body is not None:
            problems |= {400: "invalid_json", 413: "too_large", 415: "unsupported_media_type"}
            problems[422] = "invalid_message"
        if self.scheme is not None:
            problems |= {401: "credential_invalid", 429: "too_many"}
        if getattr(self.access, "roles", ()):
            problems[403] = "not_permitted"
        return problems


def _described(app: Flask) -> Iterator[_Described]:
    for rule in app.url_map.iter_rules():
        description = getattr(app.view_functions[rule.endpoint], "__description__", None)
        if description is None:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield _Described(rule, method.lower(), description, access_of(app, rule.endpoint))


def _structs(described: list[_Described]) -> list[Any]:
    found: dict[Any, None] = {ProblemBody: None}
    for one in described:
        of = one.description
        found |= dict.fromkeys([*of.answers.values(), *filter(None, (of.body, of.query))])
    return list(found)


def _tag(path: str) -> str:
    """What the path is about: the first word after the version."""
    words = path.strip("/").split("/")
    return f"{words[0]}: {words[2] if len(words) > 2 else words[-1]}"


def _response(words: str, media_type: str, schema: Any) -> dict[str, Any]:
    return {"description": words, "content": {media_type: {"schema": schema}}}
